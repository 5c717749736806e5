#include "ops/split/split.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {

// One copy per output.
Result<bool> split(LowerContext& ctx) {
  const int x = split_inputs(ctx.node.op).x;
  if (ctx.in(x).shape.elements() == 0) return false;
  const thimble_parts& parts = ctx.plan<thimble_split>().outputs;
  for (size_t i = 0; i < ctx.node.outputs.size(); ++i) {
    const auto part = static_cast<thimble_dim>(i);
    const int64_t run = thimble_part_run(&parts, part), begin = thimble_part_begin(&parts, part);
    lower_copy(ctx, plan_rows(parts.rows, run, parts.row, run, begin, 0), ctx.node.inputs[static_cast<size_t>(x)],
               ctx.node.outputs[i]);
  }
  return true;
}

}  // namespace thimble::lowering
