#include "runtime/lower_gemm.h"

#include <algorithm>

#include "ops/weighted.h"

namespace thimble {
namespace {

// Splits m rows of `images` images into parts: whole rows across the flattened (image, row) space.
template <class Body>
void for_rows(int64_t images, int64_t m, int64_t granule, int part, int parts, Body body) {
  const Range r = part_range(images * m, part, parts, granule);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m, count = std::min(m - first, r.end - at);
    body(image, first, count);
    at += count;
  }
}

// ---- float32 ----
struct GemmF32Params {
  const GemmF32Kernels* kernels;
  GemmF32Args args;  // of one image
  int64_t images, x_stride, y_stride;
};

void run_f32(const GemmF32Params& p, int part, int parts) {
  for_rows(p.images, p.args.m, p.kernels->mr, part, parts, [&](int64_t image, int64_t first, int64_t count) {
    GemmF32Args a = p.args;
    a.m = count;
    a.a += image * p.x_stride + (a.offsets ? 0 : first * a.lda);
    if (a.offsets) a.offsets += first * a.taps;
    a.c += image * p.y_stride + first * a.ldc;
    p.kernels->run(a);
  });
}

struct PackParams {
  const GemmF32Kernels* kernels;
  PackBArgs args;
};

void run_pack(const PackParams& p, int part, int parts) {
  const Range r = part_range(p.args.n, part, parts, p.kernels->nr);
  if (r.begin == r.end) return;
  PackBArgs a = p.args;
  a.n = r.end - r.begin;
  a.b += r.begin * a.column_stride;
  a.packed += r.begin * a.rows;
  p.kernels->pack_b(a);
}

Result<bool> lower_f32(LowerContext& ctx, const GemmShape& s) {
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const Tensor& w = ctx.in(1);
  const int64_t rows = s.taps * s.k, packed_floats = kernels.packed_b_floats(s.n, rows);
  PackBArgs pack{.rows = rows, .n = s.n, .row_stride = 1, .column_stride = rows};
  const float* packed = nullptr;
  ScratchId packed_scratch;
  if (w.constant()) {
    float* memory = ctx.constant<float>(packed_floats);
    pack.b = w.data.as<float>().data();
    pack.packed = memory;
    kernels.pack_b(pack);
    packed = memory;
  } else {
    packed_scratch = ctx.scratch(packed_floats * 4);
    auto* p = ctx.step<run_pack>(ctx.parts_for(static_cast<double>(packed_floats) * 0.5));
    p->kernels = &kernels;
    p->args = pack;
    ctx.bind_in(&p->args.b, 1);
    ctx.bind_scratch(&p->args.packed, packed_scratch);
  }
  const double flops = 2.0 * static_cast<double>(s.images) * static_cast<double>(s.m) * static_cast<double>(s.n * rows);
  auto* p = ctx.step<run_f32>(s.images * s.m > 1 ? ctx.parts_for(flops / 60) : 1);
  p->kernels = &kernels;
  p->images = s.images;
  p->x_stride = s.image_stride;
  p->y_stride = s.m * s.n;
  GemmF32Args& a = p->args;
  a.m = s.m;
  a.n = s.n;
  a.k = s.k;
  a.taps = s.taps;
  a.lda = s.k;
  a.ldc = s.n;
  if (!s.offsets.empty()) {
    a.offsets = ctx.constant(s.offsets);
    a.zeros = ctx.constant<float>(s.k);
  }
  activation_range(s.activation, &a.lo, &a.hi);
  ctx.bind_in(&a.a, 0);
  if (packed) {
    a.b = packed;
  } else {
    ctx.bind_scratch(&a.b, packed_scratch);
  }
  ctx.bind_in(&a.bias, 2);
  ctx.bind_out(&a.c);
  return true;
}

// ---- int8 and hybrid ----
// Sum over all taps and rows of each column's weights.
std::vector<int32_t> column_sums(const int8_t* w, int64_t n, int64_t rows) {
  std::vector<int32_t> sums(static_cast<size_t>(n));
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < rows; ++i) sums[static_cast<size_t>(j)] += w[j * rows + i];
  return sums;
}

