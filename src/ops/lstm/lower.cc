#include <algorithm>

#include "ops/lstm/lower_sequence.h"
#include "ops/lstm/lstm.h"

namespace thimble::lowering {
namespace {

struct PackParams {
  const GemmF32Kernels* kernels;
  PackBArgs kernel, recurrent;
};

void run_pack(const PackParams& p, int, int) {
  p.kernels->pack_b(p.kernel);
  p.kernels->pack_b(p.recurrent);
}

struct LstmParams {
  LstmSequence sequence;
  float* y;
  bool return_sequences;
};

void run_lstm(const LstmParams& p, int part, int parts) {
  const LstmSequence& s = p.sequence;
  run_lstm_sequence(s, part, parts);
  const Range r = part_range(s.batch, part, parts, s.kernels->gemm_f32.mr);
  for (int64_t b = r.begin; b < r.end; ++b) {
    const float* h = s.h + b * s.units;
    if (!p.return_sequences) {
      std::copy_n(h + (s.time - 1) * s.h_step, s.units, p.y + b * s.units);
      continue;
    }
    for (int64_t t = 0; t < s.time; ++t) std::copy_n(h + t * s.h_step, s.units, p.y + (b * s.time + t) * s.units);
  }
}

}  // namespace

// The weights are packed once per run (they are variables while training), then one step takes each
// part's share of the batch through all time steps.
Result<bool> lstm(LowerContext& ctx) {
  const LstmDims d = lstm_dims(ctx.in(0).shape, ctx.in(2).shape);
  const int64_t columns = 4 * d.units;
  if (ctx.in(0).shape.elements() > INT32_MAX) return false;  // row offsets have 32 bits
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const ScratchId kernel = ctx.scratch(kernels.packed_b_floats(columns, d.inputs) * 4),
                  recurrent = ctx.scratch(kernels.packed_b_floats(columns, d.units) * 4);
  auto* pack = ctx.step<run_pack>();
  pack->kernels = &kernels;
  pack->kernel = PackBArgs{.rows = d.inputs, .n = columns, .row_stride = 1, .column_stride = d.inputs};
  pack->recurrent = PackBArgs{.rows = d.units, .n = columns, .row_stride = 1, .column_stride = d.units};
  ctx.bind_in(&pack->kernel.b, 1);
  ctx.bind_in(&pack->recurrent.b, 2);
  ctx.bind_scratch(&pack->kernel.packed, kernel);
  ctx.bind_scratch(&pack->recurrent.packed, recurrent);

  const double flops =
      2.0 * static_cast<double>(d.batch * d.time) * static_cast<double>(columns * (d.inputs + d.units));
  auto* p = ctx.step<run_lstm>(lstm_parts(ctx, d.batch, flops));
  p->return_sequences = ctx.node.attrs.as<LstmAttrs>().return_sequences;
  LstmSequence& s = p->sequence;
  s.kernels = &ctx.kernels;
  s.batch = d.batch;
  s.time = d.time;
  s.units = d.units;
  s.input = GemmF32Args{.m = d.batch * d.time, .n = columns, .k = d.inputs, .ldc = columns};
  s.input.offsets = ctx.constant(lstm_row_offsets(d.batch, d.time, d.inputs, false));
  s.input.zeros = ctx.constant<float>(d.inputs);
  s.h_step = s.c_step = d.batch * d.units;
  s.h_row = d.units;
  s.c0 = ctx.constant<float>(d.batch * d.units);
  s.cell_clip = ctx.node.attrs.as<LstmAttrs>().cell_clip;
  ctx.bind_in(&s.input.a, 0);
  ctx.bind_scratch(&s.input.b, kernel);
  ctx.bind_in(&s.input.bias, 3);
  ctx.bind_scratch(&s.recurrent, recurrent);
  ctx.bind_out(&p->y, 0);
  ctx.bind_out(&s.gates, 1);
  ctx.bind_out(&s.c, 2);
  ctx.bind_out(&s.tanh_c, 3);
  ctx.bind_out(&s.h, 4);
  return true;
}

}  // namespace thimble::lowering
