#include "compress/squeeze/ranges.h"
#include "ops/reduce/reduce.h"

namespace thimble::range_rule {
namespace {

bool keeps_channels(const compress::RangeContext& ctx) {
  const int rank = ctx.in(0).shape.rank();
  return ctx.in(1).constant() && rank > 0 && axes_of(ctx.graph, ctx.node).uses(0).back().link == AxisLink::same;
}

compress::Ranges mean(const compress::RangeContext& ctx) {
  const Tensor &x = ctx.in(0), &y = ctx.out();
  const compress::Ranges& from = ctx.ranges(0);
  if (!compress::is_8_bit(x) || from.size() != ctx.channels || x.shape.elements() == 0 || !keeps_channels(ctx))
    return {};
  const double ratio = double(x.quant.scale[0]) / y.quant.scale[0];
  const int32_t zx = x.quant.zero_point[0];
  compress::Ranges r;
  for (const compress::ValueRange v : from)  // implementations differ by up to one step
    r.push_back(
        compress::rounded((v.lo - zx) * ratio, (v.hi - zx) * ratio, 1, y.quant.zero_point[0], compress::whole(y.type)));
  return r;
}

}  // namespace

compress::RangeRule reduce(Op op) {
  if (op != Op::mean) return {};
  return {mean,
          [](const compress::RangeContext& ctx) { return keeps_channels(ctx) ? ctx.zeros(0) : compress::Zeros{}; }};
}

}  // namespace thimble::range_rule