const int8_t* pack_s8(LowerContext& ctx, const GemmShape& s) {
  const GemmS8Kernels& kernels = ctx.kernels.gemm_s8;
  int8_t* packed = ctx.constant<int8_t>(kernels.packed_b_bytes(s.n, s.k, s.taps));
  kernels.pack_b({.k = s.k, .taps = s.taps, .n = s.n, .b = ctx.in(1).data.as<int8_t>().data(), .column_stride = s.taps * s.k,
                  .tap_stride = s.k, .row_stride = 1, .packed = packed});
  return packed;
}

struct FlipParams {
  const GemmS8Kernels* kernels;
  const uint8_t* x;
  uint8_t* y;
  int64_t n;
};

void run_flip(const FlipParams& p, int part, int parts) {
  const Range r = part_range(p.n, part, parts, 64);
  p.kernels->flip(p.x + r.begin, p.y + r.begin, r.end - r.begin, 0x80);
}

struct GemmS8Params {
  const GemmS8Kernels* kernels;
  GemmS8Args args;
  int64_t images, x_stride, y_stride;
};

void run_s8(const GemmS8Params& p, int part, int parts) {
  for_rows(p.images, p.args.m, p.kernels->mr, part, parts, [&](int64_t image, int64_t first, int64_t count) {
    GemmS8Args a = p.args;
    a.m = count;
    a.a += image * p.x_stride + (a.offsets ? 0 : first * a.lda);
    if (a.offsets) a.offsets += first * a.taps;
    a.c_quantized += image * p.y_stride + first * a.ldc;
    p.kernels->run_requant(a);
  });
}

void set_common(GemmS8Args& a, const GemmShape& s) {
  a.m = s.m;
  a.n = s.n;
  a.k = s.k;
  a.taps = s.taps;
  a.lda = s.k;
  a.ldc = s.n;
}

Result<bool> lower_s8(LowerContext& ctx, const GemmShape& s) {
  const GemmS8Kernels& kernels = ctx.kernels.gemm_s8;
  const Tensor &x = ctx.in(0), &w = ctx.in(1), &y = ctx.out();
  const int64_t rows = s.taps * s.k;
  // The kernel multiplies unsigned activations q + 128; the shift is folded into the bias.
  std::vector<int32_t> bias = column_sums(w.data.as<int8_t>().data(), s.n, rows);
  const uint32_t shift = static_cast<uint32_t>(x.quant.zero_point[0] + 128);
  for (size_t j = 0; j < bias.size(); ++j) {
    const uint32_t b = ctx.has(2) ? static_cast<uint32_t>(ctx.in(2).data.as<int32_t>()[j]) : 0;
    bias[j] = static_cast<int32_t>(b - shift * static_cast<uint32_t>(bias[j]));
  }
  const int64_t x_elements = x.shape.elements();
  const ScratchId biased = ctx.scratch(x_elements + 64);
  auto* flip = ctx.step<run_flip>();
  flip->kernels = &kernels;
  flip->n = x_elements;
  ctx.bind_in(&flip->x, 0);
  ctx.bind_scratch(&flip->y, biased);

  const double operations = static_cast<double>(s.images) * static_cast<double>(s.m) * static_cast<double>(s.n * rows);
  auto* p = ctx.step<run_s8>(s.images * s.m > 1 ? ctx.parts_for(operations / 150) : 1);
  p->kernels = &kernels;
  p->images = s.images;
  p->x_stride = s.image_stride;
  p->y_stride = s.m * s.n;
  GemmS8Args& a = p->args;
  set_common(a, s);
  if (!s.offsets.empty()) {
    a.offsets = ctx.constant(s.offsets);
    auto* pad = ctx.constant<uint8_t>(s.k);
    std::fill(pad, pad + s.k, static_cast<uint8_t>(x.quant.zero_point[0] + 128));
    a.pad = pad;
  }
  a.b = pack_s8(ctx, s);
  a.bias = ctx.constant(bias);
  const Requantization r = requantization(x.quant.scale[0], w.quant, y.quant.scale[0], s.n);
  a.requant.multiplier = ctx.constant(r.multiplier);
  a.requant.shift = ctx.constant(r.shift);
  a.requant.zero_point = y.quant.zero_point[0];
  quantized_activation_range(s.activation, y.type, y.quant, &a.requant.lo, &a.requant.hi);
  ctx.bind_scratch(&a.a, biased);
  ctx.bind_out(&a.c_quantized);
  return true;
}

