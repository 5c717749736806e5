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
  int axis = ctx.node.attrs.as<ConcatenationAttrs>().axis;
  if (axis < 0) axis += y.shape.rank();
  if (y.shape.elements() == 0) return false;
  const int64_t rows = y.shape.elements(0, axis), inside = y.shape.elements(axis + 1, y.shape.rank());
  int64_t at = 0;
  for (size_t i = 0; i < ctx.node.inputs.size(); ++i) {
    const Tensor& x = ctx.in(static_cast<int>(i));
    const int64_t width = x.shape[axis];
    if (y.type == DType::u8 && !x.quant.empty() &&
        (x.quant.scale != y.quant.scale || x.quant.zero_point != y.quant.zero_point)) {
      uint8_t* table = ctx.constant<uint8_t>(256);
      for (int q = 0; q < 256; ++q) table[q] = rescaled(static_cast<uint8_t>(q), x.quant, y.quant);
      auto* p = ctx.step<run_rescale>(ctx.parts_for(static_cast<double>(x.shape.elements()) * 0.5));
      p->lut = ctx.kernels.map.lut_u8;
      p->table = table;
      p->rows = rows;
      p->run = width * inside;
      p->y_row = y.shape[axis] * inside;
      ctx.bind_in(&p->x, static_cast<int>(i));
      ctx.bind(&p->y, ctx.node.outputs[0], at * inside);
    } else {
      lower_copy(ctx, plan_part(x.shape, y.shape, axis, at, bits(y.type) / 8, true), ctx.node.inputs[i],
                 ctx.node.outputs[0]);
    }
    at += width;
  }
  return true;
}

}  // namespace thimble::lowering
