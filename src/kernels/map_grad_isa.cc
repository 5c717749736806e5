// The gradients of the unary functions and of a clamp, and dropout.
#include "kernels/f32_fill.h"
#include "kernels/map.h"
#include "kernels/unary_f32.h"

namespace thimble {
namespace {

// dx = dy·f'(x)
template <class Op>
void grad_x(const float* x, const float*, const float* dy, float* dx, int64_t n, float alpha) {
  const F a = set1(alpha);
  for_runs(n, [&](int64_t i, auto run) { store(dx + i, Op::df(load(x + i, run), load(dy + i, run), a), run); });
}
// dx = dy·f' from y
template <class Op>
void grad_y(const float*, const float* y, const float* dy, float* dx, int64_t n, float alpha) {
  const F a = set1(alpha);
  for_runs(n, [&](int64_t i, auto run) { store(dx + i, Op::df(load(y + i, run), load(dy + i, run), a), run); });
}
// dx = dy·f' from both
template <class Op>
void grad_xy(const float* x, const float* y, const float* dy, float* dx, int64_t n, float alpha) {
  const F a = set1(alpha);
  for_runs(n, [&](int64_t i, auto run) {
    store(dx + i, Op::df(load(x + i, run), load(y + i, run), load(dy + i, run), a), run);
  });
}
void grad_zero(const float*, const float*, const float*, float* dx, int64_t n, float) {
  for_runs(n, [&](int64_t i, auto run) { store(dx + i, F{}, run); });
}

template <class Op>
void grad_d(const float* x, const float*, const float* dy, float* dx, int64_t n, float) {
  for_halves(n, [&](int64_t i, int64_t count) {
    store_d(dx + i, load_d(dy + i, count) * Op::df(load_d(x + i, count)), count);
  });
}

void clamp_grad_f32(const float* y, const float* dy, float* dx, int64_t n, float lo, float hi) {
  const F low = set1(lo), high = set1(hi);
  for_runs(n, [&](int64_t i, auto run) {
    const F v = load(y + i, run);
    store(dx + i, select((v > low) & (v < high), load(dy + i, run), F{}), run);
  });
}

// A block of hashes first (8 at a time, a vector of 64-bit integers), then the selection.
void dropout_f32(const float* x, float* y, int64_t begin, int64_t end, uint64_t key, uint32_t threshold, float scale) {
  constexpr int64_t kBlock = 256, kGroups = kBlock / 4;
  typedef uint64_t W __attribute__((vector_size(64)));  // NOLINT
  typedef uint16_t H16 __attribute__((vector_size(2 * kLanes)));
  W lanes;
  for (int l = 0; l < 8; ++l) lanes[l] = static_cast<uint64_t>(4 * l) * 0x9e3779b97f4a7c15ull;
  for (int64_t at = begin; at < end; at += kBlock) {
    uint64_t hashes[kGroups];
    for (int64_t g = 0; g < kGroups; g += 8) {
      W h = lanes + (key + static_cast<uint64_t>(at + 4 * g) * 0x9e3779b97f4a7c15ull);
      h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ull;
      h = (h ^ (h >> 27)) * 0x94d049bb133111ebull;
      h ^= h >> 31;
      __builtin_memcpy(hashes + g, &h, sizeof h);
    }
    const auto* draws = reinterpret_cast<const unsigned char*>(hashes);
    for_runs(end - at < kBlock ? end - at : kBlock, [&](int64_t i, auto run) {
      H16 draw;
      __builtin_memcpy(&draw, draws + 2 * i, sizeof draw);
      const I keep = __builtin_convertvector(draw, I) >= static_cast<int32_t>(threshold);
      store(y + at + i, select(keep, load(x + at + i, run) * scale, F{}), run);
    });
  }
}

}  // namespace

void THIMBLE_FILL(map_grad)(MapKernels& table) {
  const auto set = [&](UnaryFn fn, auto df) { table.unary_grad_f32[static_cast<int>(fn)] = df; };
  set(UnaryFn::copy, grad_x<Copy>);
  set(UnaryFn::relu, grad_x<Relu>);
  set(UnaryFn::relu6, grad_x<Relu6>);
  set(UnaryFn::relu_n1_to_1, grad_x<ReluN1To1>);
  set(UnaryFn::leaky_relu, grad_x<LeakyRelu>);
  set(UnaryFn::elu, grad_xy<Elu>);
  set(UnaryFn::selu, grad_xy<Selu>);
  set(UnaryFn::gelu, grad_d<Tails<Gelu>>);
  set(UnaryFn::gelu_tanh, grad_d<Tails<GeluTanh>>);
  set(UnaryFn::silu, grad_d<Tails<Silu>>);
  set(UnaryFn::mish, grad_d<Tails<Mish>>);
  set(UnaryFn::softplus, grad_d<Softplus>);
  set(UnaryFn::softsign, grad_x<Softsign>);
  set(UnaryFn::sigmoid, grad_y<Sigmoid>);
  set(UnaryFn::tanh, grad_y<Tanh>);
  set(UnaryFn::exp, grad_y<Exp>);
  set(UnaryFn::log, grad_x<Log>);
  set(UnaryFn::sqrt, grad_y<Sqrt>);
  set(UnaryFn::rsqrt, grad_y<Rsqrt>);
  set(UnaryFn::neg, grad_x<Neg>);
  set(UnaryFn::abs, grad_x<Abs>);
  set(UnaryFn::square, grad_x<Square>);
  set(UnaryFn::hard_sigmoid, grad_x<HardSigmoid>);
  set(UnaryFn::hard_swish, grad_x<HardSwish>);
  set(UnaryFn::reciprocal, grad_y<Reciprocal>);
  set(UnaryFn::sign, grad_zero);
  set(UnaryFn::floor, grad_zero);
  set(UnaryFn::ceil, grad_zero);
  set(UnaryFn::round, grad_zero);
  set(UnaryFn::sin, grad_d<Sin>);
  set(UnaryFn::cos, grad_d<Cos>);
  table.clamp_grad_f32 = clamp_grad_f32;
  table.dropout_f32 = dropout_f32;
}

}  // namespace thimble