// Hybrid with plain rows (dense layers): each row is quantised, multiplied as integers, scaled back.
struct HybridParams {
  const KernelTable* kernels;
  GemmS8Args args;
  const float* x;
  uint8_t* rows;
  float* row_scale;
};

void run_hybrid(const HybridParams& p, int part, int parts) {
  const Range r = part_range(p.args.m, part, parts, p.kernels->gemm_s8.mr);
  if (r.begin == r.end) return;
  const int64_t k = p.args.k;
  for (int64_t i = r.begin; i < r.end; ++i) p.row_scale[i] = p.kernels->map.quantize_row(p.x + i * k, p.rows + i * k, k);
  GemmS8Args a = p.args;
  a.m = r.end - r.begin;
  a.a = p.rows + r.begin * k;
  a.row_scale = p.row_scale + r.begin;
  a.c_float += r.begin * a.ldc;
  p.kernels->gemm_s8.run_dequant(a);
}

Result<bool> lower_hybrid(LowerContext& ctx, const GemmShape& s) {
  if (s.asymmetric_rows || s.taps != 1 || !s.offsets.empty()) return false;
  const Tensor& w = ctx.in(1);
  const int64_t m = s.m * s.images;
  const ScratchId rows = ctx.scratch(m * s.k + 64), scales = ctx.scratch(m * 4);
  auto* p = ctx.step<run_hybrid>(m > 1 ? ctx.parts_for(static_cast<double>(m * s.k * s.n) / 100) : 1);
  p->kernels = &ctx.kernels;
  GemmS8Args& a = p->args;
  set_common(a, s);
  a.m = m;
  a.b = pack_s8(ctx, s);
  std::vector<int32_t> bias = column_sums(w.data.as<int8_t>().data(), s.n, s.k);
  for (int32_t& b : bias) b = -128 * b;
  a.bias = ctx.constant(bias);
  std::vector<float> scale(static_cast<size_t>(s.n));
  for (size_t j = 0; j < scale.size(); ++j) scale[j] = w.quant.scale[w.quant.per_axis() ? j : 0];
  a.column_scale = ctx.constant(scale);
  activation_range(s.activation, &a.lo, &a.hi);
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&a.float_bias, 2);
  ctx.bind_out(&a.c_float);
  ctx.bind_scratch(&p->rows, rows);
  ctx.bind_scratch(&p->row_scale, scales);
  return true;
}

}  // namespace

Result<bool> lower_gemm(LowerContext& ctx, const GemmShape& shape) {
  const Activation act = shape.activation;
  if (act != Activation::none && act != Activation::relu && act != Activation::relu6 && act != Activation::relu_n1_to_1) return false;
  const WeightedKind kind = weighted_kind(ctx.in(0), ctx.in(1));
  if (kind == WeightedKind::f32) return lower_f32(ctx, shape);
  if (!ctx.in(1).constant() || (ctx.has(2) && !ctx.in(2).constant())) return false;
  if (kind == WeightedKind::s8) return lower_s8(ctx, shape);
  if (kind == WeightedKind::hybrid) return lower_hybrid(ctx, shape);
  return false;
}

}  // namespace thimble
