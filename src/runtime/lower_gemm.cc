#include "runtime/lower_gemm.h"

#include "ops/weighted.h"
#include "runtime/lower_gemm_palette.h"
#include "runtime/lower_gemm_parts.h"
#include "runtime/lower_gemm_sparse.h"

namespace thimble {
namespace gemm_lowering {
namespace {

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

// args describe the gathered rows: taps 1, k = taps · run, no offsets.
struct GatherF32Params {
  GemmF32Params gemm;
  const int32_t* offsets;
  int64_t taps, run;
  float* blocks;  // one block of rows per part
};

void run_gathered_f32(const GatherF32Params& p, int part, int parts) {
  const GemmF32Params& g = p.gemm;
  float* block = p.blocks + part * kGatherBlock * g.args.k;
  for_rows(g.images, g.args.m, g.kernels->mr, part, parts, [&](int64_t image, int64_t first, int64_t count) {
    for (int64_t done = 0; done < count; done += kGatherBlock) {
      GemmF32Args a = g.args;
      a.m = std::min(kGatherBlock, count - done);
      gather(a.a + image * g.x_stride, p.offsets + (first + done) * p.taps, a.m, p.taps, p.run, 0.0f, block);
      a.a = block;
      a.c += image * g.y_stride + (first + done) * a.ldc;
      g.kernels->run(a);
    }
  });
}

struct DotParams {
  const GemmF32Kernels* kernels;
  DotF32Args args;
};

void run_dot(const DotParams& p, int part, int parts) {
  const Range r = part_range(p.args.n, part, parts, 16);
  if (r.begin == r.end) return;
  DotF32Args a = p.args;
  a.n = r.end - r.begin;
  a.b += r.begin * a.k;
  if (a.bias) a.bias += r.begin;
  a.c += r.begin;
  p.kernels->dot(a);
}

// Weights in training, for so few rows that packing them would cost more than the product.
bool wants_dot(const LowerContext& ctx, const GemmShape& s) {
  return ctx.in(1).variable && s.images == 1 && s.m <= 2 && s.taps == 1 && s.offsets.empty() && !s.weights_transposed;
}

void lower_dot(LowerContext& ctx, const GemmShape& s) {
  auto* p = ctx.step<run_dot>(ctx.parts_for(static_cast<double>(s.m * s.n * s.k) * 0.03));
  p->kernels = &ctx.kernels.gemm_f32;
  DotF32Args& a = p->args;
  a.m = s.m;
  a.n = s.n;
  a.k = a.lda = s.k;
  a.ldc = s.n;
  activation_range(s.activation, &a.lo, &a.hi);
  ctx.bind_in(&a.a, 0);
  ctx.bind_in(&a.b, 1);
  ctx.bind_in(&a.bias, 2);
  ctx.bind_out(&a.c);
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

}  // namespace

Result<bool> lower_f32(LowerContext& ctx, const GemmShape& s) {
  if (wants_dot(ctx, s)) {
    lower_dot(ctx, s);
    return true;
  }
  if (lower_sparse_f32(ctx, s) || lower_palette_f32(ctx, s)) return true;
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const Tensor& w = ctx.in(1);
  const int64_t rows = s.taps * s.k, packed_floats = kernels.packed_b_floats(s.n, rows);
  PackBArgs pack{.rows = rows, .n = s.n, .row_stride = 1, .column_stride = rows};
  if (s.weights_transposed) {
    pack.row_stride = s.n;
    pack.column_stride = 1;
  }
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
    auto* p = ctx.step<run_pack>(ctx.parts_for(static_cast<double>(packed_floats) * 0.2));
    p->kernels = &kernels;
    p->args = pack;
    ctx.bind_in(&p->args.b, 1);
    ctx.bind_scratch(&p->args.packed, packed_scratch);
  }
  const double flops = 2.0 * static_cast<double>(s.images) * static_cast<double>(s.m) * static_cast<double>(s.n * rows);
  const int parts = s.images * s.m > 1 ? ctx.parts_for(flops / 90) : 1;
  GemmF32Params* p;
  if (gather_rows(s, false)) {
    const ScratchId blocks = ctx.scratch(parts * kGatherBlock * rows * 4);
    auto* g = ctx.step<run_gathered_f32>(parts);
    g->offsets = ctx.constant(s.offsets);
    g->taps = s.taps;
    g->run = s.k;
    ctx.bind_scratch(&g->blocks, blocks);
    p = &g->gemm;
    p->args.k = p->args.lda = rows;
  } else {
    p = ctx.step<run_f32>(parts);
    p->args.k = p->args.lda = s.k;
    p->args.taps = s.taps;
    if (!s.offsets.empty()) {
      p->args.offsets = ctx.constant(s.offsets);
      p->args.zeros = ctx.constant<float>(s.k);
    }
  }
  p->kernels = &kernels;
  p->images = s.images;
  p->x_stride = s.image_stride;
  p->y_stride = s.m * s.n;
  GemmF32Args& a = p->args;
  a.m = s.m;
  a.n = s.n;
  a.ldc = s.n;
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

}  // namespace gemm_lowering

Result<bool> lower_gemm(LowerContext& ctx, const GemmShape& shape) {
  const Activation act = shape.activation;
  if (act != Activation::none && act != Activation::relu && act != Activation::relu6 && act != Activation::relu_n1_to_1)
    return false;
  const WeightedKind kind = weighted_kind(ctx.in(0), ctx.in(1));
  if (kind == WeightedKind::f32) return gemm_lowering::lower_f32(ctx, shape);
  if (!ctx.in(1).constant() || (ctx.has(2) && !ctx.in(2).constant())) return false;
  if (kind == WeightedKind::s8) return gemm_lowering::lower_s8(ctx, shape, ctx.in(1).data.as<int8_t>().data());
  if (kind == WeightedKind::u8) return gemm_lowering::lower_u8(ctx, shape);
  if (kind == WeightedKind::hybrid) return gemm_lowering::lower_hybrid(ctx, shape);
  return false;
}

}  // namespace thimble
