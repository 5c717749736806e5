#include <algorithm>

#include "ops/lstm/lower_sequence.h"
#include "ops/unidirectional_sequence_lstm/lower_integer.h"

namespace thimble::lowering {
namespace {

using namespace sequence_lstm;

struct FloatParams {
  LstmSequence sequence;  // h: rows of y
  float* h_state;
};

void run_float(const FloatParams& p, int part, int parts) {
  const LstmSequence& s = p.sequence;
  run_lstm_sequence(s, part, parts);
  const Range r = part_range(s.batch, part, parts, s.kernels->gemm_f32.mr);
  for (int64_t b = r.begin; b < r.end; ++b)
    std::copy_n(s.h + (s.time - 1) * s.h_step + b * s.h_row, s.units, p.h_state + b * s.units);
}

// The four gates' matrices below one another, packed: [columns, 4·units].
const float* pack(LowerContext& ctx, int first, int64_t columns, int64_t units) {
  std::vector<float> all;
  for (int g = 0; g < kGates; ++g) {
    const auto w = ctx.in(first + g).data.as<float>();
    all.insert(all.end(), w.begin(), w.end());
  }
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  auto* packed = ctx.constant<float>(kernels.packed_b_floats(4 * units, columns));
  kernels.pack_b(
      {.rows = columns, .n = 4 * units, .b = all.data(), .row_stride = 1, .column_stride = columns, .packed = packed});
  return packed;
}

bool lower_float(LowerContext& ctx, const thimble_unidirectional_sequence_lstm& d, const SequenceLstmAttrs& attrs) {
  if (attrs.activation != Activation::tanh || ctx.has(kPeephole)) return false;
  if (ctx.in(kInput).shape.elements() > INT32_MAX) return false;  // row offsets have 32 bits
  const ScratchId gates = ctx.scratch(d.time * d.batch * 4 * d.units * 4);
  const double flops = 8.0 * static_cast<double>(d.batch * d.time * d.units) * static_cast<double>(d.inputs + d.units);
  auto* p = ctx.step<run_float>(lstm_parts(ctx, d.batch, flops));
  LstmSequence& s = p->sequence;
  s.kernels = &ctx.kernels;
  s.batch = d.batch;
  s.time = d.time;
  s.units = d.units;
  s.cell_clip = attrs.cell_clip;
  s.input = GemmF32Args{.m = d.batch * d.time, .n = 4 * d.units, .k = d.inputs, .ldc = 4 * d.units};
  s.input.offsets = ctx.constant(lstm_row_offsets(d.batch, d.time, d.inputs, attrs.time_major));
  s.input.zeros = ctx.constant<float>(d.inputs);
  s.input.b = pack(ctx, kInputWeights, d.inputs, d.units);
  s.recurrent = pack(ctx, kRecurrentWeights, d.units, d.units);
  std::vector<float> bias;
  for (int g = 0; g < kGates; ++g) {
    const auto values = ctx.in(kBias + g).data.as<float>();
    bias.insert(bias.end(), values.begin(), values.end());
  }
  s.input.bias = ctx.constant(bias);
  s.h_step = d.step * d.units;
  s.h_row = d.sample * d.units;
  ctx.bind_in(&s.input.a, kInput);
  ctx.bind_scratch(&s.gates, gates);
  ctx.bind_in(&s.h0, kHiddenState);
  ctx.bind_in(&p->h_state, kHiddenState);
  ctx.bind_in(&s.c0, kCellState);
  ctx.bind_in(&s.c, kCellState);
  ctx.bind_out(&s.h);
  return true;
}

}  // namespace

// The form of kernel.h; the others run by the reference.
Result<bool> unidirectional_sequence_lstm(LowerContext& ctx) {
  if (!ctx.resolved.plan.holds<thimble_unidirectional_sequence_lstm>()) return false;
  const auto& attrs = ctx.node.attrs.as<SequenceLstmAttrs>();
  const auto& d = ctx.plan<thimble_unidirectional_sequence_lstm>();
  for (int i = kInputWeights; i < kPeephole; ++i)
    if (!ctx.in(i).constant()) return false;
  for (int i = kBias; i < kBias + kGates; ++i)
    if (!ctx.in(i).constant()) return false;
  if (ctx.in(kInputWeights).type == DType::f32) return lower_float(ctx, d, attrs);
  return ctx.in(kInput).type == DType::i8 ? lower_sequence_lstm_s8(ctx, d) : lower_sequence_lstm_hybrid(ctx, d, attrs);
}

}  // namespace thimble::lowering
