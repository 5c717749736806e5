// The analysis of ranges over a whole graph; the operators' rules are in src/ops/NAME/ranges.cc.
#include "compress/squeeze/ranges.h"

#include <cmath>

namespace thimble {

namespace range_rule {
#define OP(id, types, family, packed) compress::RangeRule family(Op);
#include "ops/ops.def"
}  // namespace range_rule

namespace compress {
namespace {

using RangeRuleFn = RangeRule (*)(Op);

const Cell<RangeRuleFn>& range_rule_of(Op op) {
  static constexpr Cell<RangeRuleFn> table[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(RangeRuleFn, "ranges", id, range_rule::family)
#include "ops/ops.def"
  };
  return table[index(op)];
}

int64_t last_axis(const Tensor& t) { return t.shape.rank() > 0 ? t.shape.dim(-1) : 1; }

// What is known without looking at a tensor's producer: its type, and a constant's data.
void start(const Tensor& t, Ranges& integer, Zeros& zero) {
  const auto n = static_cast<size_t>(last_axis(t));
  if (n > (size_t{1} << 24)) return;
  if (t.type == DType::f32) zero.assign(n, 0);
  if (!is_8_bit(t)) return;
  integer.assign(n, whole(t.type));
  if (!t.constant() || n == 0) return;
  integer.assign(n, ValueRange{INT32_MAX, INT32_MIN});
  for (int64_t i = 0; i < t.shape.elements(); ++i) {
    ValueRange& r = integer[static_cast<size_t>(i) % n];
    r = join(r, {element(t, i), element(t, i)});
  }
}

void step(const Graph& graph, const Node& node, GraphRanges& known) {
  if (node.outputs.size() != 1 || node.inputs.empty() || node.inputs[0] == kNoTensor) return;
  const RangeRuleFn make = range_rule_of(node.op).rule;
  if (!make) return;
  const RangeRule rule = make(node.op);
  const Tensor& y = graph.at(node.outputs[0]);
  const auto out = static_cast<size_t>(node.outputs[0]);
  const RangeContext ctx{graph, node, known, static_cast<size_t>(last_axis(y))};
  if (y.type == DType::f32 && ctx.in(0).type == DType::f32) {
    if (!rule.zero) return;
    if (Zeros r = rule.zero(ctx); r.size() == ctx.channels) known.zero[out] = std::move(r);
  } else if (is_8_bit(y) && y.shape.elements() != 0 && !ctx.ranges(0).empty() && rule.integer) {
    if (Ranges r = rule.integer(ctx); r.size() == ctx.channels) known.integer[out] = std::move(r);
  }
}

}  // namespace

bool is_8_bit(const Tensor& t) {
  return (t.type == DType::i8 || t.type == DType::u8) && t.quant.scale.size() == 1 && t.quant.zero_point.size() == 1;
}

ValueRange whole(DType type) { return type == DType::u8 ? ValueRange{0, 255} : ValueRange{-128, 127}; }

int32_t element(const Tensor& t, int64_t i) {
  return t.type == DType::u8 ? t.data.bytes[i] : t.data.as<int8_t>()[static_cast<size_t>(i)];
}

ValueRange rounded(double lo, double hi, double slack, int32_t zero, ValueRange clamp) {
  const auto to_int = [&](double v) {
    return static_cast<int32_t>(std::clamp(std::round(v) + zero, double(clamp.lo), double(clamp.hi)));
  };
  return {to_int(lo - slack - std::fabs(lo) * 0x1p-20), to_int(hi + slack + std::fabs(hi) * 0x1p-20)};
}

std::vector<TapRange> tap_ranges(const WindowAxis& axis) {
  std::vector<TapRange> ranges;
  for (int64_t o = 0; o < axis.out; ++o) {
    TapRange r{0, 0};
    bool any = false;
    for (int64_t t = 0; t < axis.kernel; ++t) {
      const int64_t at = axis.input_of(o, t);
      if (at < 0 || at >= axis.in) continue;
      if (!any) r.first = t;
      r.last = t + 1;
      any = true;
    }
    if (std::ranges::find(ranges, r) == ranges.end()) ranges.push_back(r);
  }
  return ranges;
}

GraphRanges value_ranges(const Graph& graph) {
  GraphRanges known{std::vector<Ranges>(graph.tensors.size()), std::vector<Zeros>(graph.tensors.size())};
  for (size_t t = 0; t < graph.tensors.size(); ++t) start(graph.tensors[t], known.integer[t], known.zero[t]);
  for (const Node& node : graph.nodes) step(graph, node, known);
  return known;
}

}  // namespace compress
}  // namespace thimble
