// The unary functions on a register of floats, value (f) and derivative times dy (df) side by side: the units of
// values (map_isa.cc) and of gradients (map_grad_isa.cc) take what they need.
#pragma once

#include "kernels/vec.h"
#include "kernels/vec_double.h"
#include "kernels/vec_math.h"

namespace thimble {
namespace {

constexpr float kSeluScale = 1.05070098f, kSeluAlpha = 1.67326324f;

// The ends of functions whose tails are flat: x limited to where f(x) is 0, or x, in float.
template <class Op>
struct Tails {
  static D f(D x) { return Op::f(select(x < -1000.0, set1d(-1000.0), x)); }
  static D df(D x) { return Op::df(clamp(x, -200.0, 200.0)); }
};

THIMBLE_INLINE F relu6_of(F x) { return clamp(x, F{}, set1(6.0f)); }

#define THIMBLE_F(expression) \
  static F f([[maybe_unused]] F x, [[maybe_unused]] F a) { return expression; }
// df's first argument is x, or y where the derivative follows from the value
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
}  // namespace thimble
