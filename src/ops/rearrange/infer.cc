#include <algorithm>

#include "ops/op.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::infer {
namespace {

// Joins what lies together in both tensors into runs.
thimble_rearrange& fill_plan(Plan& plan, const Rearrangement& r, const Shape& walked, int64_t width) {
  auto& p = plan.make<thimble_rearrange>();
  p.width = width;
  p.elements = r.y.elements();
  p.scatters = r.scatters;
  if (walked.elements() == 0) return p;
  p.run = width;
  std::vector<std::vector<int64_t>> tables;  // in bytes, outermost first
  for (int d = 0; d < walked.rank(); ++d) {
    std::vector<int64_t> table = r.places[static_cast<size_t>(d)];
    for (int64_t& v : table) v *= width;
    if (table.size() == 1)
      p.base += table[0];
    else
      tables.push_back(std::move(table));
  }
  // How many entries from `begin` on lie one run after the other.
  const auto together = [&](const std::vector<int64_t>& t, size_t begin) {
    size_t n = 1;
    while (begin + n < t.size() && t[begin + n] == t[begin] + static_cast<int64_t>(n) * p.run) ++n;
    return n;
  };
  while (!tables.empty() && together(tables.back(), 0) == tables.back().size()) {
    p.base += tables.back()[0];
    p.run *= static_cast<int64_t>(tables.back().size());
    tables.pop_back();
  }
  if (!tables.empty()) {
    auto& last = tables.back();
    size_t group = last.size();
    for (size_t at = 0; at < last.size() && group > 1;) {
      const size_t n = together(last, at);
      size_t a = group, b = n;
      while (b != 0) std::swap(a %= b, b);  // the greatest length that divides all
      group = a;
      at += n;
    }
    for (size_t i = 0; i < last.size() / group; ++i) last[i] = last[i * group];
    last.resize(last.size() / group);
    p.run *= static_cast<int64_t>(group);
  }
  int64_t count = 0;
  for (const auto& table : tables) count += static_cast<int64_t>(table.size());
  auto* places = plan.array<thimble_dim>(std::max<int64_t>(count, 1));
  p.places = places;
  p.rank = static_cast<thimble_dim>(tables.size());
  for (size_t d = 0; d < tables.size(); ++d) {
    p.dims[d] = static_cast<thimble_dim>(tables[d].size());
    for (const int64_t v : tables[d]) *places++ = static_cast<thimble_dim>(v);
  }
  return p;
}

Status expect_attrs(const InferContext& ctx) {
  switch (ctx.node.op) {
    case Op::space_to_depth:
    case Op::depth_to_space: return ctx.expect_attrs<BlockAttrs>();
    case Op::mirror_pad: return ctx.expect_attrs<MirrorPadAttrs>();
    case Op::resize_nearest_neighbor: return ctx.expect_attrs<ResizeAttrs>();
    default: return ctx.expect_attrs<RearrangeAttrs>();
  }
}

// The list of numbers that each constant is, whose rank belongs to the operator.
Result<std::vector<std::vector<int64_t>>> constants(InferContext& ctx, Op op) {
  std::vector<std::vector<int64_t>> operands;
  for (int i = 1; i <= rearrange_operands(op); ++i) {
    const bool pairs = op == Op::mirror_pad || i == 2;
    if (pairs && (ctx.in(i).shape.rank() != 2 || ctx.in(i).shape[1] != 2))
      return fail(ErrorCode::bad_file, format("{} must have the shape [n, 2]", ctx.in(i).to_string()));
    if (!pairs) THIMBLE_TRY(ctx.expect_rank(i, op == Op::reverse ? 0 : 1, 1));
    if (ctx.in(i).shape.elements() > 2 * Shape::kMaxRank)
      return fail(ErrorCode::bad_file, format("{} has too many entries", ctx.in(i).to_string()));
    THIMBLE_ASSIGN(std::vector<int64_t> values, ctx.constant_ints(i));
    operands.push_back(std::move(values));
  }
  return operands;
}

}  // namespace

Status rearrange(InferContext& ctx) {
  const Op op = ctx.node.op;
  THIMBLE_TRY(ctx.expect_arity(1 + rearrange_operands(op), 1 + rearrange_operands(op), 1));
  THIMBLE_TRY(expect_attrs(ctx));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  if (bits(x.type) % 8 != 0) return fail(ErrorCode::unsupported, format("no moving of {}", name(x.type)));
  if (x.quant.per_axis())
    return fail(ErrorCode::unsupported, format("{}: no moving of per-axis quantised values", x.to_string()));
  THIMBLE_ASSIGN(const auto operands, constants(ctx, op));
  THIMBLE_ASSIGN(const Rearrangement r, rearrangement(rearrange_settings(ctx.node), x.shape, operands));
  ctx.outputs[0] = {x.type, r.y};
  auto& p = fill_plan(ctx.plan, r, r.scatters ? x.shape : r.y, bits(x.type) / 8);
  if (!r.scatters || !is_quantized_type(x.type) || y.quant.empty()) return {};
  if (!x.quant.empty() && (x.quant.scale != y.quant.scale || x.quant.zero_point != y.quant.zero_point))
    return fail(ErrorCode::unsupported,
                format("{} and output {} differ in scale or zero point", x.to_string(), y.to_string()),
                "requantise the input first");
  p.value[0] = static_cast<uint8_t>(y.quant.zero_point[0]);
  p.value[1] = static_cast<uint8_t>(y.quant.zero_point[0] >> 8);
  return {};
}

Status rearrange_grad(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_attrs<RearrangeGradAttrs>());
  const auto& attrs = ctx.node.attrs.as<RearrangeGradAttrs>();
  const auto op = static_cast<Op>(attrs.of);
  THIMBLE_TRY(ctx.expect_arity(1 + rearrange_operands(op), 1 + rearrange_operands(op), 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32}));
  THIMBLE_ASSIGN(const Shape x, Shape::make(std::span<const int64_t>(attrs.shape)));
  THIMBLE_ASSIGN(const auto operands, constants(ctx, op));
  THIMBLE_ASSIGN(const Rearrangement r, rearrangement(attrs, x, operands));
  if (!(ctx.in(0).shape == r.y))
    return fail(ErrorCode::internal, format("a gradient {} of {}", ctx.in(0).to_string(), r.y.to_string()));
  ctx.outputs[0] = {DType::f32, x};
  fill_plan(ctx.plan, r, r.scatters ? x : r.y, 4);
  return {};
}

}  // namespace thimble::infer

void fields(thimble::PlanVisitor& v, const thimble_rearrange& p) {
  thimble_dim count = 0;
  v.number("rank", p.rank);
  v.begin("dimensions");
  for (const thimble_dim d : p.dims) {
    v.number("", d);
    count += d;
  }
  v.end();
  v.number("run", p.run);
  v.positions("places", p.places, count);
  v.number("base", p.base);
  v.number("scatters", p.scatters);
  v.number("elements", p.elements);
  v.number("width", p.width);
  v.begin("value");
  for (const uint8_t byte : p.value) v.number("", byte);
  v.end();
}
