// The unary functions and their gradients.
#include "kernels/map.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"
#include "kernels/vec_double.h"
#include "kernels/vec_math.h"

namespace thimble {
namespace {

constexpr float kSeluScale = 1.05070098f, kSeluAlpha = 1.67326324f;

// y = f(x, alpha)
template <class Op>
void unary(const float* x, float* y, int64_t n, float alpha) {
  const F a = set1(alpha);
  for_runs(n, [&](int64_t i, auto run) { store(y + i, Op::f(load(x + i, run), a), run); });
}
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
void unary_d(const float* x, float* y, int64_t n, float) {
  for_halves(n, [&](int64_t i, int64_t count) { store_d(y + i, Op::f(load_d(x + i, count)), count); });
}
template <class Op>
void grad_d(const float* x, const float*, const float* dy, float* dx, int64_t n, float) {
  for_halves(n, [&](int64_t i, int64_t count) {
    store_d(dx + i, load_d(dy + i, count) * Op::df(load_d(x + i, count)), count);
  });
}
// The ends of functions whose tails are flat: x limited to where f(x) is 0, or x, in float.
template <class Op>
struct Tails {
  static D f(D x) { return Op::f(select(x < -1000.0, set1d(-1000.0), x)); }
  static D df(D x) { return Op::df(clamp(x, -200.0, 200.0)); }
};

THIMBLE_INLINE F relu6_of(F x) { return clamp(x, F{}, set1(6.0f)); }

#define THIMBLE_F(expression) \
  static F f([[maybe_unused]] F x, [[maybe_unused]] F a) { return expression; }
// df's first argument is x for grad_x and y for grad_y
#define THIMBLE_DX(expression) \
  static F df([[maybe_unused]] F x, F dy, [[maybe_unused]] F a) { return expression; }
#define THIMBLE_DY(expression) \
  static F df([[maybe_unused]] F y, F dy, [[maybe_unused]] F a) { return expression; }
#define THIMBLE_DXY(expression) \
  static F df([[maybe_unused]] F x, [[maybe_unused]] F y, F dy, [[maybe_unused]] F a) { return expression; }

struct Copy {
  THIMBLE_F(x)
  THIMBLE_DX(dy)
};
struct Relu {
  THIMBLE_F(greater(F{}, x))
  THIMBLE_DX(select(x > 0.0f, dy, F{}))
};
struct Relu6 {
  THIMBLE_F(relu6_of(x))
  THIMBLE_DX(select((x > 0.0f) & (x < 6.0f), dy, F{}))
};
struct ReluN1To1 {
  THIMBLE_F(clamp(x, set1(-1.0f), set1(1.0f)))
  THIMBLE_DX(select(abs(x) < 1.0f, dy, F{}))
};
struct LeakyRelu {
  THIMBLE_F(select(x > 0.0f, x, x* a))
  THIMBLE_DX(select(x > 0.0f, dy, dy* a))
};
struct Elu {
  THIMBLE_F(select(x > 0.0f, x, a* expm1_f(x)))
  THIMBLE_DXY(select(x > 0.0f, dy, dy*(y + a)))
};
struct Selu {
  THIMBLE_F(select(x > 0.0f, x* kSeluScale, expm1_f(x) * (kSeluScale * kSeluAlpha)))
  THIMBLE_DXY(dy* select(x > 0.0f, set1(kSeluScale), y + kSeluScale * kSeluAlpha))
};
struct Softsign {
  static F f(F x, F) {
    const F limited = clamp(x, set1(-0x1p64f), set1(0x1p64f));  // ±infinity gives ±1
    return limited / (abs(limited) + 1.0f);
  }
  static F df(F x, F dy, F) {
    const F root = abs(x) + 1.0f;
    return dy / root / root;
  }
};
struct Sigmoid {
  THIMBLE_F(sigmoid_f(x))
  THIMBLE_DY(dy*(y*(1.0f - y)))
};
struct Tanh {
  THIMBLE_F(tanh_f(x))
  THIMBLE_DY(dy* fma(-y, y, set1(1.0f)))
};
struct Exp {
  THIMBLE_F(exp_f(x))
  THIMBLE_DY(dy* y)
};
struct Log {
  THIMBLE_F(log_f(x))
  THIMBLE_DX(dy / x)
};
struct Sqrt {
  THIMBLE_F(sqrt(x))
  THIMBLE_DY(dy * 0.5f / y)
};
struct Rsqrt {
  THIMBLE_F(1.0f / sqrt(x))
  THIMBLE_DY(dy * -0.5f * y * y * y)
};
struct Neg {
  THIMBLE_F(-x)
  THIMBLE_DX(-dy)
};
struct Abs {
  THIMBLE_F(abs(x))
  THIMBLE_DX(select(x > 0.0f, dy, select(x < 0.0f, -dy, F{})))
};
struct Square {
  THIMBLE_F(x* x)
  THIMBLE_DX(dy*(x + x))
};
struct HardSigmoid {
  THIMBLE_F(relu6_of(x + 3.0f) / 6.0f)
  THIMBLE_DX(select(abs(x) < 3.0f, dy / 6.0f, F{}))
};
struct HardSwish {
  THIMBLE_F(x* relu6_of(x + 3.0f) / 6.0f)
  THIMBLE_DX(select(x >= 3.0f, dy, select(x > -3.0f, dy*((x + x + 3.0f) / 6.0f), F{})))
};
struct Reciprocal {
  THIMBLE_F(1.0f / x)
  THIMBLE_DY(-dy*(y* y))
};
struct Sign {
  THIMBLE_F(select(x > 0.0f, set1(1.0f), select(x < 0.0f, set1(-1.0f), x)))
};
struct Floor {
  THIMBLE_F(floor(x))
};
struct Ceil {
  THIMBLE_F(ceil(x))
};
struct Round {
  THIMBLE_F(round_even(x))
};

}  // namespace

void THIMBLE_FILL(map)(MapKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  const auto set = [&](UnaryFn fn, auto forward, auto grad) {
    table.unary_f32[static_cast<int>(fn)] = forward;
    table.unary_grad_f32[static_cast<int>(fn)] = grad;
  };
  set(UnaryFn::copy, unary<Copy>, grad_x<Copy>);
  set(UnaryFn::relu, unary<Relu>, grad_x<Relu>);
  set(UnaryFn::relu6, unary<Relu6>, grad_x<Relu6>);
  set(UnaryFn::relu_n1_to_1, unary<ReluN1To1>, grad_x<ReluN1To1>);
  set(UnaryFn::leaky_relu, unary<LeakyRelu>, grad_x<LeakyRelu>);
  set(UnaryFn::elu, unary<Elu>, grad_xy<Elu>);
  set(UnaryFn::selu, unary<Selu>, grad_xy<Selu>);
  set(UnaryFn::gelu, unary_d<Tails<Gelu>>, grad_d<Tails<Gelu>>);
  set(UnaryFn::gelu_tanh, unary_d<Tails<GeluTanh>>, grad_d<Tails<GeluTanh>>);
  set(UnaryFn::silu, unary_d<Tails<Silu>>, grad_d<Tails<Silu>>);
  set(UnaryFn::mish, unary_d<Tails<Mish>>, grad_d<Tails<Mish>>);
  set(UnaryFn::softplus, unary_d<Softplus>, grad_d<Softplus>);
  set(UnaryFn::softsign, unary<Softsign>, grad_x<Softsign>);
  set(UnaryFn::sigmoid, unary<Sigmoid>, grad_y<Sigmoid>);
  set(UnaryFn::tanh, unary<Tanh>, grad_y<Tanh>);
  set(UnaryFn::exp, unary<Exp>, grad_y<Exp>);
  set(UnaryFn::log, unary<Log>, grad_x<Log>);
  set(UnaryFn::sqrt, unary<Sqrt>, grad_y<Sqrt>);
  set(UnaryFn::rsqrt, unary<Rsqrt>, grad_y<Rsqrt>);
  set(UnaryFn::neg, unary<Neg>, grad_x<Neg>);
  set(UnaryFn::abs, unary<Abs>, grad_x<Abs>);
  set(UnaryFn::square, unary<Square>, grad_x<Square>);
  set(UnaryFn::hard_sigmoid, unary<HardSigmoid>, grad_x<HardSigmoid>);
  set(UnaryFn::hard_swish, unary<HardSwish>, grad_x<HardSwish>);
  set(UnaryFn::reciprocal, unary<Reciprocal>, grad_y<Reciprocal>);
  set(UnaryFn::sign, unary<Sign>, grad_zero);
  set(UnaryFn::floor, unary<Floor>, grad_zero);
  set(UnaryFn::ceil, unary<Ceil>, grad_zero);
  set(UnaryFn::round, unary<Round>, grad_zero);
  set(UnaryFn::sin, unary_d<Sin>, grad_d<Sin>);
  set(UnaryFn::cos, unary_d<Cos>, grad_d<Cos>);
  THIMBLE_FILL(map_convert)(table);
}

}  // namespace thimble
