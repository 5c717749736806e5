#include "ops/concatenation/concatenation.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

namespace {

// Rows of uint8 from one scale to another.
struct RescaleParams {
  void (*lut)(const uint8_t*, uint8_t*, int64_t, const uint8_t*);
  const uint8_t *table, *x;
  uint8_t* y;
  int64_t rows, run, y_row;
};

void run_rescale(const RescaleParams& p, int part, int parts) {
  const Range r = part_range(p.rows, part, parts);
  for (int64_t i = r.begin; i < r.end; ++i) p.lut(p.x + i * p.run, p.y + i * p.y_row, p.run, p.table);
}

}  // namespace

// One copy per input, or one look-up where legacy uint8 has another scale.
Result<bool> concatenation(LowerContext& ctx) {
  const Tensor& y = ctx.out();
  if (y.shape.elements() == 0) return false;
  const thimble_parts& parts = ctx.plan<thimble_concatenation>().inputs;
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i) {
    const Tensor& x = ctx.in(static_cast<int>(i));
    const auto part = static_cast<thimble_dim>(i);
    const int64_t run = thimble_part_run(&parts, part), begin = thimble_part_begin(&parts, part);
    if (needs_rescaling(x.type, x.quant, y.quant)) {
      uint8_t* table = ctx.constant<uint8_t>(256);
      for (int q = 0; q < 256; ++q) table[q] = rescaled(static_cast<uint8_t>(q), x.quant, y.quant);
      auto* p = ctx.step<run_rescale>(ctx.parts_for(static_cast<double>(x.shape.elements()) * 0.5));
      p->lut = ctx.kernels.map.lut_u8;
      p->table = table;
      p->rows = parts.rows;
      p->run = run;
      p->y_row = parts.row;
      ctx.bind_in(&p->x, static_cast<int>(i));
      ctx.bind(&p->y, ctx.node.outputs[0], begin);
    } else {
      lower_copy(ctx, plan_rows(parts.rows, run, run, parts.row, 0, begin), ctx.node.inputs[i], ctx.node.outputs[0]);
    }
  }
  return true;
}

}  // namespace thimble::lowering
