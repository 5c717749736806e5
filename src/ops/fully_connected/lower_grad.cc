#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

// dx [batch, inputs] = dy [batch, outputs] · w [outputs, inputs]: w's rows are already B's rows.
struct GradInputParams {
  const GemmF32Kernels* kernels;
  PackBArgs pack;
  GemmF32Args gemm;
};

void run_pack_w(const GradInputParams& p, int part, int parts) {
  const Range r = part_range(p.pack.n, part, parts, p.kernels->nr);
  if (r.begin == r.end) return;
  PackBArgs a = p.pack;
  a.n = r.end - r.begin;
  a.b += r.begin;
  a.packed += r.begin * a.rows;
  p.kernels->pack_b(a);
}

void run_grad_input(const GradInputParams& p, int part, int parts) {
  const Range r = part_range(p.gemm.m, part, parts, p.kernels->mr);
  if (r.begin == r.end) return;
  GemmF32Args a = p.gemm;
  a.m = r.end - r.begin;
  a.a += r.begin * a.lda;
  a.c += r.begin * a.ldc;
  p.kernels->run(a);
}

// dw [outputs, inputs] = dyᵀ · x; parts share the rows of dw.
struct GradWeightsParams {
  const GemmF32Kernels* kernels;
  GemmTnF32Args gemm;
};

void run_grad_weights(const GradWeightsParams& p, int part, int parts) {
  const Range r = part_range(p.gemm.k, part, parts, p.kernels->mr);
  if (r.begin == r.end) return;
  GemmTnF32Args a = p.gemm;
  a.k = r.end - r.begin;
  a.a += r.begin;
  a.c += r.begin * a.ldc;
  p.kernels->run_tn(a);
}

struct BiasGradParams {
  const ReduceKernels* kernels;
  const float* dy;
  float* db;
  int64_t rows, channels;
};

void run_bias_grad(const BiasGradParams& p, int part, int parts) {
  const Range r = part_range(p.channels, part, parts, 16);
  if (r.begin == r.end) return;
  for (int64_t c = r.begin; c < r.end; ++c) p.db[c] = 0;
  p.kernels->sum_rows_f32(p.dy + r.begin, p.rows, r.end - r.begin, p.channels, p.db + r.begin);
}

}  // namespace

Result<bool> fully_connected_grad_input(LowerContext& ctx) {
  const Shape& w = ctx.in(1).shape;
  const int64_t outputs = w[0], inputs = w[1], batch = ctx.in(0).shape.elements() / outputs;
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const ScratchId packed = ctx.scratch(kernels.packed_b_floats(inputs, outputs) * 4);
  const PackBArgs pack{.rows = outputs, .n = inputs, .row_stride = inputs, .column_stride = 1};
  auto* first = ctx.step<run_pack_w>(ctx.parts_for(static_cast<double>(outputs * inputs) * 0.1));
  first->kernels = &kernels;
  first->pack = pack;
  ctx.bind_in(&first->pack.b, 1);
  ctx.bind_scratch(&first->pack.packed, packed);
  auto* p = ctx.step<run_grad_input>(ctx.parts_for(static_cast<double>(2 * batch * outputs * inputs) / 90));
  p->kernels = &kernels;
  p->gemm = GemmF32Args{.m = batch, .n = inputs, .k = outputs, .lda = outputs, .ldc = inputs};
  ctx.bind_in(&p->gemm.a, 0);
  ctx.bind_scratch(&p->gemm.b, packed);
  ctx.bind_out(&p->gemm.c);
  return true;
}

Result<bool> fully_connected_grad_weights(LowerContext& ctx) {
  const Shape& dw = ctx.out().shape;
  const int64_t batch = ctx.in(1).shape.elements() / dw[0];
  auto* p = ctx.step<run_grad_weights>(ctx.parts_for(static_cast<double>(2 * batch * dw.elements()) / 90));
  p->kernels = &ctx.kernels.gemm_f32;
  p->gemm = GemmTnF32Args{.m = batch, .k = dw[0], .n = dw[1], .lda = dw[0], .ldb = dw[1], .ldc = dw[1]};
  ctx.bind_in(&p->gemm.a, 1);
  ctx.bind_in(&p->gemm.b, 0);
  ctx.bind_out(&p->gemm.c);
  return true;
}

Result<bool> bias_grad(LowerContext& ctx) {
  const int64_t channels = ctx.out().shape[0], elements = ctx.in(0).shape.elements();
  auto* p = ctx.step<run_bias_grad>(channels >= 32 ? ctx.parts_for(static_cast<double>(elements) * 0.15) : 1);
  p->kernels = &ctx.kernels.reduce;
  p->rows = channels ? elements / channels : 0;
  p->channels = channels;
  ctx.bind_in(&p->dy, 0);
  ctx.bind_out(&p->db);
  return true;
}

}  // namespace thimble::lowering
