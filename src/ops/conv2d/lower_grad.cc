// Gradients of a convolution as implicit matrix products over pixel tables. Work is split so that
// every output element is summed by one thread in one order: the bits do not depend on threads.
#include <algorithm>

#include "ops/conv2d/conv2d.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

// ---- dx: rows are input pixels, taps gather dy, weights become [tap][output][channel] ----

struct PackParams {
  const GemmF32Kernels* kernels;
  const float* w;  // [outputs, taps, channels]
  float* packed;
  int64_t outputs, taps, channels;
};

void run_pack(const PackParams& p, int part, int parts) {
  const int64_t nr = p.kernels->nr;
  const Range r = part_range(p.channels, part, parts, nr);
  for (int64_t c = r.begin; c < r.end; c += nr) {
    float* panel = p.packed + c * p.taps * p.outputs;
    for (int64_t t = 0; t < p.taps; ++t)
      p.kernels->pack_b({.rows = p.outputs,
                         .n = std::min(nr, p.channels - c),
                         .b = p.w + t * p.channels + c,
                         .row_stride = p.taps * p.channels,
                         .column_stride = 1,
                         .packed = panel + t * p.outputs * nr});
  }
}

struct GradInputParams {
  const GemmF32Kernels* kernels;
  GemmF32Args args;  // of one image
  int64_t images, dy_stride, dx_stride;
};

void run_grad_input(const GradInputParams& p, int part, int parts) {
  const int64_t m = p.args.m;
  const Range r = part_range(p.images * m, part, parts, p.kernels->mr);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m;
    GemmF32Args a = p.args;
    a.m = std::min(m - first, r.end - at);
    a.a += image * p.dy_stride + (a.offsets ? 0 : first * a.lda);
    if (a.offsets) a.offsets += first * a.taps;
    const int64_t to = image * p.dx_stride + first * a.ldc;
    a.c += to;
    if (a.mask) a.mask += to;
    p.kernels->run(a);
    at += a.m;
  }
}

// The same with one pixel of several images as the rows: taps outside the image cost nothing.
struct GradPixelsParams {
  const GemmF32Kernels* kernels;
  GemmF32Args args;       // of pixel 0 of the first image
  int64_t images, block;  // rows per call
  int64_t pixels;
  const int32_t* begin;  // per pixel and one more: its entries in `list`
  const int32_t* list;
};

void run_grad_pixels(const GradPixelsParams& p, int part, int parts) {
  const int64_t blocks = (p.images + p.block - 1) / p.block;
  const Range r = part_range(blocks * p.pixels, part, parts);
  for (int64_t at = r.begin; at < r.end; ++at) {
    const int64_t first = at / p.pixels * p.block, pixel = at % p.pixels;
    GemmF32Args a = p.args;
    a.m = std::min(p.block, p.images - first);
    a.tap_list = p.list + 2 * p.begin[pixel];
    a.taps = p.begin[pixel + 1] - p.begin[pixel];
    const int64_t to = first * a.ldc + pixel * a.n;
    a.a += first * a.lda;
    a.c += to;
    if (a.mask) a.mask += to;
    p.kernels->run(a);
  }
}

// ---- dw, many channels: per tap a product [channels, outputs] into scratch, turned at the end ----

struct TapParams {
  const GemmF32Kernels* kernels;
  GemmTnF32Args args;  // of tap 0 of the first image
  int64_t images, group, taps, x_stride, dy_stride;
};

// Parts share the list of (tap, block of channels). Images outside, in groups of a few where they are
// small: their rows stay in cache while all taps pass over them.
void run_taps(const TapParams& p, int part, int parts) {
  const int64_t granule = p.kernels->mr, blocks = (p.args.k + granule - 1) / granule;
  const Range r = part_range(p.taps * blocks, part, parts);
  for (int64_t image = 0; image < p.images; image += p.group)
    for (int64_t at = r.begin; at < r.end;) {
      const int64_t tap = at / blocks, block = at % blocks, count = std::min(blocks - block, r.end - at);
      GemmTnF32Args a = p.args;
      a.m *= std::min(p.group, p.images - image);
      a.k = std::min(a.k, (block + count) * granule) - block * granule;
      a.a += image * p.x_stride + block * granule;
      if (a.offsets) a.offsets += tap;
      a.b += image * p.dy_stride;
      a.c += (tap * p.args.k + block * granule) * a.ldc;
      a.accumulate = image > 0;
      p.kernels->run_tn(a);
      at += count;
    }
}

// ---- dw, few channels: all rows [images · m, taps · channels] are gathered, then one product ----

