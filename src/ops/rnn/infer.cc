#include <algorithm>

#include "base/numbers.h"
#include "ops/recurrent.h"
#include "ops/rnn/rnn.h"

namespace thimble {
namespace infer {
namespace {

using namespace rnn_input;

Status check_cell(const InferContext& ctx, int first, DType type, int64_t units, const RnnPlan& p) {
  THIMBLE_TRY(recurrent::expect_matrix(ctx, first, type, Shape{units, p.inputs}));
  THIMBLE_TRY(recurrent::expect_matrix(ctx, first + 1, type, Shape{units, units}));
  THIMBLE_TRY(recurrent::expect_shape(ctx, first + 2, Shape{units}));
  THIMBLE_TRY(ctx.expect_type(first + 2, {DType::f32}));
  return recurrent::expect_state(ctx, first + 3, DType::f32, Shape{p.batch, units});
}

Status check_aux(InferContext& ctx, DType type, RnnPlan* p) {
  const bool weights = ctx.has(kAuxWeights);
  if (weights != ctx.has(kAuxWeights + 1))
    return fail(ErrorCode::bad_file, "weights of the auxiliary input are there for one direction only");
  if (!ctx.has(kAux))
    return weights ? fail(ErrorCode::bad_file, "there are weights of an auxiliary input, but not the input") : Status{};
  THIMBLE_TRY(ctx.expect_type(kAux, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(kAux, 3, 3));
  const Shape &x = ctx.in(kX).shape, &aux = ctx.in(kAux).shape;
  if (aux[0] != x[0] || aux[1] != x[1] || (!weights && aux[2] != x[2]))
    return fail(ErrorCode::bad_file,
                format("auxiliary input {} beside {}", ctx.in(kAux).to_string(), ctx.in(kX).to_string()));
  p->backward_reads_aux = !weights;
  if (!weights) return {};
  p->aux = aux[2];
  for (int i = 0; i < 2; ++i)
    THIMBLE_TRY(recurrent::expect_matrix(ctx, kAuxWeights + i, type, Shape{p->units[i], p->aux}));
  return {};
}

Status check_both_ways(InferContext& ctx, DType type, RnnPlan* p) {
  THIMBLE_TRY(ctx.expect_rank(kBackward, 2, 2));
  p->units[1] = ctx.in(kBackward).shape[0];
  if (p->units[1] < 1) return fail(ErrorCode::bad_file, "the backward cell has no units");
  THIMBLE_TRY(check_cell(ctx, kBackward, type, p->units[1], *p));
  if (ctx.node.inputs[kCell + 3] == ctx.node.inputs[kBackward + 3])
    return fail(ErrorCode::bad_file, "both directions have the same state");
  return check_aux(ctx, type, p);
}

}  // namespace

Status rnn(InferContext& ctx) {
  const bool both = ctx.node.op == Op::bidirectional_sequence_rnn, single = ctx.node.op == Op::rnn;
  THIMBLE_TRY(ctx.expect_attrs<RnnAttrs>());
  const auto& attrs = ctx.node.attrs.as<RnnAttrs>();
  THIMBLE_TRY(both ? ctx.expect_arity(12, 12, attrs.merge_outputs ? 1 : 2, 9) : ctx.expect_arity(5, 5, 1));
  THIMBLE_TRY(ctx.expect_type(kX, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(kX, single ? 2 : 3, single ? 2 : 3));
  THIMBLE_TRY(ctx.expect_rank(kCell, 2, 2));
  const DType type = ctx.in(kCell).type;
  if (type != DType::f32 && type != DType::i8)
    return fail(ErrorCode::unsupported, format("no kernel for weights {}", ctx.in(kCell).to_string()),
                "float32 and int8 are supported");
  const Shape& x = ctx.in(kX).shape;
  const bool time_major = attrs.time_major && !single;
  auto& p = ctx.plan.make<RnnPlan>();
  p.batch = x[time_major ? 1 : 0];
  p.time = single ? 1 : x[time_major ? 0 : 1];
  p.inputs = x.dim(-1);
  p.step = time_major ? p.batch : 1;
  p.sample = time_major ? 1 : p.time;
  p.units[0] = ctx.in(kCell).shape[0];
  if (p.batch < 1 || p.time < 1 || p.inputs < 1 || p.units[0] < 1)
    return fail(ErrorCode::bad_file, format("input {} or weights {} have an empty dimension", ctx.in(kX).to_string(),
                                            ctx.in(kCell).to_string()));
  THIMBLE_TRY(check_cell(ctx, kCell, type, p.units[0], p));
  if (both) THIMBLE_TRY(check_both_ways(ctx, type, &p));
  const bool merged = both && attrs.merge_outputs;
  for (size_t i = 0; i < ctx.outputs.size(); ++i) {
    ctx.outputs[i] = {DType::f32, x};
    std::vector<int64_t> dims(x.dims().begin(), x.dims().end());
    dims.back() = merged ? p.units[0] + p.units[1] : p.units[i];
    THIMBLE_ASSIGN(ctx.outputs[i].shape, Shape::make(std::span<const int64_t>(dims)));
  }
  for (const int64_t units : p.units) {
    int64_t macs;
    if (!checked_mul(p.batch * p.time, units * (p.inputs + p.aux + units), &macs) ||
        !checked_add(ctx.macs, macs, &ctx.macs))
      return fail(ErrorCode::unsupported, format("{} steps of {} units", p.batch * p.time, units));
  }
  const int64_t widest = std::max(p.units[0], p.units[1]);
  ctx.scratch_bytes = widest * 4 + (type == DType::i8 ? p.inputs + p.aux + widest : 0);  // the next h; quantised rows
  return {};
}

}  // namespace infer

void fields(PlanVisitor& v, const RnnPlan& p) {
  v.number("batch", p.batch);
  v.number("time", p.time);
  v.number("inputs", p.inputs);
  v.number("auxiliary inputs", p.aux);
  v.number("rows of a step", p.step);
  v.number("rows of a sample", p.sample);
  v.number("units", p.units[0]);
  v.number("units backward", p.units[1]);
  v.number("backward reads the auxiliary input", p.backward_reads_aux);
}

}  // namespace thimble
