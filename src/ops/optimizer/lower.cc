#include <algorithm>

#include "ops/optimizer/optimizer.h"
#include "runtime/lower.h"

namespace thimble::lowering {
namespace {

struct Params {
  void (*step)(const UpdateArgs&);
  UpdateArgs args;
};

void run(const Params& p, int part, int parts) {
  const Range r = part_range(p.args.n, part, parts, 64);
  if (r.begin == r.end) return;
  UpdateArgs a = p.args;
  a.n = r.end - r.begin;
  a.w += r.begin;
  a.g += r.begin;
  for (float** state : {&a.s0, &a.s1, &a.s2})
    if (*state) *state += r.begin;
  p.step(a);
}

// A block of rows of w: its gradient goes into `block`, then the rule's step reads it from there.
struct DenseParams {
  const GemmF32Kernels* gemm;
  void (*step)(const UpdateArgs&);
  UpdateArgs args;  // of the whole of w
  const float *x, *dy;
  float* block;  // block_rows · inputs per part
  int64_t batch, outputs, inputs, block_rows;
};

void run_dense(const DenseParams& p, int part, int parts) {
  const Range r = part_range(p.outputs, part, parts, p.gemm->mr);
  float* block = p.block + part * p.block_rows * p.inputs;
  for (int64_t row = r.begin; row < r.end; row += p.block_rows) {
    const int64_t rows = r.end - row < p.block_rows ? r.end - row : p.block_rows, first = row * p.inputs;
    p.gemm->run_tn({.m = p.batch,
                    .k = rows,
                    .n = p.inputs,
                    .a = p.dy + row,
                    .lda = p.outputs,
                    .b = p.x,
                    .ldb = p.inputs,
                    .c = block,
                    .ldc = p.inputs});
    UpdateArgs a = p.args;
    a.n = rows * p.inputs;
    a.w += first;
    a.g = block;
    for (float** state : {&a.s0, &a.s1, &a.s2})
      if (*state) *state += first;
    p.step(a);
  }
}

// Few samples and nothing but w −= rate · g: the products are summed into w itself. `block` holds −rate · dy.
void run_dense_plain(const DenseParams& p, int part, int parts) {
  const Range r = part_range(p.outputs, part, parts, p.gemm->mr);
  if (r.begin == r.end) return;
  float* scaled = p.block + part * p.batch * p.outputs;
  for (int64_t i = 0; i < p.batch * p.outputs; ++i) scaled[i] = -p.args.p[0] * p.dy[i];
  p.gemm->run_tn({.m = p.batch,
                  .k = r.end - r.begin,
                  .n = p.inputs,
                  .a = scaled + r.begin,
                  .lda = p.outputs,
                  .b = p.x,
                  .ldb = p.inputs,
                  .c = p.args.w + r.begin * p.inputs,
                  .ldc = p.inputs,
                  .accumulate = true});
}

}  // namespace

Result<bool> optimizer_update(LowerContext& ctx) {
  const int64_t n = ctx.in(0).shape.elements();
  const bool plain = static_cast<UpdateRule>(ctx.node.attrs.as<OptimizerAttrs>().rule) == UpdateRule::sgd;
  // About 0.5 ns per weight, but bound by memory: where weights and state fit into a core's own cache, moving half of
  // them to another core costs what it gains.
  auto* p = ctx.step<run>(ctx.parts_for(static_cast<double>(n) * (plain ? 0.06 : 0.2)));
  p->step = ctx.kernels.update.step[ctx.node.attrs.as<OptimizerAttrs>().rule];
  p->args.n = n;
  ctx.bind_in(&p->args.w, 0);
  ctx.bind_in(&p->args.g, 1);
  ctx.bind_in(&p->args.p, 2);
  ctx.bind_in(&p->args.s0, 3);
  ctx.bind_in(&p->args.s1, 4);
  ctx.bind_in(&p->args.s2, 5);
  return p->step != nullptr;
}

Result<bool> fully_connected_update(LowerContext& ctx) {
  const Shape& w = ctx.in(0).shape;
  const auto& attrs = ctx.node.attrs.as<OptimizerAttrs>();
  const int64_t batch = ctx.in(3).shape.elements() / w[0];
  const bool plain = attrs.plain && batch <= 4;
  const int64_t wanted = 4096 / std::max<int64_t>(1, w[1]), mr = ctx.kernels.gemm_f32.mr;  // 16 KB of gradient
  const int64_t block_rows = std::max(mr, wanted / mr * mr);
  const int parts = ctx.parts_for(static_cast<double>(w.elements()) * (0.05 + 2.0 * static_cast<double>(batch) / 90));
  const ScratchId block = ctx.scratch(parts * (plain ? batch * w[0] : block_rows * w[1]) * 4);
  auto* p = plain ? ctx.step<run_dense_plain>(parts) : ctx.step<run_dense>(parts);
  p->gemm = &ctx.kernels.gemm_f32;
  p->step = ctx.kernels.update.step[attrs.rule];
  p->batch = batch;
  p->outputs = w[0];
  p->inputs = w[1];
  p->block_rows = block_rows;
  ctx.bind_in(&p->args.w, 0);
  ctx.bind_in(&p->x, 1);
  ctx.bind_in(&p->args.p, 2);
  ctx.bind_in(&p->dy, 3);
  ctx.bind_in(&p->args.s0, 4);
  ctx.bind_in(&p->args.s1, 5);
  ctx.bind_in(&p->args.s2, 6);
  ctx.bind_scratch(&p->block, block);
  return p->step != nullptr;
}

}  // namespace thimble::lowering
