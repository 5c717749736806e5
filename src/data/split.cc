#include "data/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace thimble {
namespace {

tl::unexpected<Error> too_many(const Dataset& set, const char* part, int64_t asked, int64_t there) {
  return fail(ErrorCode::usage,
              format("data set {}: split asks for {} {} samples, {} are there", set.name(), asked, part, there),
              "lower the numbers of data.split");
}

std::vector<int64_t> class_counts(const Dataset& set, int64_t from, int64_t to) {
  std::vector<int64_t> counts(static_cast<size_t>(set.classes()));
  for (int64_t i = from; i < to; ++i) ++counts[static_cast<size_t>(set.label(i))];
  return counts;
}

// The samples in an order of which every stretch holds each class in proportion: the k-th of n samples of a class, in
// the shuffled order, stands at (k + ½) / n of the whole.
Dataset spread(const Dataset& mixed) {
  const auto n = static_cast<size_t>(mixed.size());
  const std::vector<int64_t> total = class_counts(mixed, 0, mixed.size());
  std::vector<int64_t> seen(total.size());
  std::vector<double> place(n);
  for (size_t i = 0; i < n; ++i) {
    const auto c = static_cast<size_t>(mixed.label(static_cast<int64_t>(i)));
    place[i] = (static_cast<double>(seen[c]++) + 0.5) / static_cast<double>(total[c]);
  }
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return place[a] < place[b]; });
  return mixed.ordered(std::move(order));
}

// A class with a sample for every part gets one there, in exchange for one of the class that the part has most of.
Dataset with_every_class(const Dataset& set, const std::array<int64_t, 3>& size) {
  const auto classes = static_cast<size_t>(set.classes());
  std::vector<uint32_t> order(static_cast<size_t>(set.size()));
  std::iota(order.begin(), order.end(), 0u);
  const auto label = [&](int64_t i) { return static_cast<size_t>(set.label(order[static_cast<size_t>(i)])); };
  std::array<int64_t, 4> from{};
  for (size_t p = 0; p < 3; ++p) from[p + 1] = from[p] + size[p];
  std::array<std::vector<int64_t>, 3> has;
  for (size_t p = 0; p < 3; ++p) has[p] = class_counts(set, from[p], from[p + 1]);
  for (size_t c = 0; c < classes; ++c)
    for (size_t p = 0; p < 3; ++p) {
      if (size[p] == 0 || has[p][c] > 0) continue;
      // The donor: the part with most of the class, at least two; what comes back: of the commonest class here.
      size_t donor = p;
      for (size_t q = 0; q < 3; ++q)
        if (has[q][c] > 1 && (donor == p || has[q][c] > has[donor][c])) donor = q;
      const auto common = static_cast<size_t>(std::max_element(has[p].begin(), has[p].end()) - has[p].begin());
      if (donor == p || has[p][common] < 2) continue;
      int64_t there = from[donor + 1] - 1, here = from[p + 1] - 1;
      while (label(there) != c) --there;
      while (label(here) != common) --here;
      std::swap(order[static_cast<size_t>(there)], order[static_cast<size_t>(here)]);
      --has[donor][c], ++has[p][c], --has[p][common], ++has[donor][common];
    }
  return set.ordered(std::move(order));
}

std::string named(const Dataset& set, size_t c) {
  const std::vector<std::string>& names = set.samples().label_names;
  return c < names.size() ? format("\"{}\"", names[c]) : format("{}", c);
}

}  // namespace

Dataset ungrouped(const Dataset& set) {
  if (!set.valid() || set.classes() < 2) return set;
  const auto n = static_cast<double>(set.size());
  int64_t changes = 0;
  for (int64_t i = 1; i < set.size(); ++i) changes += set.label(i) != set.label(i - 1);
  double mixed = 1;  // chance that two samples of a mixed set differ in class
  for (const int64_t c : class_counts(set, 0, set.size())) mixed -= static_cast<double>(c * c) / (n * n);
  if (2 * static_cast<double>(changes) >= mixed * (n - 1)) return set;
  return spread(set.shuffled(1));
}

