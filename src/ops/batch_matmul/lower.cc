#include <algorithm>

#include "ops/batch_matmul/batch_matmul.h"
#include "ops/weighted.h"
#include "runtime/lower.h"
#include "runtime/lower_gemm.h"
#include "runtime/lower_gemm_parts.h"

namespace thimble::lowering {
namespace {

using Plan = thimble_batch_matmul;

int64_t matrices(const Shape& shape) { return shape.elements(0, shape.rank() - 2); }

// What the sums of each column become.
void requantize_columns(LowerContext& ctx, const Plan& p, RequantArgs* requant) {
  std::vector<int32_t> multipliers, shifts;
  for (int64_t j = 0; j < p.columns; ++j) {
    multipliers.push_back(thimble_matmul_multiplier(&p, j));
    shifts.push_back(multipliers.back() == 0 ? -1 : thimble_matmul_shift(&p, j));
  }
  requant->multiplier = ctx.constant(multipliers);
  requant->shift = ctx.constant(shifts);
  requant->zero_point = p.y_zero;
  requant->lo = p.lo;
  requant->hi = p.hi;
}

// One matrix of weights for all rows of x: a dense layer.
Result<bool> lower_dense(LowerContext& ctx, const Plan& p, const BatchMatmulAttrs& attrs) {
  GemmShape shape;
  shape.n = p.columns;
  shape.k = p.depth;
  shape.m = thimble_matmul_batches(&p) * p.rows;
  shape.weights_transposed = !attrs.adj_y;
  shape.asymmetric_rows = attrs.asymmetric_quantize_inputs;
  if (ctx.in(0).type == DType::i8) requantize_columns(ctx, p, &shape.requant);
  return lower_gemm(ctx, shape);
}

// x as the kernels take it, rows one after the other: transposed where the operator takes it so, int8 with flipped sign
// bits.
struct RowsParams {
  const KernelTable* kernels;
  const void* x;
  void* y;
  int64_t matrices, rows, depth;
  bool transpose;
};

void run_rows_f32(const RowsParams& p, int part, int parts) {
  const Range r = part_range(p.matrices, part, parts);
  const int64_t size = p.rows * p.depth;
  for (int64_t b = r.begin; b < r.end; ++b)
    p.kernels->gemm_f32.transpose(static_cast<const float*>(p.x) + b * size, p.depth, p.rows, p.rows,
                                  static_cast<float*>(p.y) + b * size, p.depth);
}

void run_rows_s8(const RowsParams& p, int part, int parts) {
  const Range r = part_range(p.matrices, part, parts);
  const int64_t size = p.rows * p.depth;
  const auto* x = static_cast<const uint8_t*>(p.x) + r.begin * size;
  auto* y = static_cast<uint8_t*>(p.y) + r.begin * size;
  if (!p.transpose) return p.kernels->gemm_s8.flip(x, y, (r.end - r.begin) * size, 0x80);
  for (int64_t b = r.begin; b < r.end; ++b, x += size)
    for (int64_t i = 0; i < p.rows; ++i)
      for (int64_t k = 0; k < p.depth; ++k) *y++ = x[k * p.rows + i] ^ 0x80;
}

template <auto Fn>
ScratchId rows_of(LowerContext& ctx, const Plan& p, bool transpose, int64_t bytes) {
  const Shape& x = ctx.in(0).shape;
  const ScratchId rows = ctx.scratch(x.elements() * bytes + 64);
  auto* r = ctx.step<Fn>(matrices(x) > 1 ? ctx.parts_for(static_cast<double>(x.elements()) * 0.3) : 1);
  r->kernels = &ctx.kernels;
  r->matrices = matrices(x);
  r->rows = p.rows;
  r->depth = p.depth;
  r->transpose = transpose;
  ctx.bind_in(&r->x, 0);
  ctx.bind_scratch(&r->y, rows);
  return rows;
}

// Which of its matrices each operand has for batch b.
struct Pair {
  int64_t x, w;
};
Pair pair_of(const Plan& p, int64_t b) {
  thimble_dim x = 0, w = 0;
  thimble_matmul_at(&p, b, &x, &w);
  return {x / std::max<int64_t>(p.rows * p.depth, 1), w / std::max<int64_t>(p.columns * p.depth, 1)};
}

// ---- float32 ----
struct PackParams {
  const GemmF32Kernels* kernels;
  PackBArgs args;  // of one matrix
  int64_t matrices, packed;
};

void run_pack_f32(const PackParams& p, int part, int parts) {
  const Range r = part_range(p.matrices, part, parts);
  for (int64_t m = r.begin; m < r.end; ++m) {
    PackBArgs a = p.args;
    a.b += m * a.rows * a.n;
    a.packed += m * p.packed;
    p.kernels->pack_b(a);
  }
}

struct MultiplyF32Params {
  const GemmF32Kernels* kernels;
  Plan plan;
  GemmF32Args args;  // of one batch
  int64_t packed;
};

void run_multiply_f32(const MultiplyF32Params& p, int part, int parts) {
  gemm_lowering::for_rows(thimble_matmul_batches(&p.plan), p.plan.rows, p.kernels->mr, part, parts,
                          [&](int64_t batch, int64_t first, int64_t count) {
                            const Pair pair = pair_of(p.plan, batch);
                            GemmF32Args a = p.args;
                            a.m = count;
                            a.a += (pair.x * p.plan.rows + first) * a.k;
                            a.b += pair.w * p.packed;
                            a.c += (batch * p.plan.rows + first) * a.n;
                            p.kernels->run(a);
                          });
}

bool lower_f32(LowerContext& ctx, const Plan& p, const BatchMatmulAttrs& attrs) {
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const int64_t count = matrices(ctx.in(1).shape), packed = kernels.packed_b_floats(p.columns, p.depth);
  const ScratchId rows = attrs.adj_x ? rows_of<run_rows_f32>(ctx, p, true, 4) : ScratchId{};
  const ScratchId weights = ctx.scratch(count * packed * 4);
  auto* pack = ctx.step<run_pack_f32>(count > 1 ? ctx.parts_for(static_cast<double>(count * packed) * 0.2) : 1);
  pack->kernels = &kernels;
  pack->args = {.rows = p.depth, .n = p.columns, .row_stride = p.w_depth, .column_stride = p.w_column};
  pack->matrices = count;
  pack->packed = packed;
  ctx.bind_in(&pack->args.b, 1);
  ctx.bind_scratch(&pack->args.packed, weights);
  const double flops = 2.0 * static_cast<double>(ctx.out().shape.elements()) * static_cast<double>(p.depth);
  auto* multiply = ctx.step<run_multiply_f32>(ctx.parts_for(flops / 90));
  multiply->kernels = &kernels;
  multiply->plan = p;
  multiply->packed = packed;
  GemmF32Args& a = multiply->args;
  a.n = a.ldc = p.columns;
  a.k = a.lda = p.depth;
  if (attrs.adj_x) {
    ctx.bind_scratch(&a.a, rows);
  } else {
    ctx.bind_in(&a.a, 0);
  }
  ctx.bind_scratch(&a.b, weights);
  ctx.bind_out(&a.c);
  return true;
}

// ---- int8 ----
// w less its zero point is −255 … 255: up to three int8 parts whose sum it is, taken as so many taps.
int parts_of_weights(int32_t zero) { return zero == 0 ? 1 : zero == -128 ? 3 : 2; }

struct PackS8Params {
  const GemmS8Kernels* kernels;
  Plan plan;
  const int8_t* w;
  int8_t *parts, *packed;
  int32_t* bias;  // [matrices, columns]: −(zero point of x + 128) · the sum of the column
  int64_t matrices, packed_bytes;
  int taps;
};

void run_pack_s8(const PackS8Params& p, int part, int parts) {
  const Range r = part_range(p.matrices, part, parts);
  const Plan& plan = p.plan;
  const int64_t size = plan.depth * plan.columns;
  for (int64_t m = r.begin; m < r.end; ++m) {
    const int8_t* w = p.w + m * size;
    int8_t* const split = p.parts + m * size * p.taps;  // [taps, depth, columns]
    for (int64_t j = 0; j < plan.columns; ++j) {
      uint32_t sum = 0;
      for (int64_t k = 0; k < plan.depth; ++k) {
        int32_t rest = w[k * plan.w_depth + j * plan.w_column] - plan.w_zero;
        sum += static_cast<uint32_t>(rest);
        for (int t = 0; t < p.taps; ++t) {
          const int32_t piece = std::clamp(rest, -128, 127);
          split[t * size + k * plan.columns + j] = static_cast<int8_t>(piece);
          rest -= piece;
        }
      }
      p.bias[m * plan.columns + j] = static_cast<int32_t>(0u - static_cast<uint32_t>(plan.x_zero + 128) * sum);
    }
    p.kernels->pack_b({.k = plan.depth,
                       .taps = p.taps,
                       .n = plan.columns,
                       .b = split,
                       .column_stride = 1,
                       .tap_stride = size,
                       .row_stride = plan.columns,
                       .packed = p.packed + m * p.packed_bytes});
  }
}

struct MultiplyS8Params {
  const GemmS8Kernels* kernels;
  Plan plan;
  GemmS8Args args;  // of one batch
  int64_t packed_bytes;
};

void run_multiply_s8(const MultiplyS8Params& p, int part, int parts) {
  gemm_lowering::for_rows(thimble_matmul_batches(&p.plan), p.plan.rows, p.kernels->mr, part, parts,
                          [&](int64_t batch, int64_t first, int64_t count) {
                            const Pair pair = pair_of(p.plan, batch);
                            GemmS8Args a = p.args;
                            a.m = count;
                            a.a += pair.x * p.plan.rows * a.k + (a.offsets ? 0 : first * a.k);
                            if (a.offsets) a.offsets += first * a.taps;
                            a.b += pair.w * p.packed_bytes;
                            a.bias += pair.w * a.n;
                            a.c_quantized += (batch * p.plan.rows + first) * a.n;
                            p.kernels->run_requant(a);
                          });
}

bool lower_s8(LowerContext& ctx, const Plan& p, const BatchMatmulAttrs& attrs) {
  const GemmS8Kernels& kernels = ctx.kernels.gemm_s8;
  const int taps = parts_of_weights(p.w_zero);
  const int64_t count = matrices(ctx.in(1).shape), bytes = kernels.packed_b_bytes(p.columns, p.depth, taps);
  if (p.rows * p.depth > INT32_MAX) return false;  // offsets have 32 bits
  const ScratchId rows = rows_of<run_rows_s8>(ctx, p, attrs.adj_x, 1);
  const ScratchId split = ctx.scratch(count * p.depth * p.columns * taps), packed = ctx.scratch(count * bytes),
                  bias = ctx.scratch(count * p.columns * 4);
  auto* pack =
      ctx.step<run_pack_s8>(count > 1 ? ctx.parts_for(static_cast<double>(ctx.in(1).shape.elements()) * taps) : 1);
  pack->kernels = &kernels;
  pack->plan = p;
  pack->matrices = count;
  pack->packed_bytes = bytes;
  pack->taps = taps;
  ctx.bind_in(&pack->w, 1);
  ctx.bind_scratch(&pack->parts, split);
  ctx.bind_scratch(&pack->packed, packed);
  ctx.bind_scratch(&pack->bias, bias);
  const double operations = static_cast<double>(ctx.out().shape.elements()) * static_cast<double>(p.depth * taps);
  auto* multiply = ctx.step<run_multiply_s8>(ctx.parts_for(operations / 150));
  multiply->kernels = &kernels;
  multiply->plan = p;
  multiply->packed_bytes = bytes;
  GemmS8Args& a = multiply->args;
  a.n = a.ldc = p.columns;
  a.k = a.lda = p.depth;
  a.taps = taps;
  if (taps > 1) {
    std::vector<int32_t> offsets;
    for (int64_t i = 0; i < p.rows * taps; ++i) offsets.push_back(static_cast<int32_t>(i / taps * p.depth));
    a.offsets = ctx.constant(offsets);
  }
  requantize_columns(ctx, p, &a.requant);
  ctx.bind_scratch(&a.a, rows);
  ctx.bind_scratch(&a.b, packed);
  ctx.bind_scratch(&a.bias, bias);
  ctx.bind_out(&a.c_quantized);
  return true;
}

}  // namespace

// float32 and int8; int16 and batches of hybrid products run by the reference.
Result<bool> batch_matmul(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<BatchMatmulAttrs>();
  const auto& p = ctx.plan<Plan>();
  const DType x = ctx.in(0).type, w = ctx.in(1).type, y = ctx.out().type;
  if (x == DType::i16 || y == DType::i32 || ctx.out().shape.elements() == 0 || p.depth == 0) return false;
  if (ctx.in(1).constant() && matrices(ctx.in(1).shape) == 1 && !attrs.adj_x && p.w_zero == 0) {
    THIMBLE_ASSIGN(const bool dense, lower_dense(ctx, p, attrs));
    if (dense) return true;
  }
  if (x == DType::f32 && w == DType::f32) return lower_f32(ctx, p, attrs);
  return x == DType::i8 && lower_s8(ctx, p, attrs);
}

}  // namespace thimble::lowering