struct GatherParams {
  const float* x;
  const int32_t* offsets;
  float* rows;
  int64_t images, m, taps, channels, x_stride;
};

void run_gather(const GatherParams& p, int part, int parts) {
  const Range r = part_range(p.images * p.m, part, parts);
  for (int64_t at = r.begin; at < r.end; ++at) {
    const float* x = p.x + at / p.m * p.x_stride;
    const int32_t* offsets = p.offsets + at % p.m * p.taps;
    float* row = p.rows + at * p.taps * p.channels;
    for (int64_t t = 0; t < p.taps; ++t)
      for (int64_t c = 0; c < p.channels; ++c) *row++ = offsets[t] < 0 ? 0.0f : x[offsets[t] + c];
  }
}

struct ColumnsParams {
  const GemmF32Kernels* kernels;
  GemmTnF32Args args;
};

void run_columns(const ColumnsParams& p, int part, int parts) {
  const Range r = part_range(p.args.n, part, parts, 16);
  if (r.begin == r.end) return;
  GemmTnF32Args a = p.args;
  a.n = r.end - r.begin;
  a.b += r.begin;
  a.c += r.begin;
  p.kernels->run_tn(a);
}

// dw[o, i] = s[i, o]
struct TurnParams {
  const GemmF32Kernels* kernels;
  const float* s;
  float* dw;
  int64_t outputs, inner;
};

void run_turn(const TurnParams& p, int part, int parts) {
  const Range r = part_range(p.inner, part, parts, 16);
  p.kernels->transpose(p.s + r.begin * p.outputs, r.end - r.begin, p.outputs, p.outputs, p.dw + r.begin, p.inner);
}

constexpr int64_t kPixelImages = 6;  // fewer images do not fill a tile
constexpr int64_t kGroupRows = 192;  // rows of several small images in one product
constexpr int64_t kGatherChannels = 4, kGatherBytes = int64_t{64} << 20;

}  // namespace

Result<bool> conv2d_grad_input(LowerContext& ctx) {
  const ConvDims d(ctx.node.attrs.as<Conv2dAttrs>(), ctx.in(2).shape, ctx.in(1).shape);
  if (d.groups() != 1) return false;
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const int64_t taps = d.window.taps();
  std::vector<int32_t> offsets;
  if (!d.window.pointwise() && !backward_offsets(d.window, d.outputs, &offsets)) return false;
  const ScratchId packed = ctx.scratch(kernels.packed_b_floats(d.channels, taps * d.outputs) * 4);
  auto* pack = ctx.step<run_pack>(ctx.parts_for(static_cast<double>(taps * d.outputs * d.channels) * 0.1));
  pack->kernels = &kernels;
  pack->outputs = d.outputs;
  pack->taps = taps;
  pack->channels = d.channels;
  ctx.bind_in(&pack->w, 1);
  ctx.bind_scratch(&pack->packed, packed);

  const double flops =
      2.0 * static_cast<double>(d.batch * d.window.in_pixels()) * static_cast<double>(taps * d.outputs * d.channels);
  const Activation activation = ctx.node.attrs.as<Conv2dAttrs>().activation;
  const auto bind = [&](GemmF32Args* a) {
    ctx.bind_in(&a->a, 0);
    ctx.bind_scratch(&a->b, packed);
    ctx.bind_out(&a->c);
    if (activation == Activation::none) return;
    activation_range(activation, &a->mask_lo, &a->mask_hi);
    ctx.bind_in(&a->mask, 2);
  };
  const auto inside =
      static_cast<int64_t>(std::count_if(offsets.begin(), offsets.end(), [](int32_t o) { return o >= 0; }));
  if (d.batch >= kPixelImages && inside * 10 < static_cast<int64_t>(offsets.size()) * 9) {
    std::vector<int32_t> begin{0}, list;
    for (size_t i = 0; i < offsets.size(); ++i) {
      const auto tap = static_cast<int64_t>(i) % taps;
      if (offsets[i] >= 0) list.insert(list.end(), {offsets[i], static_cast<int32_t>(tap)});
      if (tap == taps - 1) begin.push_back(static_cast<int32_t>(list.size() / 2));
    }
    auto* p = ctx.step<run_grad_pixels>(
        ctx.parts_for(flops * static_cast<double>(inside) / static_cast<double>(offsets.size()) / 80));
    p->kernels = &kernels;
    p->images = d.batch;
    const int64_t blocks = (d.batch + kernels.mr - 1) / kernels.mr;
    p->block = (d.batch + blocks - 1) / blocks;
    p->pixels = d.window.in_pixels();
    p->begin = ctx.constant(begin);
    p->list = ctx.constant(list);
    p->args = GemmF32Args{.n = d.channels,
                          .k = d.outputs,
                          .lda = d.window.out_pixels() * d.outputs,
                          .b_rows = taps * d.outputs,
                          .ldc = d.window.in_pixels() * d.channels};
    bind(&p->args);
    return true;
  }
  auto* p = ctx.step<run_grad_input>(ctx.parts_for(flops / 80));
  p->kernels = &kernels;
  p->images = d.batch;
  p->dy_stride = d.window.out_pixels() * d.outputs;
  p->dx_stride = d.window.in_pixels() * d.channels;
  p->args = GemmF32Args{
      .m = d.window.in_pixels(), .n = d.channels, .k = d.outputs, .taps = taps, .lda = d.outputs, .ldc = d.channels};
  if (!offsets.empty()) {
    p->args.offsets = ctx.constant(offsets);
    p->args.zeros = ctx.constant<float>(d.outputs);
  }
  bind(&p->args);
  return true;
}

