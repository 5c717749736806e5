// ONNX's running products, sums of products, and crops to a size.
#include <algorithm>

#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

// Running products along one axis, entry by entry.
Ids cumprod(Maker& m, Call& c) {
  const Ints given = m.ints(c[1], "the axis");
  if (m.failed() || given.size() != 1) return {m.bad("the axis is one number")};
  const Shape x = m.shape(c[0]);
  const int axis = m.axis(given[0], x.rank());
  if (m.failed() || x[axis] < 1 || x[axis] > 512) return {m.unsupported("running products of so many entries")};
  const bool exclusive = c.i("exclusive", 0) != 0, reverse = c.i("reverse", 0) != 0;
  Shape one = x;
  one.set(axis, 1);
  TensorId product = m.expand(m.like(c[0], 1), one);
  Ids parts;
  for (int64_t k = 0; k < x[axis] && !m.failed(); ++k) {
    const TensorId next = m.mul(product, m.part(c[0], axis, reverse ? x[axis] - 1 - k : k, 1));
    parts.push_back(exclusive ? product : next);
    product = next;
  }
  if (reverse) std::ranges::reverse(parts);
  return {m.concat(parts, axis)};
}

// Each axis to a size: cut evenly, or padded evenly with zeros.
Ids center_crop_pad(Maker& m, Call& c) {
  const Ints sizes = m.ints(c[1], "the sizes");
  const Shape x = m.shape(c[0]);
  Ints axes = c.ints("axes");
  if (axes.empty())
    for (int d = 0; d < x.rank(); ++d) axes.push_back(d);
  if (m.failed() || sizes.size() != axes.size())
    return {m.bad(format("{} sizes for {} axes", sizes.size(), axes.size()))};
  TensorId y = c[0];
  for (size_t i = 0; i < axes.size(); ++i) {
    const int axis = m.axis(axes[i], x.rank());
    if (m.failed() || sizes[i] < 0 || sizes[i] > INT32_MAX) return {m.bad(format("size {}", sizes[i]))};
    const int64_t spare = x[axis] - sizes[i];
    if (spare >= 0) {
      y = m.part(y, axis, spare / 2, sizes[i]);
    } else {
      Ints before(static_cast<size_t>(x.rank()), 0), after = before;
      before[static_cast<size_t>(axis)] = -spare / 2;
      after[static_cast<size_t>(axis)] = -spare - -spare / 2;
      y = m.pad(y, before, after);
    }
  }
  return {y};
}

// Sums over what the result does not name of products over what it does: every operand gets all axes, in one order.
Ids einsum(Maker& m, Call& c) {
  std::string equation;
  for (const char ch : c.s("equation", ""))
    if (ch != ' ') equation += ch;
  if (equation.find('.') != std::string::npos) return {m.unsupported("an equation with \"...\"")};
  const size_t arrow = equation.find("->");
  std::string inputs = equation.substr(0, arrow), result;
  std::vector<std::string> terms(1);
  for (const char ch : inputs)
    if (ch == ',')
      terms.emplace_back();
    else if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'))
      terms.back() += ch;
    else
      return {m.bad(format("equation \"{}\"", equation))};
  if (terms.size() != c.in.size()) return {m.bad(format("{} operands for \"{}\"", c.in.size(), equation))};
  std::string all;
  for (const std::string& term : terms) all += term;
  if (arrow != std::string::npos) {
    result = equation.substr(arrow + 2);
  } else {
    for (const char ch : all)
      if (std::ranges::count(all, ch) == 1) result += ch;
    std::ranges::sort(result);
  }
  std::string order = result;
  for (const char ch : all)
    if (order.find(ch) == std::string::npos) order += ch;
  for (const char ch : result)
    if (all.find(ch) == std::string::npos || std::ranges::count(result, ch) > 1)
      return {m.bad(format("equation \"{}\"", equation))};
  if (order.size() > Shape::kMaxRank) return {m.unsupported(format("{} letters in an equation", order.size()))};
  TensorId product = kNoTensor;
  for (size_t k = 0; k < terms.size() && !m.failed(); ++k) {
    const std::string& term = terms[k];
    TensorId x = c[k];
    const Shape s = m.shape(x);
    if (static_cast<size_t>(s.rank()) != term.size()) return {m.bad(format("\"{}\" for {}", term, s.to_string()))};
    for (const char ch : term)
      if (std::ranges::count(term, ch) > 1) return {m.unsupported("a diagonal in an equation")};
    Ints perm, dims;
    for (const char ch : order) {
      const size_t at = term.find(ch);
      if (at != std::string::npos) perm.push_back(static_cast<int64_t>(at));
      dims.push_back(at == std::string::npos ? 1 : s[static_cast<int>(at)]);
    }
    x = m.reshape(m.transpose(x, perm), dims);
    product = product == kNoTensor ? x : m.mul(product, x);
  }
  Ints summed;
  for (size_t d = result.size(); d < order.size(); ++d) summed.push_back(static_cast<int64_t>(d));
  return {summed.empty() ? product : m.reduce(Op::sum, product, summed, false)};
}

constexpr Rule kRules[] = {
    {"CenterCropPad", 2, 2, center_crop_pad},
    {"CumProd", 2, 2, cumprod},
    {"Einsum", 1, INT32_MAX, einsum},
};

}  // namespace

std::span<const Rule> product_rules() { return kRules; }

}  // namespace thimble::onnx
