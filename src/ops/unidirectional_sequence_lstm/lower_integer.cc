// The fast integer and hybrid forms. The inputs' share of all steps is one int8 product; each step adds
// the recurrent product and the cell.
#include "ops/unidirectional_sequence_lstm/lower_integer.h"

#include <algorithm>

#include "ops/lstm/lower_sequence.h"

namespace thimble::lowering {
namespace {

using namespace sequence_lstm;
using Lstm = thimble_unidirectional_sequence_lstm;

// Four gates' int8 matrices below one another: packed, with each column's sum and scale.
struct Matrix {
  const int8_t* packed;
  std::vector<int32_t> sums;
  std::vector<float> scales;
};

Matrix pack(LowerContext& ctx, int first, int64_t columns, int64_t units) {
  Matrix m;
  std::vector<int8_t> all;
  for (int g = 0; g < kGates; ++g) {
    const Tensor& w = ctx.in(first + g);
    const auto values = w.data.as<int8_t>();
    all.insert(all.end(), values.begin(), values.end());
    m.scales.insert(m.scales.end(), static_cast<size_t>(units), w.quant.scale[0]);
    for (int64_t u = 0; u < units; ++u) {
      int32_t sum = 0;
      for (int64_t i = 0; i < columns; ++i) sum += values[static_cast<size_t>(u * columns + i)];
      m.sums.push_back(sum);
    }
  }
  const GemmS8Kernels& kernels = ctx.kernels.gemm_s8;
  auto* packed = ctx.constant<int8_t>(kernels.packed_b_bytes(4 * units, columns, 1));
  kernels.pack_b(
      {.k = columns, .taps = 1, .n = 4 * units, .b = all.data(), .column_stride = columns, .packed = packed});
  m.packed = packed;
  return m;
}

GemmS8Args product(LowerContext& ctx, const Matrix& m, int64_t rows, int64_t k, int64_t n) {
  GemmS8Args a{.m = rows, .n = n, .k = k, .lda = k, .ldc = n};
  a.b = m.packed;
  a.bias = ctx.constant<int32_t>(n);
  a.column_scale = ctx.constant(std::vector<float>(static_cast<size_t>(n), 1.0f));
  a.row_scale = ctx.constant(std::vector<float>(static_cast<size_t>(rows), 1.0f));
  return a;
}

// ---- integer 8x8_16 ----
struct IntegerParams {
  const KernelTable* kernels;
  Lstm d;
  GemmS8Args from_x, from_h;
  LstmGatesS16Args gates_x, gates_h;
  LstmCellS16Args cell;
  const uint8_t* x;
  uint8_t *rows_x, *h, *h_state, *y;  // rows_x, h: biased bytes
  float* sums;
};

void run_integer(const IntegerParams& p, int, int) {
  const Lstm& d = p.d;
  const GemmS8Kernels& gemm = p.kernels->gemm_s8;
  const int64_t state = d.batch * d.units;
  for (int64_t t = 0; t < d.time; ++t)
    for (int64_t b = 0; b < d.batch; ++b)
      gemm.flip(p.x + (t * d.step + b * d.sample) * d.inputs, p.rows_x + (t * d.batch + b) * d.inputs, d.inputs, 0x80);
  gemm.run_dequant(p.from_x);
  p.kernels->lstm.gates_s16(p.gates_x);
  gemm.flip(p.h_state, p.h, state, 0x80);
  for (int64_t t = 0; t < d.time; ++t) {
    gemm.run_dequant(p.from_h);
    LstmGatesS16Args gates = p.gates_h;
    gates.gates += t * 4 * state;
    p.kernels->lstm.gates_s16(gates);
    LstmCellS16Args cell = p.cell;
    cell.gates = gates.gates;
    p.kernels->lstm.cell_s16(cell);
    for (int64_t b = 0; b < d.batch; ++b)
      gemm.flip(p.h + b * d.units, p.y + (t * d.step + b * d.sample) * d.units, d.units, 0x80);
  }
  gemm.flip(p.h, p.h_state, state, 0x80);
}

// The bytes are q + 128: the zero point as the product sees it is zero + 128.
std::vector<int32_t> folded(const std::vector<int32_t>& sums, int32_t zero) {
  std::vector<int32_t> bias;
  for (int32_t sum : sums)
    bias.push_back(static_cast<int32_t>(0u - static_cast<uint32_t>(zero + 128) * static_cast<uint32_t>(sum)));
  return bias;
}

void set_multipliers(LowerContext& ctx, LstmGatesS16Args& a, const thimble_lstm_multiplier (&gates)[4], int64_t units) {
  std::vector<int32_t> multiplier, shift;
  for (int g = 0; g < kGates; ++g) {
    multiplier.insert(multiplier.end(), static_cast<size_t>(units), gates[g].multiplier);
    shift.insert(shift.end(), static_cast<size_t>(units), gates[g].shift);
  }
  a.multiplier = ctx.constant(multiplier);
  a.shift = ctx.constant(shift);
}

// ---- hybrid ----
struct HybridParams {
  const KernelTable* kernels;
  Lstm d;
  GemmS8Args from_x, from_h;
  const float* x;
  uint8_t *rows_x, *rows_h;
  float *scale_x, *scale_h, *gates, *sums, *h, *c, *y;
  float cell_clip;
};

void run_hybrid(const HybridParams& p, int, int) {
  const Lstm& d = p.d;
  const KernelTable& k = *p.kernels;
  const int64_t row_gates = 4 * d.units, step_gates = d.batch * row_gates;
  for (int64_t t = 0; t < d.time; ++t)
    for (int64_t b = 0; b < d.batch; ++b) {
      const int64_t row = t * d.batch + b;
      p.scale_x[row] =
          k.map.quantize_row(p.x + (t * d.step + b * d.sample) * d.inputs, p.rows_x + row * d.inputs, d.inputs);
    }
  k.gemm_s8.run_dequant(p.from_x);
  for (int64_t t = 0; t < d.time; ++t) {
    for (int64_t b = 0; b < d.batch; ++b)
      p.scale_h[b] = k.map.quantize_row(p.h + b * d.units, p.rows_h + b * d.units, d.units);
    k.gemm_s8.run_dequant(p.from_h);
    float* gates = p.gates + t * step_gates;
    for (int64_t i = 0; i < step_gates; ++i) gates[i] += p.sums[i];
    LstmCellArgs cell{.rows = d.batch, .units = d.units, .gates = gates, .ldh = d.units, .cell_clip = p.cell_clip};
    cell.c_prev = cell.c = p.c;
    cell.h = p.h;
    k.lstm.cell_f32(cell);
    for (int64_t b = 0; b < d.batch; ++b)
      std::copy_n(p.h + b * d.units, d.units, p.y + (t * d.step + b * d.sample) * d.units);
  }
}

}  // namespace

// Sums travel as floats: exact while k · 255 · 127 stays below 2^24.
constexpr int64_t kLargestExactK = 518;

bool lower_sequence_lstm_s8(LowerContext& ctx, const Lstm& d) {
  if (d.inputs > kLargestExactK || d.units > kLargestExactK) return false;
  const int64_t columns = 4 * d.units, steps = d.batch * d.time;
  const Matrix wx = pack(ctx, kInputWeights, d.inputs, d.units), wh = pack(ctx, kRecurrentWeights, d.units, d.units);
  const ScratchId rows_x = ctx.scratch(steps * d.inputs + 64), h = ctx.scratch(d.batch * d.units + 64),
                  sums = ctx.scratch(steps * columns * 4), gates = ctx.scratch(steps * columns * 2);
  auto* p = ctx.step<run_integer>();
  p->kernels = &ctx.kernels;
  p->d = d;
  p->from_x = product(ctx, wx, steps, d.inputs, columns);
  p->from_h = product(ctx, wh, d.batch, d.units, columns);
  std::vector<int32_t> bias = folded(wx.sums, d.x_zero);
  for (size_t j = 0; j < bias.size(); ++j) {
    const auto units = static_cast<size_t>(d.units);
    const int32_t own = ctx.in(kBias + static_cast<int>(j / units)).data.as<int32_t>()[j % units];
    bias[j] = static_cast<int32_t>(static_cast<uint32_t>(bias[j]) + static_cast<uint32_t>(own));
  }
  p->gates_x.rows = steps;
  p->gates_h.rows = p->cell.rows = d.batch;
  p->gates_x.units = p->gates_h.units = p->cell.units = d.units;
  p->gates_x.bias = ctx.constant(bias);
  p->gates_h.bias = ctx.constant(folded(wh.sums, d.h_zero));
  p->gates_h.accumulate = true;
  set_multipliers(ctx, p->gates_x, d.input, d.units);
  set_multipliers(ctx, p->gates_h, d.recurrent, d.units);
  p->cell.power = d.cell_power;
  p->cell.cell_clip = d.cell_clip;
  p->cell.multiplier = d.hidden.multiplier;
  p->cell.shift = d.hidden.shift;
  p->cell.zero_point = d.y_zero;
  ctx.bind_in(&p->x, kInput);
  ctx.bind_in(&p->h_state, kHiddenState);
  ctx.bind_in(&p->cell.c, kCellState);
  ctx.bind_out(&p->y);
  ctx.bind_scratch(&p->rows_x, rows_x);
  ctx.bind_scratch(&p->from_x.a, rows_x);
  ctx.bind_scratch(&p->h, h);
  ctx.bind_scratch(&p->from_h.a, h);
  ctx.bind_scratch(&p->cell.h, h);
  ctx.bind_scratch(&p->from_x.c_float, sums);
  ctx.bind_scratch(&p->from_h.c_float, sums);
  ctx.bind_scratch(&p->gates_x.sums, sums);
  ctx.bind_scratch(&p->gates_h.sums, sums);
  ctx.bind_scratch(&p->gates_x.gates, gates);
  ctx.bind_scratch(&p->gates_h.gates, gates);
  return true;
}

bool lower_sequence_lstm_hybrid(LowerContext& ctx, const Lstm& d, const SequenceLstmAttrs& attrs) {
  if (attrs.activation != Activation::tanh || attrs.asymmetric_quantize_inputs || ctx.has(kPeephole)) return false;
  const int64_t columns = 4 * d.units, steps = d.batch * d.time;
  const Matrix wx = pack(ctx, kInputWeights, d.inputs, d.units), wh = pack(ctx, kRecurrentWeights, d.units, d.units);
  const ScratchId rows_x = ctx.scratch(steps * d.inputs + 64), rows_h = ctx.scratch(d.batch * d.units + 64),
                  scale_x = ctx.scratch(steps * 4), scale_h = ctx.scratch(d.batch * 4),
                  gates = ctx.scratch(steps * columns * 4), sums = ctx.scratch(d.batch * columns * 4);
  auto* p = ctx.step<run_hybrid>();
  p->kernels = &ctx.kernels;
  p->d = d;
  p->cell_clip = attrs.cell_clip;
  std::vector<float> bias;
  for (int g = 0; g < kGates; ++g) {
    const auto values = ctx.in(kBias + g).data.as<float>();
    bias.insert(bias.end(), values.begin(), values.end());
  }
  p->from_x = product(ctx, wx, steps, d.inputs, columns);
  p->from_x.bias = ctx.constant(folded(wx.sums, 0));
  p->from_x.column_scale = ctx.constant(wx.scales);
  p->from_x.float_bias = ctx.constant(bias);
  p->from_h = product(ctx, wh, d.batch, d.units, columns);
  p->from_h.bias = ctx.constant(folded(wh.sums, 0));
  p->from_h.column_scale = ctx.constant(wh.scales);
  ctx.bind_in(&p->x, kInput);
  ctx.bind_in(&p->h, kHiddenState);
  ctx.bind_in(&p->c, kCellState);
  ctx.bind_out(&p->y);
  ctx.bind_scratch(&p->rows_x, rows_x);
  ctx.bind_scratch(&p->from_x.a, rows_x);
  ctx.bind_scratch(&p->rows_h, rows_h);
  ctx.bind_scratch(&p->from_h.a, rows_h);
  ctx.bind_scratch(&p->scale_x, scale_x);
  ctx.bind_scratch(&p->from_x.row_scale, scale_x);
  ctx.bind_scratch(&p->scale_h, scale_h);
  ctx.bind_scratch(&p->from_h.row_scale, scale_h);
  ctx.bind_scratch(&p->gates, gates);
  ctx.bind_scratch(&p->from_x.c_float, gates);
  ctx.bind_scratch(&p->sums, sums);
  ctx.bind_scratch(&p->from_h.c_float, sums);
  return true;
}

}  // namespace thimble::lowering