Result<bool> conv2d_grad_weights(LowerContext& ctx) {
  const ConvDims d(ctx.node.attrs.as<Conv2dAttrs>(), ctx.in(0).shape, ctx.in(2).shape);
  if (d.groups() != 1 || d.batch < 1) return false;
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const int64_t taps = d.window.taps(), m = d.window.out_pixels(), inner = taps * d.channels;
  std::vector<int32_t> offsets;
  if (!d.window.pointwise() && !forward_offsets(d.window, d.channels, &offsets)) return false;
  const double nanoseconds = 2.0 * static_cast<double>(d.batch * m) * static_cast<double>(inner * d.outputs) / 90;
  const ScratchId turned = ctx.scratch(inner * d.outputs * 4);
  const GemmTnF32Args product{.m = m,
                              .k = d.channels,
                              .n = d.outputs,
                              .lda = d.channels,
                              .offset_stride = taps,
                              .ldb = d.outputs,
                              .ldc = d.outputs};
  if (!offsets.empty() && d.channels <= kGatherChannels && d.batch * m * inner * 4 <= kGatherBytes) {
    const ScratchId rows = ctx.scratch(d.batch * m * inner * 4);
    auto* gather = ctx.step<run_gather>(ctx.parts_for(static_cast<double>(d.batch * m * inner)));
    gather->offsets = ctx.constant(offsets);
    gather->images = d.batch;
    gather->m = m;
    gather->taps = taps;
    gather->channels = d.channels;
    gather->x_stride = d.window.in_pixels() * d.channels;
    ctx.bind_in(&gather->x, 0);
    ctx.bind_scratch(&gather->rows, rows);
    auto* p = ctx.step<run_columns>(ctx.parts_for(nanoseconds));
    p->kernels = &kernels;
    p->args = product;
    p->args.m = d.batch * m;
    p->args.k = p->args.lda = inner;
    ctx.bind_scratch(&p->args.a, rows);
    ctx.bind_in(&p->args.b, 1);
    ctx.bind_scratch(&p->args.c, turned);
  } else {
    auto* p = ctx.step<run_taps>(ctx.parts_for(nanoseconds));
    p->kernels = &kernels;
    p->args = product;
    p->images = d.batch;
    p->taps = taps;
    p->x_stride = d.window.in_pixels() * d.channels;
    p->dy_stride = m * d.outputs;
    // The offsets of a group are those of its first image and, moved along, of the others. Images of a
    // pointwise convolution follow each other without offsets.
    p->group = std::clamp<int64_t>(kGroupRows / m, 1, d.batch);
    if (!offsets.empty()) {
      const size_t each = offsets.size();
      for (int64_t image = 1; image < p->group; ++image)
        for (size_t i = 0; i < each; ++i)
          offsets.push_back(offsets[i] < 0 ? -1 : offsets[i] + static_cast<int32_t>(image * p->x_stride));
      p->args.offsets = ctx.constant(offsets);
    }
    ctx.bind_in(&p->args.a, 0);
    ctx.bind_in(&p->args.b, 1);
    ctx.bind_scratch(&p->args.c, turned);
  }
  auto* turn = ctx.step<run_turn>(ctx.parts_for(static_cast<double>(inner * d.outputs) * 0.3));
  turn->kernels = &kernels;
  turn->outputs = d.outputs;
  turn->inner = inner;
  ctx.bind_scratch(&turn->s, turned);
  ctx.bind_out(&turn->dw);
  return true;
}

}  // namespace thimble::lowering
