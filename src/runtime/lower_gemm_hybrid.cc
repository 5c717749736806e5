// lower_gemm for float activations with int8 weights: each row (dense layers) or each image
// (convolutions) is quantised at run time, multiplied as integers and scaled back, in the float
// operation order of TFLite's kernels.
#include "ops/hybrid.h"
#include "runtime/lower_gemm_parts.h"

namespace thimble::gemm_lowering {
namespace {

void set_common(LowerContext& ctx, GemmS8Args& a, const GemmShape& s) {
  a.m = s.m;
  a.n = s.n;
  a.k = s.k;
  a.taps = s.taps;
  a.lda = s.k;
  a.ldc = s.n;
  a.b = pack_s8(ctx, s, ctx.in(1).data.as<int8_t>().data(), s.k, s.taps);
  const Quantization& q = ctx.in(1).quant;
  std::vector<float> scale(static_cast<size_t>(s.n));
  for (size_t j = 0; j < scale.size(); ++j) scale[j] = q.scale[q.per_axis() ? j : 0];
  a.column_scale = ctx.constant(scale);
  activation_range(s.activation, &a.lo, &a.hi);
}

// quantize_asymmetric (ops/hybrid.h) by kernels, to biased bytes.
AsymmetricScale quantize_shifted(const MapKernels& map, const float* x, uint8_t* q, int64_t n) {
  float lo, hi;
  map.range(x, n, &lo, &hi);
  const AsymmetricScale s = asymmetric_scale(lo, hi);
  if (lo == hi) {
    std::fill_n(q, n, uint8_t{128});
  } else {
    map.quantize_shifted(x, q, n, 1.0f / s.scale, s.zero_point);
  }
  return s;
}

// ---- rows ----
struct RowsParams {
  const KernelTable* kernels;
  GemmS8Args args;
  const float* x;
  uint8_t* rows;
  float* row_scale;
  int32_t* row_zero;  // of asymmetric rows, else null
};

void run_rows(const RowsParams& p, int part, int parts) {
  const Range r = part_range(p.args.m, part, parts, p.kernels->gemm_s8.mr);
  if (r.begin == r.end) return;
  const int64_t k = p.args.k;
  for (int64_t i = r.begin; i < r.end; ++i) {
    if (!p.row_zero) {
      p.row_scale[i] = p.kernels->map.quantize_row(p.x + i * k, p.rows + i * k, k);
      continue;
    }
    const AsymmetricScale s = quantize_shifted(p.kernels->map, p.x + i * k, p.rows + i * k, k);
    p.row_scale[i] = s.scale;
    p.row_zero[i] = s.zero_point;
  }
  GemmS8Args a = p.args;
  a.m = r.end - r.begin;
  a.a = p.rows + r.begin * k;
  a.row_scale = p.row_scale + r.begin;
  if (p.row_zero) a.row_zero = p.row_zero + r.begin;
  a.c_float += r.begin * a.ldc;
  p.kernels->gemm_s8.run_dequant(a);
}

Result<bool> lower_rows(LowerContext& ctx, const GemmShape& s) {
  if (s.taps != 1 || !s.offsets.empty()) return false;
  const int64_t m = s.m * s.images;
  const ScratchId rows = ctx.scratch(m * s.k + 64), scales = ctx.scratch(m * 4);
  const ScratchId zeros = s.asymmetric_rows ? ctx.scratch(m * 4) : ScratchId{};
  auto* p = ctx.step<run_rows>(m > 1 ? ctx.parts_for(static_cast<double>(m * s.k * s.n) / 100) : 1);
  p->kernels = &ctx.kernels;
  GemmS8Args& a = p->args;
  set_common(ctx, a, s);
  a.m = m;
  std::vector<int32_t> bias = column_sums(s, ctx.in(1).data.as<int8_t>().data());
  if (s.asymmetric_rows) {
    a.column_sum = ctx.constant(bias);
    ctx.bind_scratch(&p->row_zero, zeros);
  }
  for (int32_t& b : bias) b = static_cast<int32_t>(static_cast<uint32_t>(b) * -128u);
  a.bias = ctx.constant(bias);
  ctx.bind_in(&p->x, 0);
  ctx.bind_in(&a.float_bias, 2);
  ctx.bind_out(&a.c_float);
  ctx.bind_scratch(&p->rows, rows);
  ctx.bind_scratch(&p->row_scale, scales);
  return true;
}

// ---- images ----
// What one run works out per image, laid out image after image.
struct ImageScratch {
  uint8_t* x;        // [images · image]: quantised, biased
  float* row_scale;  // [images · m]: the image's scale, once per row
  int32_t* bias;     // [images · n]: −(zero point + 128) · column sum
  uint8_t* pad;      // [images · pad_bytes]: the biased zero point
};

struct QuantizeParams {
  const KernelTable* kernels;
  const float* x;
  ImageScratch out;
  const int32_t* column_sum;
  int64_t images, image, m, n, k, pad_bytes;
  bool asymmetric;
};

void run_quantize(const QuantizeParams& p, int part, int parts) {
  const Range r = part_range(p.images, part, parts);
  for (int64_t i = r.begin; i < r.end; ++i) {
    uint8_t* q = p.out.x + i * p.image;
    float scale;
    int32_t zero = 0;
    if (p.asymmetric) {
      const AsymmetricScale s = quantize_shifted(p.kernels->map, p.x + i * p.image, q, p.image);
      scale = s.scale;
      zero = s.zero_point;
    } else {
      scale = p.kernels->map.quantize_row(p.x + i * p.image, q, p.image);
    }
    std::fill_n(p.out.row_scale + i * p.m, p.m, scale);
    std::fill_n(p.out.pad + i * p.pad_bytes, p.k, static_cast<uint8_t>(zero + 128));
    const uint32_t shift = static_cast<uint32_t>(zero + 128);
    for (int64_t j = 0; j < p.n; ++j)
      p.out.bias[i * p.n + j] = static_cast<int32_t>(0u - shift * static_cast<uint32_t>(p.column_sum[j]));
  }
}

struct ImagesParams {
  const GemmS8Kernels* kernels;
  GemmS8Args args;
  ImageScratch in;
  int64_t images, image, pad_bytes, y_stride;
};

void run_images(const ImagesParams& p, int part, int parts) {
  for_rows(p.images, p.args.m, p.kernels->mr, part, parts, [&](int64_t image, int64_t first, int64_t count) {
    GemmS8Args a = p.args;
    a.a = p.in.x + image * p.image + (a.offsets ? 0 : first * a.lda);
    if (a.offsets) a.offsets += first * a.taps;
    a.pad = p.in.pad + image * p.pad_bytes;
    a.bias = p.in.bias + image * a.n;
    a.row_scale = p.in.row_scale + image * a.m + first;
    a.c_float += image * p.y_stride + first * a.ldc;
    a.m = count;
    p.kernels->run_dequant(a);
  });
}

Result<bool> lower_images(LowerContext& ctx, const GemmShape& s) {
  const int64_t pad_bytes = s.k + 4;
  const ScratchId x = ctx.scratch(s.images * s.image_stride + 64), scales = ctx.scratch(s.images * s.m * 4);
  const ScratchId bias = ctx.scratch(s.images * s.n * 4), pad = ctx.scratch(s.images * pad_bytes);
  const auto bind = [&](ImageScratch& scratch) {
    ctx.bind_scratch(&scratch.x, x);
    ctx.bind_scratch(&scratch.row_scale, scales);
    ctx.bind_scratch(&scratch.bias, bias);
    ctx.bind_scratch(&scratch.pad, pad);
  };
  auto* quantize =
      ctx.step<run_quantize>(s.images > 1 ? ctx.parts_for(static_cast<double>(s.images * s.image_stride) * 0.5) : 1);
  quantize->kernels = &ctx.kernels;
  quantize->column_sum = ctx.constant(column_sums(s, ctx.in(1).data.as<int8_t>().data()));
  quantize->images = s.images;
  quantize->image = s.image_stride;
  quantize->m = s.m;
  quantize->n = s.n;
  quantize->k = s.k;
  quantize->pad_bytes = pad_bytes;
  quantize->asymmetric = s.asymmetric_rows;
  ctx.bind_in(&quantize->x, 0);
  bind(quantize->out);

  const double operations = static_cast<double>(s.images * s.m) * static_cast<double>(s.n * s.k * s.taps);
  auto* p = ctx.step<run_images>(s.images * s.m > 1 ? ctx.parts_for(operations / 150) : 1);
  p->kernels = &ctx.kernels.gemm_s8;
  set_common(ctx, p->args, s);
  p->args.column_scale_first = s.asymmetric_rows;
  if (!s.offsets.empty()) p->args.offsets = ctx.constant(s.offsets);
  p->images = s.images;
  p->image = s.image_stride;
  p->pad_bytes = pad_bytes;
  p->y_stride = s.m * s.n;
  bind(p->in);
  ctx.bind_in(&p->args.float_bias, 2);
  ctx.bind_out(&p->args.c_float);
  return true;
}

}  // namespace

Result<bool> lower_hybrid(LowerContext& ctx, const GemmShape& s) {
  return s.hybrid_images ? lower_images(ctx, s) : lower_rows(ctx, s);
}

}  // namespace thimble::gemm_lowering
