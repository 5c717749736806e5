// The unary functions.
#include "kernels/map.h"

#include "kernels/f32_fill.h"
#include "kernels/unary_f32.h"

namespace thimble {
namespace {

// y = f(x, alpha)
template <class Op>
void unary(const float* x, float* y, int64_t n, float alpha) {
  const F a = set1(alpha);
  for_runs(n, [&](int64_t i, auto run) { store(y + i, Op::f(load(x + i, run), a), run); });
}

template <class Op>
void unary_d(const float* x, float* y, int64_t n, float) {
  for_halves(n, [&](int64_t i, int64_t count) { store_d(y + i, Op::f(load_d(x + i, count)), count); });
}

}  // namespace

void THIMBLE_FILL(map)(MapKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  const auto set = [&](UnaryFn fn, auto f) { table.unary_f32[static_cast<int>(fn)] = f; };
  set(UnaryFn::copy, unary<Copy>);
  set(UnaryFn::relu, unary<Relu>);
  set(UnaryFn::relu6, unary<Relu6>);
  set(UnaryFn::relu_n1_to_1, unary<ReluN1To1>);
  set(UnaryFn::leaky_relu, unary<LeakyRelu>);
  set(UnaryFn::elu, unary<Elu>);
  set(UnaryFn::selu, unary<Selu>);
  set(UnaryFn::gelu, unary_d<Tails<Gelu>>);
  set(UnaryFn::gelu_tanh, unary_d<Tails<GeluTanh>>);
  set(UnaryFn::silu, unary_d<Tails<Silu>>);
  set(UnaryFn::mish, unary_d<Tails<Mish>>);
  set(UnaryFn::softplus, unary_d<Softplus>);
  set(UnaryFn::softsign, unary<Softsign>);
  set(UnaryFn::sigmoid, unary<Sigmoid>);
  set(UnaryFn::tanh, unary<Tanh>);
  set(UnaryFn::exp, unary<Exp>);
  set(UnaryFn::log, unary<Log>);
  set(UnaryFn::sqrt, unary<Sqrt>);
  set(UnaryFn::rsqrt, unary<Rsqrt>);
  set(UnaryFn::neg, unary<Neg>);
  set(UnaryFn::abs, unary<Abs>);
  set(UnaryFn::square, unary<Square>);
  set(UnaryFn::hard_sigmoid, unary<HardSigmoid>);
  set(UnaryFn::hard_swish, unary<HardSwish>);
  set(UnaryFn::reciprocal, unary<Reciprocal>);
  set(UnaryFn::sign, unary<Sign>);
  set(UnaryFn::floor, unary<Floor>);
  set(UnaryFn::ceil, unary<Ceil>);
  set(UnaryFn::round, unary<Round>);
  set(UnaryFn::sin, unary_d<Sin>);
  set(UnaryFn::cos, unary_d<Cos>);
  THIMBLE_FILL(map_convert)(table);
}

}  // namespace thimble
