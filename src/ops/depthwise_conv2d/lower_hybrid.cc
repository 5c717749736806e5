// Float activations with int8 weights. The sums are whole numbers, and below 2^24 float arithmetic is exact in any
// order and with any fused step: each image is quantised to whole floats (its zero point taken away), goes through the
// float kernel with the weights as floats, and is scaled back in TFLite's order.
#include <algorithm>

#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/hybrid.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

constexpr int64_t kLargestProduct = 255 * 127, kExactIntegers = int64_t{1} << 24;

struct QuantizeParams {
  const MapKernels* map;
  const float* x;
  const float* column_scale;  // [outputs], of the weights
  float* q;                   // [images, image]
  float* factor;              // [images, outputs]: column_scale times the image's
  int64_t images, image, outputs;
};

void run_quantize(const QuantizeParams& p, int part, int parts) {
  const Range r = part_range(p.images, part, parts);
  for (int64_t i = r.begin; i < r.end; ++i) {
    const float* x = p.x + i * p.image;
    float lo, hi;
    p.map->range(x, p.image, &lo, &hi);
    const AsymmetricScale s = asymmetric_scale(lo, hi);
    if (lo == hi) {
      std::fill_n(p.q + i * p.image, p.image, 0.0f);
    } else {
      p.map->quantize_centred(x, p.q + i * p.image, p.image, 1.0f / s.scale, s.zero_point);
    }
    for (int64_t c = 0; c < p.outputs; ++c) p.factor[i * p.outputs + c] = p.column_scale[c] * s.scale;
  }
}

struct ProductParams {
  const KernelTable* kernels;
  DepthwiseF32Args args;  // of one image; the clamp is applied after scaling
  const float *factor, *bias;
  int64_t images, x_stride, y_stride;
  float lo, hi;
};

void run_product(const ProductParams& p, int part, int parts) {
  constexpr int64_t kRows = 32;  // so that they are still at hand when they are scaled
  const int64_t m = p.args.m, n = p.args.channels;
  const Range r = part_range(p.images * m, part, parts, 4);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m;
    DepthwiseF32Args a = p.args;
    a.m = std::min({m - first, r.end - at, kRows});
    a.x += image * p.x_stride;
    a.offsets += first * a.taps;
    a.y += image * p.y_stride + first * n;
    p.kernels->depthwise.f32(a);
    p.kernels->map.scale_columns(a.y, a.m, n, p.factor + image * n, p.bias, p.lo, p.hi);
    at += a.m;
  }
}

}  // namespace

Result<bool> depthwise_hybrid(LowerContext& ctx, const DepthwiseDims& d, const thimble_range& range) {
  std::vector<int32_t> offsets;
  if (d.multiplier != 1 || d.window.taps() > kExactIntegers / kLargestProduct ||
      !forward_offsets(d.window, d.channels, &offsets))
    return false;
  const int64_t image = d.window.in_pixels() * d.channels, m = d.window.out_pixels();
  const ScratchId q = ctx.scratch(d.batch * image * 4), factor = ctx.scratch(d.batch * d.outputs * 4);

  auto* quantize = ctx.step<run_quantize>(d.batch > 1 ? ctx.parts_for(static_cast<double>(d.batch * image) * 0.5) : 1);
  quantize->map = &ctx.kernels.map;
  const Quantization& scales = ctx.in(1).quant;
  std::vector<float> column_scale(static_cast<size_t>(d.outputs));
  for (size_t c = 0; c < column_scale.size(); ++c) column_scale[c] = scales.scale[scales.per_axis() ? c : 0];
  quantize->column_scale = ctx.constant(column_scale);
  quantize->images = d.batch;
  quantize->image = image;
  quantize->outputs = d.outputs;
  ctx.bind_in(&quantize->x, 0);
  ctx.bind_scratch(&quantize->q, q);
  ctx.bind_scratch(&quantize->factor, factor);

  const double operations = static_cast<double>(d.batch * m) * static_cast<double>(d.window.taps() * d.outputs);
  auto* p = ctx.step<run_product>(ctx.parts_for(operations / 8));
  p->kernels = &ctx.kernels;
  p->images = d.batch;
  p->x_stride = image;
  p->y_stride = m * d.outputs;
  p->lo = range.lo;
  p->hi = range.hi;
  p->args.m = m;
  p->args.channels = d.channels;
  p->args.taps = d.window.taps();
  p->args.ldy = d.outputs;
  p->args.offsets = ctx.constant(offsets);
  const std::span<const int8_t> w = ctx.in(1).data.as<int8_t>();
  p->args.w = ctx.constant(std::vector<float>(w.begin(), w.end()));
  ctx.bind_scratch(const_cast<float**>(&p->args.x), q);
  ctx.bind_scratch(const_cast<float**>(&p->factor), factor);
  ctx.bind_in(&p->bias, 2);
  ctx.bind_out(&p->args.y);
  return true;
}

}  // namespace thimble::lowering
