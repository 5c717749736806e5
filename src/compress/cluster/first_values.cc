// The first values of clusters. In one dimension everything follows from the sorted values: the members of a cluster
// are neighbours, the borders lie midway between centres, sums come from prefix sums.
#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "compress/cluster/cluster.h"

namespace thimble {
namespace {

class Sorted {
 public:
  explicit Sorted(std::vector<float> values) : values_(std::move(values)), sums_(values_.size() + 1, 0.0) {
    std::ranges::sort(values_);
    for (size_t i = 0; i < values_.size(); ++i) sums_[i + 1] = sums_[i] + static_cast<double>(values_[i]);
  }
  size_t size() const { return values_.size(); }
  double operator[](size_t i) const { return values_[i]; }
  double low() const { return values_.front(); }
  double high() const { return values_.back(); }
  // How many values are nearer to a centre below `border` than to one above it; a value on the border is below.
  size_t below(double border) const {
    return static_cast<size_t>(std::ranges::partition_point(values_, [&](float v) { return v <= border; }) -
                               values_.begin());
  }
  double mean(size_t first, size_t last) const {
    return (sums_[last] - sums_[first]) / static_cast<double>(last - first);
  }

 private:
  std::vector<float> values_;
  std::vector<double> sums_;
};

// Means of the members of each centre; empty clusters are left out.
std::vector<double> means(const Sorted& sorted, const std::vector<double>& centres) {
  std::vector<double> result;
  size_t first = 0;
  for (size_t c = 0; c < centres.size(); ++c) {
    const size_t last = c + 1 < centres.size() ? sorted.below((centres[c] + centres[c + 1]) / 2) : sorted.size();
    if (last > first) result.push_back(sorted.mean(first, last));
    first = std::max(first, last);
  }
  return result;
}

void ascending(std::vector<double>& centres) {
  std::ranges::sort(centres);
  centres.erase(std::unique(centres.begin(), centres.end()), centres.end());
}

// k-means++: each next centre is a value drawn with a probability proportional to its squared distance from the nearest
// one there is.
std::vector<double> plus_plus(const Sorted& sorted, int k, Random& random) {
  std::vector<double> centres{sorted[static_cast<size_t>(random.below(sorted.size()))]};
  std::vector<double> distance(sorted.size(), INFINITY);
  while (static_cast<int>(centres.size()) < k) {
    double total = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
      const double d = sorted[i] - centres.back();
      distance[i] = std::min(distance[i], d * d);
      total += distance[i];
    }
    if (!(total > 0)) break;
    double left = random.uniform() * total;
    size_t chosen = sorted.size();
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (distance[i] > 0) chosen = i;  // rounding may leave a little beyond the last
      left -= distance[i];
      if (left < 0 && distance[i] > 0) break;
    }
    centres.push_back(sorted[chosen]);
  }
  ascending(centres);
  return centres;
}

std::vector<double> first_centres(const Sorted& sorted, int k, ClusterInit init, uint64_t seed, uint64_t stream) {
  constexpr int kMostIterations = 300;
  Random random(seed, 0x636c7573 + stream);
  std::vector<double> centres;
  if (init == ClusterInit::kmeans) {
    centres = plus_plus(sorted, k, random);
    for (int i = 0; i < kMostIterations; ++i) {
      std::vector<double> next = means(sorted, centres);
      if (next == centres) break;
      centres = std::move(next);
    }
    return centres;
  }
  for (int c = 0; c < k; ++c) {
    const double at = (c + 0.5) / k;
    switch (init) {
      case ClusterInit::linear:
        centres.push_back(sorted.low() + (sorted.high() - sorted.low()) * (k > 1 ? c / double(k - 1) : 0.5));
        break;
      case ClusterInit::random: centres.push_back(random.uniform(sorted.low(), sorted.high())); break;
      default: centres.push_back(sorted[std::min(sorted.size() - 1, static_cast<size_t>(at * double(sorted.size())))]);
    }
  }
  ascending(centres);
  return centres;
}

}  // namespace

Clusters find_clusters(std::span<const float> values, int k, ClusterInit init, bool zero, uint64_t seed,
                       uint64_t stream) {
  Clusters result;
  std::vector<float> others;
  for (float v : values)
    if (!zero || v != 0) others.push_back(v);
  const bool has_zero = others.size() < values.size();
  std::vector<double> centres;
  std::vector<float> distinct = others;
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  const int room = has_zero ? k - 1 : k;
  if (static_cast<int64_t>(distinct.size()) <= room) {
    centres.assign(distinct.begin(), distinct.end());
  } else {
    centres = first_centres(Sorted(others), room, init, seed, stream);
  }

  // Values that have members, and the zero of its own among them.
  std::vector<size_t> nearest(values.size(), 0);
  std::vector<char> used(centres.size(), 0);
  for (size_t i = 0; i < values.size(); ++i) {
    if (zero && values[i] == 0) continue;
    const double v = values[i];
    size_t c = static_cast<size_t>(std::ranges::lower_bound(centres, v) - centres.begin());
    if (c == centres.size() || (c > 0 && v - centres[c - 1] <= centres[c] - v)) --c;
    nearest[i] = c;
    used[c] = 1;
  }
  std::vector<uint16_t> renumbered(centres.size(), 0);
  uint16_t zero_index = 0;
  bool zero_placed = !has_zero;
  const auto place_zero = [&] {
    if (zero_placed) return;
    zero_index = static_cast<uint16_t>(result.centres.size());
    result.centres.push_back(0);
    zero_placed = true;
  };
  for (size_t c = 0; c < centres.size(); ++c) {
    if (!used[c]) continue;
    if (centres[c] >= 0) place_zero();
    renumbered[c] = static_cast<uint16_t>(result.centres.size());
    result.centres.push_back(static_cast<float>(centres[c]));
  }
  place_zero();
  result.index.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    result.index[i] = zero && values[i] == 0 ? zero_index : renumbered[nearest[i]];
  return result;
}

}  // namespace thimble
