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

// "..." by letters of their own, the same ones from behind in every term. False after an error.
bool name_ellipses(Maker& m, const Call& c, std::string* equation) {
  constexpr std::string_view kDots = "...";
  std::string letters;  // of the longest
  for (char ch = 'A'; ch <= 'Z' && std::ssize(letters) < Shape::kMaxRank; ++ch)
    if (equation->find(ch) == std::string::npos) letters += ch;
  const size_t arrow = std::min(equation->find("->"), equation->size());
  std::string named;
  size_t longest = 0, operand = 0;
  for (size_t from = 0; from <= arrow; ++operand) {
    const size_t end = std::min(equation->find(',', from), arrow), dots = equation->find(kDots, from);
    std::string term = equation->substr(from, end - from);
    if (dots < end) {
      const auto rank = static_cast<size_t>(m.rank(c[operand]));
      if (operand >= c.in.size() || rank + kDots.size() < term.size() ||
          rank + kDots.size() - term.size() > letters.size())
        return m.bad(format("\"{}\" for {}", term, m.shape(c[operand]).to_string())), false;
      const size_t count = rank + kDots.size() - term.size();
      longest = std::max(longest, count);
      term.replace(dots - from, kDots.size(), letters.substr(letters.size() - count));
    }
    named += (operand ? "," : "") + term;
    from = end + 1;
  }
  std::string result = equation->substr(arrow);
  const std::string all = letters.substr(letters.size() - longest);
  if (const size_t dots = result.find(kDots); dots != std::string::npos) {
    result.replace(dots, kDots.size(), all);
  } else if (result.empty() && longest > 0) {  // the result begins with them, then letters that stand once
    std::string once;
    for (const char ch : named)
      if (ch != ',' && all.find(ch) == std::string::npos && std::ranges::count(named, ch) == 1) once += ch;
    std::ranges::sort(once);
    result = "->" + all + once;
  }
  *equation = named + result;
  return true;
}

// A letter that stands twice is a diagonal: of two axes that lie together as one, every (n + 1)-th entry.
TensorId without_repeats(Maker& m, TensorId x, std::string* term) {
  for (size_t first = 0; first < term->size() && !m.failed(); ++first) {
    const size_t second = term->find((*term)[first], first + 1);
    if (second == std::string::npos) continue;
    const int64_t n = m.shape(x)[static_cast<int>(first)];
    if (m.shape(x)[static_cast<int>(second)] != n || n < 1)
      return m.bad(format("a diagonal of {} in \"{}\"", m.shape(x).to_string(), *term));
    Ints perm, dims;
    for (size_t d = 0; d < term->size(); ++d)
      if (d != first && d != second) perm.push_back(static_cast<int64_t>(d)), dims.push_back(m.dims(x)[d]);
    perm.push_back(static_cast<int64_t>(first)), perm.push_back(static_cast<int64_t>(second));
    dims.push_back(n * n);
    x = m.reshape(m.transpose(x, perm), dims);
    Ints begin(dims.size(), 0), step(dims.size(), 1);
    step.back() = n + 1;
    x = m.strided(x, begin, dims, step);
    const char letter = (*term)[first];
    std::string rest;
    for (const char ch : *term)
      if (ch != letter || std::ranges::count(*term, ch) > 2) rest += ch;
    if (std::ranges::count(*term, letter) > 2) return m.unsupported("an axis that stands three times in one term");
    *term = rest + letter;
    first = static_cast<size_t>(-1);  // once more from the beginning
  }
  return x;
}

// Sums over what the result does not name of products over what it does: every operand gets all axes, in one order.
Ids einsum(Maker& m, Call& c) {
  std::string equation;
  for (const char ch : c.s("equation", ""))
    if (ch != ' ') equation += ch;
  if (!name_ellipses(m, c, &equation)) return {};
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
    std::string& term = terms[k];
    TensorId x = c[k];
    if (static_cast<size_t>(m.rank(x)) != term.size())
      return {m.bad(format("\"{}\" for {}", term, m.shape(x).to_string()))};
    x = without_repeats(m, x, &term);
    if (m.failed()) return {};
    const Shape s = m.shape(x);
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
