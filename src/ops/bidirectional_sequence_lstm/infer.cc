#include <algorithm>

#include "ops/bidirectional_sequence_lstm/bidirectional_sequence_lstm.h"

namespace thimble {
namespace infer {
namespace {

using namespace bidirectional_lstm;

// Columns of the auxiliary input where it has weights; 0: there is none, or the backward cell reads it in place of x.
Result<int64_t> aux_columns(const InferContext& ctx, bool* instead) {
  const bool weights = ctx.has(kAuxWeights + 1);
  for (int cell = 0; cell < 2; ++cell)
    for (int g = 1; g < 4; ++g)
      if (ctx.has(kAuxWeights + 4 * cell + g) != weights)
        return fail(ErrorCode::bad_file, "weights of the auxiliary input are there for some gates only");
  if (!ctx.has(kAux)) {
    if (weights) return fail(ErrorCode::bad_file, "there are weights of an auxiliary input, but not the input");
    return 0;
  }
  THIMBLE_TRY(ctx.expect_type(kAux, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(kAux, 3, 3));
  const Shape &x = ctx.in(kX).shape, &aux = ctx.in(kAux).shape;
  if (aux[0] != x[0] || aux[1] != x[1] || aux[2] < 1 || (!weights && aux[2] != x[2]))
    return fail(ErrorCode::bad_file,
                format("auxiliary input {} beside {}", ctx.in(kAux).to_string(), ctx.in(kX).to_string()));
  *instead = !weights;
  return weights ? aux[2] : 0;
}

}  // namespace

Status bidirectional_sequence_lstm(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<BidirectionalLstmAttrs>());
  const auto& attrs = ctx.node.attrs.as<BidirectionalLstmAttrs>();
  THIMBLE_TRY(ctx.expect_arity(kInputs, kInputs, attrs.merge_outputs ? 1 : 2, 1));
  THIMBLE_TRY(ctx.expect_type(kX, {DType::f32}));
  THIMBLE_TRY(ctx.expect_rank(kX, 3, 3));
  const Shape& x = ctx.in(kX).shape;
  auto& p = ctx.plan.make<bidirectional_lstm::Plan>();
  THIMBLE_ASSIGN(const int64_t aux, aux_columns(ctx, &p.backward_reads_aux));
  int64_t scratch = 0;
  for (auto* cell : {&p.forward, &p.backward}) {
    cell->batch = x[attrs.time_major ? 1 : 0];
    cell->time = x[attrs.time_major ? 0 : 1];
    cell->inputs = x[2];
    cell->aux = aux;
    cell->step = attrs.time_major ? cell->batch : 1;
    cell->sample = attrs.time_major ? 1 : cell->time;
    THIMBLE_TRY(lstm_forms::check(
        ctx, cell == &p.forward ? lstm_forms::kForward : lstm_forms::kBackward,
        {attrs.activation, attrs.cell_clip, attrs.proj_clip, attrs.asymmetric_quantize_inputs}, cell));
    THIMBLE_ASSIGN(const int64_t bytes, lstm_forms::scratch_bytes(*cell, &ctx.macs));
    scratch = std::max(scratch, bytes);
  }
  for (int own : {35, 36})
    for (int other : {37, 38})
      if (ctx.node.inputs[static_cast<size_t>(own)] == ctx.node.inputs[static_cast<size_t>(other)])
        return fail(ErrorCode::bad_file, "both directions have the same state");
  ctx.scratch_bytes = scratch;
  const int64_t columns[] = {p.forward.outputs, p.backward.outputs};
  for (size_t i = 0; i < ctx.outputs.size(); ++i) {
    const int64_t dims[] = {x[0], x[1], attrs.merge_outputs ? columns[0] + columns[1] : columns[i]};
    ctx.outputs[i].type = DType::f32;
    THIMBLE_ASSIGN(ctx.outputs[i].shape, Shape::make(std::span<const int64_t>(dims)));
  }
  return {};
}

}  // namespace infer

void bidirectional_lstm::fields(PlanVisitor& v, const Plan& p) {
  v.begin("forward");
  lstm_forms::fields(v, p.forward);
  v.end();
  v.begin("backward");
  lstm_forms::fields(v, p.backward);
  v.end();
  v.number("backward reads the auxiliary input", p.backward_reads_aux);
}

}  // namespace thimble
