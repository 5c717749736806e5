#include <algorithm>

#include "ops/lstm/lower_sequence.h"
#include "ops/lstm/lstm.h"

namespace thimble::lowering {
namespace {

struct PackParams {
  const GemmF32Kernels* kernels;
  PackBArgs recurrent, kernel;
  bool input_gradient;
};

void run_pack(const PackParams& p, int, int) {
  p.kernels->pack_b(p.recurrent);
  if (p.input_gradient) p.kernels->pack_b(p.kernel);
}

// dgates of every step, last to first; parts share the batch.
struct TimeParams {
  const KernelTable* kernels;
  int64_t batch, time, units;
  bool return_sequences;
  const float *recurrent, *gates, *cells, *tanh_cells, *dy, *zeros;
  float *dgates, *dh, *dc;
};

void run_time(const TimeParams& p, int part, int parts) {
  const Range r = part_range(p.batch, part, parts, p.kernels->gemm_f32.mr);
  const int64_t rows = r.end - r.begin, units = p.units, state = p.batch * units;
  if (rows <= 0) return;
  float *dh = p.dh + r.begin * units, *dc = p.dc + r.begin * units;
  std::fill_n(dc, rows * units, 0.0f);
  for (int64_t t = p.time - 1; t >= 0; --t) {
    const int64_t row = t * p.batch + r.begin;
    if (p.return_sequences) {
      for (int64_t b = 0; b < rows; ++b)
        std::copy_n(p.dy + ((r.begin + b) * p.time + t) * units, units, dh + b * units);
    } else if (t == p.time - 1) {
      std::copy_n(p.dy + r.begin * units, rows * units, dh);
    }
    if (t < p.time - 1) {
      GemmF32Args back{.m = rows, .n = units, .k = 4 * units, .lda = 4 * units, .ldc = units};
      back.accumulate = p.return_sequences;
      back.a = p.dgates + (row + p.batch) * 4 * units;
      back.b = p.recurrent;
      back.c = dh;
      p.kernels->gemm_f32.run(back);
    }
    LstmCellGradArgs cell{.rows = rows, .units = units};
    cell.gates = p.gates + row * 4 * units;
    cell.c_prev = t > 0 ? p.cells + (t - 1) * state + r.begin * units : p.zeros;
    cell.tanh_c = p.tanh_cells + row * units;
    cell.dh = dh;
    cell.dc = dc;
    cell.dgates = p.dgates + row * 4 * units;
    p.kernels->lstm.cell_grad_f32(cell);
  }
}

// Rows [4·units] of dkernel, drecurrent and dbias; parts share them.
struct WeightsParams {
  const KernelTable* kernels;
  GemmTnF32Args kernel, recurrent;
  float* dbias;
};

void run_weights(const WeightsParams& p, int part, int parts) {
  const Range r = part_range(p.kernel.k, part, parts, 16);
  if (r.begin == r.end) return;
  for (const GemmTnF32Args* whole : {&p.kernel, &p.recurrent}) {
    GemmTnF32Args a = *whole;
    a.k = r.end - r.begin;
    a.a += r.begin;
    a.c += r.begin * a.ldc;
    if (a.m > 0) {
      p.kernels->gemm_f32.run_tn(a);
    } else {
      std::fill_n(a.c, a.k * a.n, 0.0f);
    }
  }
  std::fill(p.dbias + r.begin, p.dbias + r.end, 0.0f);
  p.kernels->reduce.sum_rows_f32(p.kernel.a + r.begin, p.kernel.m, r.end - r.begin, p.kernel.k, p.dbias + r.begin);
}

// dx[b, t] = dgates[t, b] · kernel
struct InputParams {
  const GemmF32Kernels* kernels;
  GemmF32Args gemm;
};

void run_input(const InputParams& p, int part, int parts) {
  const Range r = part_range(p.gemm.m, part, parts, p.kernels->mr);
  if (r.begin == r.end) return;
  GemmF32Args a = p.gemm;
  a.m = r.end - r.begin;
  a.offsets += r.begin;
  a.c += r.begin * a.ldc;
  p.kernels->run(a);
}

// Where x's row (b, t) has its dgates: step-major rows of 4·units.
std::vector<int32_t> dgates_offsets(const LstmDims& d) {
  std::vector<int32_t> offsets;
  for (int64_t b = 0; b < d.batch; ++b)
    for (int64_t t = 0; t < d.time; ++t) offsets.push_back(static_cast<int32_t>((t * d.batch + b) * 4 * d.units));
  return offsets;
}

}  // namespace

Result<bool> lstm_grad(LowerContext& ctx) {
  const auto& attrs = ctx.node.attrs.as<LstmGradAttrs>();
  const LstmDims d = lstm_dims(ctx.in(0).shape, ctx.in(2).shape);
  const int64_t columns = 4 * d.units, steps = d.batch * d.time, state = d.batch * d.units;
  if (steps * columns > INT32_MAX) return false;  // row offsets have 32 bits
  const GemmF32Kernels& kernels = ctx.kernels.gemm_f32;
  const ScratchId recurrent = ctx.scratch(kernels.packed_b_floats(d.units, columns) * 4),
                  kernel = ctx.scratch(attrs.input_gradient ? kernels.packed_b_floats(d.inputs, columns) * 4 : 0);
  auto* pack = ctx.step<run_pack>();
  pack->kernels = &kernels;
  pack->input_gradient = attrs.input_gradient;
  pack->recurrent = PackBArgs{.rows = columns, .n = d.units, .row_stride = d.units, .column_stride = 1};
  pack->kernel = PackBArgs{.rows = columns, .n = d.inputs, .row_stride = d.inputs, .column_stride = 1};
  ctx.bind_in(&pack->recurrent.b, 2);
  ctx.bind_scratch(&pack->recurrent.packed, recurrent);
  ctx.bind_in(&pack->kernel.b, 1);
  ctx.bind_scratch(&pack->kernel.packed, kernel);

  const ScratchId dgates = ctx.scratch(steps * columns * 4), dh = ctx.scratch(state * 4), dc = ctx.scratch(state * 4);
  const double flops = 2.0 * static_cast<double>(steps) * static_cast<double>(columns);
  auto* p = ctx.step<run_time>(lstm_parts(ctx, d.batch, flops * static_cast<double>(d.units)));
  p->kernels = &ctx.kernels;
  p->batch = d.batch;
  p->time = d.time;
  p->units = d.units;
  p->return_sequences = attrs.return_sequences;
  p->zeros = ctx.constant<float>(state);
  ctx.bind_scratch(&p->recurrent, recurrent);
  ctx.bind_in(&p->gates, 3);
  ctx.bind_in(&p->cells, 4);
  ctx.bind_in(&p->tanh_cells, 5);
  ctx.bind_in(&p->dy, 7);
  ctx.bind_scratch(&p->dgates, dgates);
  ctx.bind_scratch(&p->dh, dh);
  ctx.bind_scratch(&p->dc, dc);

  const int32_t* offsets = ctx.constant(dgates_offsets(d));
  auto* w =
      ctx.step<run_weights>(columns >= 32 ? ctx.parts_for(flops * static_cast<double>(d.units + d.inputs) / 60) : 1);
  w->kernels = &ctx.kernels;
  w->kernel = GemmTnF32Args{.m = steps, .k = columns, .n = d.inputs, .ldb = d.inputs, .ldc = d.inputs};
  w->kernel.offsets = offsets;
  // h_{t−1} meets dgates_t: one step apart.
  w->recurrent =
      GemmTnF32Args{.m = steps - d.batch, .k = columns, .n = d.units, .lda = columns, .ldb = d.units, .ldc = d.units};
  ctx.bind_scratch(&w->kernel.a, dgates);
  ctx.bind_in(&w->kernel.b, 0);
  ctx.bind_out(&w->kernel.c, 0);
  ctx.bind_scratch(&w->recurrent.a, dgates, d.batch * columns * 4);
  ctx.bind_in(&w->recurrent.b, 6);
  ctx.bind_out(&w->recurrent.c, 1);
  ctx.bind_out(&w->dbias, 2);

  if (!attrs.input_gradient) return true;
  auto* x = ctx.step<run_input>(ctx.parts_for(flops * static_cast<double>(d.inputs) / 60));
  x->kernels = &kernels;
  x->gemm = GemmF32Args{.m = steps, .n = d.inputs, .k = columns, .ldc = d.inputs};
  x->gemm.offsets = offsets;
  x->gemm.zeros = ctx.constant<float>(columns);
  ctx.bind_scratch(&x->gemm.a, dgates);
  ctx.bind_scratch(&x->gemm.b, kernel);
  ctx.bind_out(&x->gemm.c, 3);
  return true;
}

}  // namespace thimble::lowering
