// lower_gemm for int8: activations become unsigned bytes (q + 128), zero points are folded into the
// bias at plan time, the product is requantised exactly as TFLite does.
#include "ops/weighted.h"
#include "runtime/lower_gemm_palette.h"
#include "runtime/lower_gemm_parts.h"
#include "runtime/lower_gemm_sparse.h"

namespace thimble {

RequantArgs requant_args(LowerContext& ctx, const thimble_requantize& y, int64_t channels) {
  RequantArgs args;
  args.multiplier = ctx.constant(std::vector<int32_t>(y.multiplier, y.multiplier + channels));
  args.shift = ctx.constant(std::vector<int32_t>(y.shift, y.shift + channels));
  args.zero_point = y.zero;
  args.lo = y.lo;
  args.hi = y.hi;
  return args;
}

RequantArgs as_unsigned(RequantArgs args) {
  args.zero_point -= 128;
  args.lo -= 128;
  args.hi -= 128;
  args.flip = 0x80;
  return args;
}

namespace gemm_lowering {

std::vector<int32_t> column_sums(const GemmShape& s, const int8_t* w) {
  const int64_t rows = s.taps * s.k, column = s.weights_transposed ? 1 : rows, row = s.weights_transposed ? s.n : 1;
  std::vector<int32_t> sums(static_cast<size_t>(s.n));
  for (int64_t j = 0; j < s.n; ++j)
    for (int64_t i = 0; i < rows; ++i) sums[static_cast<size_t>(j)] += w[j * column + i * row];
  return sums;
}

const int8_t* pack_s8(LowerContext& ctx, const GemmShape& s, const int8_t* w, int64_t k, int64_t taps) {
  const GemmS8Kernels& kernels = ctx.kernels.gemm_s8;
  const int64_t row = s.weights_transposed ? s.n : 1;
  int8_t* packed = ctx.constant<int8_t>(kernels.packed_b_bytes(s.n, k, taps));
  kernels.pack_b({.k = k,
                  .taps = taps,
                  .n = s.n,
                  .b = w,
                  .column_stride = s.weights_transposed ? 1 : taps * k,
                  .tap_stride = k * row,
                  .row_stride = row,
                  .packed = packed});
  return packed;
}

namespace {

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

// args describe the gathered rows: taps 1, k = taps · run, no offsets; args.a is as x lies.
struct GatherS8Params {
  GemmS8Params gemm;
  const int32_t* offsets;
  int64_t taps, run;
  uint8_t pad;      // as in x
  uint8_t flip;     // 0x80 where x is int8
  uint8_t* blocks;  // one block of rows per part
  int64_t block_bytes;
};

void run_gathered_s8(const GatherS8Params& p, int part, int parts) {
  const GemmS8Params& g = p.gemm;
  uint8_t* block = p.blocks + part * p.block_bytes;
  for_rows(g.images, g.args.m, g.kernels->mr, part, parts, [&](int64_t image, int64_t first, int64_t count) {
    for (int64_t done = 0; done < count; done += kGatherBlock) {
      GemmS8Args a = g.args;
      a.m = std::min(kGatherBlock, count - done);
      gather(a.a + image * g.x_stride, p.offsets + (first + done) * p.taps, a.m, p.taps, p.run, p.pad, block);
      if (p.flip) g.kernels->flip(block, block, a.m * a.k, p.flip);
      a.a = block;
      a.c_quantized += image * g.y_stride + (first + done) * a.ldc;
      g.kernels->run_requant(a);
    }
  });
}

// x of int8 as unsigned bytes, by a step of its own.
ScratchId flipped_input(LowerContext& ctx) {
  const int64_t elements = ctx.in(0).shape.elements();
  const ScratchId biased = ctx.scratch(elements + 64);
  auto* flip = ctx.step<run_flip>(ctx.parts_for(static_cast<double>(elements) / 20));
  flip->kernels = &ctx.kernels.gemm_s8;
  flip->n = elements;
  ctx.bind_in(&flip->x, 0);
  ctx.bind_scratch(&flip->y, biased);
  ctx.steps.back().flips_into = biased;
  return biased;
}

}  // namespace

Result<bool> lower_s8(LowerContext& ctx, const GemmShape& s, const int8_t* w) {
  const GemmS8Kernels& kernels = ctx.kernels.gemm_s8;
  const Tensor& x = ctx.in(0);
  const bool legacy = x.type == DType::u8;
  const int64_t rows = s.taps * s.k;
  // The kernel multiplies unsigned activations (q + 128 of int8); the zero point is folded into the bias.
  std::vector<int32_t> bias = column_sums(s, w);
  const int32_t zero = x.quant.zero_point[0] + (legacy ? 0 : 128);
  const uint32_t shift = static_cast<uint32_t>(zero);
  for (size_t j = 0; j < bias.size(); ++j) {
    const uint32_t b = ctx.has(2) ? static_cast<uint32_t>(ctx.in(2).data.as<int32_t>()[j]) : 0;
    bias[j] = static_cast<int32_t>(b - shift * static_cast<uint32_t>(bias[j]));
  }
  const int32_t* folded_bias = ctx.constant(bias);
  const RequantArgs& requant = s.requant;
  const double operations = static_cast<double>(s.images) * static_cast<double>(s.m) * static_cast<double>(s.n * rows);
  const int parts = s.images * s.m > 1 ? ctx.parts_for(operations / 150) : 1;
  GemmS8Params* p;
  if (gather_rows(s, true)) {
    const int64_t block_bytes = kGatherBlock * rows + 64;
    const ScratchId blocks = ctx.scratch(parts * block_bytes);
    auto* g = ctx.step<run_gathered_s8>(parts);
    g->offsets = ctx.constant(s.offsets);
    g->taps = s.taps;
    g->run = s.k;
    g->pad = static_cast<uint8_t>(x.quant.zero_point[0]);
    g->flip = legacy ? 0 : 0x80;
    g->block_bytes = block_bytes;
    ctx.bind_scratch(&g->blocks, blocks);
    p = &g->gemm;
    p->args.k = p->args.lda = rows;
    p->args.b = pack_s8(ctx, s, w, rows, 1);
    ctx.bind_in(&p->args.a, 0);
  } else {
    ScratchId biased;
    if (!legacy) {
      biased = flipped_input(ctx);
      if (lower_sparse_s8(ctx, s, requant, folded_bias, biased) ||
          lower_palette_s8(ctx, s, requant, folded_bias, biased))
        return true;
    }
    p = ctx.step<run_s8>(parts);
    p->args.k = p->args.lda = s.k;
    p->args.taps = s.taps;
    p->args.b = pack_s8(ctx, s, w, s.k, s.taps);
    if (!s.offsets.empty()) {
      p->args.offsets = ctx.constant(s.offsets);
      auto* pad = ctx.constant<uint8_t>(s.k);
      std::fill(pad, pad + s.k, static_cast<uint8_t>(zero));
      p->args.pad = pad;
    }
    if (legacy) {
      ctx.bind_in(&p->args.a, 0);
    } else {
      ctx.bind_scratch(&p->args.a, biased);
    }
  }
  p->kernels = &kernels;
  p->images = s.images;
  p->x_stride = s.image_stride;
  p->y_stride = s.m * s.n;
  GemmS8Args& a = p->args;
  a.m = s.m;
  a.n = s.n;
  a.ldc = s.n;
  a.bias = folded_bias;
  a.requant = legacy ? as_unsigned(requant) : requant;
  ctx.bind_out(&a.c_quantized);
  if (!legacy) ctx.takes_flipped(&a.requant.flip);
  return true;
}

}  // namespace gemm_lowering
}  // namespace thimble
