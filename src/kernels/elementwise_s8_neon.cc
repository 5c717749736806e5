// Elementwise int8 arithmetic, NEON of 64-bit and of 32-bit Arm: eight elements at a time.
#include "kernels/elementwise_s8_generic.h"
#include "kernels/s8_fill.h"
#include "kernels/s8_neon.h"

namespace thimble {
namespace {

constexpr int kLanes = 8;

struct Eight {
  int32x4_t low, high;
};

// requantise() of s8_scalar.h by one multiplier of 0 and more.
struct NeonRescale {
  int32x4_t left, right;  // right: negative
  int32_t multiplier;
  // `before`: bits that the value is shifted left by anyway.
  NeonRescale(int32_t m, int32_t shift, int before)
      : left(vdupq_n_s32((shift > 0 ? shift : 0) + before)), right(vdupq_n_s32(shift < 0 ? shift : 0)), multiplier(m) {}

  int32x4_t value(int32x4_t x) const {
    x = vqrdmulhq_n_s32(vshlq_s32(x, left), multiplier);
    // vrshl rounds halves up; away from zero is one less for what is negative. The product of nothing negative is
    // above the lowest int32, so that one less is still there.
    return vrshlq_s32(vaddq_s32(x, vshrq_n_s32(vandq_s32(x, right), 31)), right);
  }
  Eight value(Eight x) const { return {value(x.low), value(x.high)}; }
};

// One operand: its bytes less the zero point, for add and sub brought to the common scale.
template <ElementwiseOp kOp, bool kUnsigned>
struct Operand {
  NeonRescale rescale;
  int16x8_t zero_point;
  const uint8_t* row = nullptr;
  int step;
  Eight same{};

  Operand(int32_t zero, int32_t multiplier, int32_t shift, int step_of, int left)
      : rescale(multiplier, shift, left), zero_point(vdupq_n_s16(static_cast<int16_t>(zero))), step(step_of) {}

  Eight value(uint8x8_t bytes) const {
    const int16x8_t wide = kUnsigned ? vreinterpretq_s16_u16(vmovl_u8(bytes)) : vmovl_s8(vreinterpret_s8_u8(bytes));
    const int16x8_t centred = vsubq_s16(wide, zero_point);
    const Eight x{vmovl_s16(vget_low_s16(centred)), vmovl_s16(vget_high_s16(centred))};
    if constexpr (kOp == ElementwiseOp::mul) return x;
    return rescale.value(x);
  }
  void start(const uint8_t* at) {
    row = at;
    if (step == 0) same = value(vdup_n_u8(*at));
  }
  Eight load(int64_t i) const { return step == 0 ? same : value(vld1_u8(row + i)); }
  Eight load_part(int64_t i, int64_t count) const {
    if (step == 0) return same;
    uint8_t part[kLanes] = {};
    for (int64_t j = 0; j < count; ++j) part[j] = row[i + j];
    return value(vld1_u8(part));
  }
};

template <ElementwiseOp kOp>
inline int32x4_t combine(int32x4_t a, int32x4_t b) {
  if constexpr (kOp == ElementwiseOp::mul) return vmulq_s32(a, b);
  return kOp == ElementwiseOp::add ? vaddq_s32(a, b) : vsubq_s32(a, b);
}

template <ElementwiseOp kOp, bool kUnsigned>
void elementwise_rows(const ElementwiseS8Args& e) {
  const int left = kOp == ElementwiseOp::mul ? 0 : e.left_shift;
  Operand<kOp, kUnsigned> a(e.a_zero_point, e.a_multiplier, e.a_shift, e.a_step, left);
  Operand<kOp, kUnsigned> b(e.b_zero_point, e.b_multiplier, e.b_shift, e.b_step, left);
  RequantArgs result;
  result.zero_point = e.zero_point;
  result.lo = e.lo;
  result.hi = e.hi;
  result.flip = e.flip;
  const NeonClamp clamp(result);
  const NeonRescale rescale(e.multiplier, e.shift, 0);
  const auto bytes = [&](Eight x, Eight y) {
    return clamp.narrow(vaddq_s32(rescale.value(combine<kOp>(x.low, y.low)), clamp.zero),
                        vaddq_s32(rescale.value(combine<kOp>(x.high, y.high)), clamp.zero));
  };
  for (int64_t r = 0; r < e.rows; ++r) {
    a.start(e.a + r * e.a_row);
    b.start(e.b + r * e.b_row);
    uint8_t* y = e.y + r * e.n;
    int64_t i = 0;
    for (; i + kLanes <= e.n; i += kLanes) vst1_u8(y + i, bytes(a.load(i), b.load(i)));
    if (const int64_t rest = e.n - i; rest > 0)
      store_bytes(y + i, bytes(a.load_part(i, rest), b.load_part(i, rest)), rest);
  }
}

bool small(int32_t zero_point) { return zero_point >= -16384 && zero_point <= 16384; }

template <ElementwiseOp kOp>
void elementwise(const ElementwiseS8Args& e) {
  if (e.n <= 0) return;
  const bool positive =
      e.multiplier >= 0 && (kOp == ElementwiseOp::mul || (e.a_multiplier >= 0 && e.b_multiplier >= 0));
  if (!positive || !small(e.a_zero_point) || !small(e.b_zero_point)) return generic_elementwise<kOp>(e);
  return e.bytes_unsigned ? elementwise_rows<kOp, true>(e) : elementwise_rows<kOp, false>(e);
}

}  // namespace

void fill_elementwise_s8_neon(ElementwiseS8Kernels& table) {
  table.name = "neon";
  table.add = elementwise<ElementwiseOp::add>;
  table.sub = elementwise<ElementwiseOp::sub>;
  table.mul = elementwise<ElementwiseOp::mul>;
}

}  // namespace thimble