Result<Splits> split_official(const Dataset& train, const Dataset& test, const SplitRequest& request) {
  const int64_t validation = request.validation < 0 ? 0 : request.validation;
  if (validation > train.size()) return too_many(train, "validation", validation, train.size());
  const int64_t rest = train.size() - validation;
  if (request.train > rest) return too_many(train, "train", request.train, rest);
  if (request.test > test.size()) return too_many(test, "test", request.test, test.size());
  return Splits{train.slice(0, request.train < 0 ? rest : request.train),
                train.slice(rest, validation),
                test.slice(0, request.test < 0 ? test.size() : request.test),
                {}};
}

Result<Splits> split_shuffled(const Dataset& all, const SplitRequest& request, uint64_t seed) {
  const int64_t asked[3] = {request.train, request.validation, request.test};
  const int64_t weight[3] = {8, 1, 1};
  const char* names[3] = {"train", "validation", "test"};
  int64_t rest = all.size(), open_weight = 0;
  for (int part = 0; part < 3; ++part) {
    if (asked[part] < 0) {
      open_weight += weight[part];
      continue;
    }
    if (asked[part] > rest) return too_many(all, names[part], asked[part], rest);
    rest -= asked[part];
  }
  // Open parts from the smallest on, so that `train` takes what rounding leaves.
  std::array<int64_t, 3> size{};
  int64_t left = rest;
  for (int part = 2; part >= 0; --part) {
    if (asked[part] >= 0) {
      size[static_cast<size_t>(part)] = asked[part];
    } else {
      bool last = true;
      for (int other = 0; other < part; ++other) last = last && asked[other] >= 0;
      size[part] = last ? left : rest / open_weight * weight[part] + rest % open_weight * weight[part] / open_weight;
      left -= size[part];
    }
  }
  Dataset mixed = all.shuffled(seed);
  if (all.classes() > 0) mixed = with_every_class(spread(mixed), {size[0], size[1], size[2]});
  return Splits{mixed.slice(0, size[0]),
                mixed.slice(size[0], size[1]),
                mixed.slice(size[0] + size[1], size[2]),
                {},
                /*divided=*/true};
}

std::vector<std::string> split_notes(const Splits& splits) {
  std::vector<std::string> out;
  const Dataset &train = splits.train, &test = splits.test;
  if (train.empty()) return out;  // nothing was divided
  if (train.classes() > 1) {
    for (const auto& [name, part] : {std::pair{"training", &train}, std::pair{"test", &test}}) {
      if (part->empty()) continue;
      const std::vector<int64_t> counts = class_counts(*part, 0, part->size());
      std::string absent;
      int64_t many = 0;
      for (size_t c = 0; c < counts.size(); ++c)
        if (counts[c] == 0 && ++many <= 5) absent += (many > 1 ? ", " : "") + named(*part, c);
      if (many > 0)
        out.push_back(format("the {} part has no sample of the class{} {}{}", name, many > 1 ? "es" : "", absent,
                             many > 5 ? format(" and {} more", many - 5) : ""));
    }
    const std::vector<int64_t> counts = class_counts(train, 0, train.size());
    size_t most = 0, least = 0;
    for (size_t c = 0; c < counts.size(); ++c) {
      if (counts[c] > counts[most]) most = c;
      if (counts[c] > 0 && (counts[least] == 0 || counts[c] < counts[least])) least = c;
    }
    if (counts[most] > 10 * counts[least])
      out.push_back(
          format("the classes differ in size: {} training samples of {}, {} of {}; train.class_weight = "
                 "\"balanced\" lets each count alike",
                 counts[most], named(train, most), counts[least], named(train, least)));
  }
  if (!test.empty() && test.size() < 100) {
    // Two accuracies near a half, 95 %: 1.96 · √(2 · ¼ / n).
    const double points = 196 * std::sqrt(0.5 / static_cast<double>(test.size()));
    out.push_back(test.classes() > 0
                      ? format("the test part has {} sample{}: differences below {:.0f} points are chance", test.size(),
                               test.size() == 1 ? "" : "s", std::min(100.0, points))
                      : format("the test part has {} sample{}: its errors are a rough guess", test.size(),
                               test.size() == 1 ? "" : "s"));
  }
  return out;
}

}  // namespace thimble
