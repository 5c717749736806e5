#include "runtime/lower.h"
#include "ops/quantize/quantize.h"

namespace thimble::lowering {
namespace {

struct QuantizeParams {
  void (*fn)(const float*, int8_t*, int64_t, float, int32_t);
  const float* x;
  int8_t* y;
  int64_t n;
  float scale;
  int32_t zero;
};

void run_quantize(const QuantizeParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.fn(p.x + r.begin, p.y + r.begin, r.end - r.begin, p.scale, p.zero);
}

// uint8 is int8 about a zero point lower by 128, with the sign bit flipped.
struct QuantizeUnsignedParams {
  QuantizeParams s8;
  void (*flip)(const uint8_t*, uint8_t*, int64_t, uint8_t);
};

void run_quantize_unsigned(const QuantizeUnsignedParams& p, int part, int parts) {
  const Range r = part_range(p.s8.n, part, parts, 64);
  if (r.begin == r.end) return;
  run_quantize(p.s8, part, parts);
  auto* y = reinterpret_cast<uint8_t*>(p.s8.y) + r.begin;
  p.flip(y, y, r.end - r.begin, 0x80);
}

struct DequantizeParams {
  void (*fn)(const int8_t*, float*, int64_t, float, int32_t);
  const int8_t* x;
  float* y;
  int64_t n;
  float scale;
  int32_t zero;
};

void run_dequantize(const DequantizeParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.fn(p.x + r.begin, p.y + r.begin, r.end - r.begin, p.scale, p.zero);
}

struct TableParams {
  void (*lut)(const uint8_t*, uint8_t*, int64_t, const uint8_t*);
  const uint8_t *x, *table;
  uint8_t* y;
  int64_t n;
};

void run_table(const TableParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.lut(p.x + r.begin, p.y + r.begin, r.end - r.begin, p.table);
}

struct FloatTableParams {
  const uint8_t* x;
  const float* table;
  float* y;
  int64_t n;
};

void run_float_table(const FloatTableParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  for (int64_t i = r.begin; i < r.end; ++i) p.y[i] = p.table[p.x[i]];
}

struct HalfParams {
  void (*fn)(const uint16_t*, float*, int64_t);
  const uint16_t* x;
  float* y;
  int64_t n;
};

void run_half(const HalfParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  if (r.begin < r.end) p.fn(p.x + r.begin, p.y + r.begin, r.end - r.begin);
}

bool byte(DType t) { return t == DType::i8 || t == DType::u8; }

}  // namespace

Result<bool> quantize(LowerContext& ctx) {
  const Tensor &x = ctx.in(0), &y = ctx.out();
  const auto& plan = ctx.plan<thimble_quantize>();
  const int parts = ctx.parts_for(static_cast<double>(plan.n) * 0.3);
  if (plan.y.count != 1) return false;  // of constants mostly, which are folded
  if (x.type == DType::f32 && byte(y.type)) {
    const auto fill = [&](QuantizeParams* p) {
      p->fn = ctx.kernels.map.quantize_s8;
      p->n = plan.n;
      p->scale = plan.y.scale[0];
      p->zero = plan.y.zero[0] - (y.type == DType::u8 ? 128 : 0);
      ctx.bind_in(&p->x, 0);
      ctx.bind_out(&p->y);
    };
    if (y.type == DType::i8) {
      fill(ctx.step<run_quantize>(parts));
    } else {
      auto* p = ctx.step<run_quantize_unsigned>(parts);
      p->flip = ctx.kernels.gemm_s8.flip;
      fill(&p->s8);
    }
    return true;
  }
  if (!byte(x.type) || !byte(y.type) || !ctx.kernels.map.lut_u8) return false;
  uint8_t* table = ctx.constant<uint8_t>(256);
  for (int32_t q = 0; q < 256; ++q)
    table[q] = static_cast<uint8_t>(thimble_requantized_value(&plan, x.type == DType::i8 ? static_cast<int8_t>(q) : q));
  auto* p = ctx.step<run_table>(parts);
  p->lut = ctx.kernels.map.lut_u8;
  p->table = table;
  p->n = plan.n;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

Result<bool> dequantize(LowerContext& ctx) {
  const Tensor& x = ctx.in(0);
  const auto& plan = ctx.plan<thimble_dequantize>();
  const int parts = ctx.parts_for(static_cast<double>(plan.n) * 0.3);
  if (x.type == DType::f16 && ctx.kernels.map.f16_to_f32) {
    auto* p = ctx.step<run_half>(parts);
    p->fn = ctx.kernels.map.f16_to_f32;
    p->n = plan.n;
    ctx.bind_in(&p->x, 0);
    ctx.bind_out(&p->y);
    return true;
  }
  if (!byte(x.type) || plan.x.count != 1) return false;
  const float scale = plan.x.scale[0];
  const int32_t zero = plan.x.zero[0];
  if (x.type == DType::i8 && ctx.kernels.map.dequantize_s8) {
    auto* p = ctx.step<run_dequantize>(parts);
    p->fn = ctx.kernels.map.dequantize_s8;
    p->n = plan.n;
    p->scale = scale;
    p->zero = zero;
    ctx.bind_in(&p->x, 0);
    ctx.bind_out(&p->y);
    return true;
  }
  float* table = ctx.constant<float>(256);
  for (int32_t q = 0; q < 256; ++q)
    table[q] = thimble_dequantized(x.type == DType::i8 ? static_cast<int8_t>(q) : q, scale, zero);
  auto* p = ctx.step<run_float_table>(parts);
  p->table = table;
  p->n = plan.n;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
