// ONNX's Unique: its result's shape follows from values, so that these have to be known, and all else is known with
// them.
#include <algorithm>
#include <cmath>

#include "formats/onnx/rule.h"
#include "ops/gather/gather.h"
#include "ops/number_types.h"

namespace thimble::onnx {
namespace {

// Of [count, size] numbers: the rows' order by their entries, equal ones in the order of the tensor; `same` whether a
// row of that order equals the one before. False where a number is none.
template <class T>
bool order_of(std::span<const T> values, int64_t count, Ints* order, std::vector<char>* same) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::ranges::any_of(values, [](T v) { return std::isnan(v); })) return false;
  const int64_t size = count ? std::ssize(values) / count : 0;
  const auto row = [&](int64_t r) { return values.subspan(static_cast<size_t>(r * size), static_cast<size_t>(size)); };
  for (int64_t r = 0; r < count; ++r) order->push_back(r);
  std::ranges::stable_sort(*order,
                           [&](int64_t a, int64_t b) { return std::ranges::lexicographical_compare(row(a), row(b)); });
  for (size_t k = 0; k < order->size(); ++k)
    same->push_back(k > 0 && std::ranges::equal(row((*order)[k - 1]), row((*order)[k])));
  return true;
}

// Outputs: the different entries along an axis (or all numbers of the tensor), sorted or as they first stand; where
// each stands first; which of them every entry is; how often each is there.
Ids unique(Maker& m, Call& c) {
  const TensorId x = c.given("axis") ? c[0] : m.reshape(c[0], Ints{m.shape(c[0]).elements()});
  const int axis = c.given("axis") ? m.axis(c.i("axis", 0), m.rank(x)) : 0;
  if (m.failed()) return {};
  if (!m.constant(c[0])) {
    m.ints(c[0], "what Unique compares");
    return {};
  }
  Ints perm{axis};
  for (int d = 0; d < m.rank(x); ++d)
    if (d != axis) perm.push_back(d);
  const TensorId rows = m.transpose(m.cast(x, Maker::wide(m.type(x))), perm);
  if (m.failed() || !m.constant(rows)) return {m.unsupported("a Unique of so many numbers")};
  const int64_t count = m.shape(rows)[0];
  Ints order;
  std::vector<char> same;
  bool numbers = true;
  const bool known = with_number(
      m.type(rows), [&]<class T>(T) { numbers = order_of<T>(m.at(rows).data.as<T>(), count, &order, &same); });
  if (!known || !numbers) return {m.unsupported(format("a Unique of {} with NaN", m.at(c[0]).to_string()))};
  // Groups of equal rows in sorted order: the first of each, and its size.
  Ints first, counts, group(static_cast<size_t>(count), 0);
  for (size_t k = 0; k < order.size(); ++k) {
    if (!same[k]) first.push_back(order[k]), counts.push_back(0);
    ++counts.back();
    group[static_cast<size_t>(order[k])] = std::ssize(first) - 1;
  }
  if (c.i("sorted", 1) == 0) {
    Ints by_place, place(first.size());
    for (size_t g = 0; g < first.size(); ++g) by_place.push_back(static_cast<int64_t>(g));
    std::ranges::sort(by_place, {}, [&](int64_t g) { return first[static_cast<size_t>(g)]; });
    Ints f, n;
    for (size_t k = 0; k < by_place.size(); ++k) {
      const auto g = static_cast<size_t>(by_place[k]);
      f.push_back(first[g]), n.push_back(counts[g]), place[g] = static_cast<int64_t>(k);
    }
    for (int64_t& g : group) g = place[static_cast<size_t>(g)];
    first = std::move(f), counts = std::move(n);
  }
  return {m.op(Op::gather, {x, m.i32s(first)}, GatherAttrs{axis, 0}, x), m.i64s(first), m.i64s(group), m.i64s(counts)};
}

constexpr Rule kRules[] = {{"Unique", 1, 1, unique}};

}  // namespace

std::span<const Rule> unique_rules() { return kRules; }

}  // namespace thimble::onnx
