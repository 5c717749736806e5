#include "compress/cluster/cluster.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace thimble {
namespace {
constexpr int kMostClusters = 4096;
}

const char* name(ClusterInit init) {
  constexpr const char* kNames[] = {"linear", "random", "density", "kmeans"};
  return kNames[static_cast<size_t>(init)];
}

Status check(const ClusterOptions& o) {
  if (o.keep || (o.clusters >= 2 && o.clusters <= kMostClusters)) return {};
  return fail(ErrorCode::usage,
              format("{} cluster{}: from 2 to 4,096 are possible", o.clusters, o.clusters == 1 ? "" : "s"),
              "16 clusters need 4 bits a weight, 32 lose hardly any accuracy");
}

std::string Clustering::describe() const {
  if (options_.keep) return "equal weights stay equal";
  std::string text =
      format("clustered to {} values per {}, {}", options_.clusters, options_.per_channel ? "channel" : "tensor",
             options_.init == ClusterInit::kmeans ? "k-means++" : name(options_.init));
  if (options_.preserve_sparsity) text += ", zeros stay zero";
  if (options_.reassign > 0) text += format(", reassigned every {} steps", options_.reassign);
  if (options_.init == ClusterInit::kmeans || options_.init == ClusterInit::random)
    text += format(", seed {}", options_.seed);
  return text + "; " + describe_layers(options_.choice);
}

Status Clustering::rewrite(Model& model) {
  THIMBLE_TRY(check(options_));
  targets_.clear();
  notes_.clear();
  THIMBLE_ASSIGN(auto weights, chosen_weights(model.graph, model.parameters, options_.choice, "cluster"));
  for (WeightMatrix& w : weights) targets_.push_back({std::move(w), 0, {}, {}});
  return {};
}

Status Clustering::make_groups(FitView& fit) {
  for (Target& t : targets_) {
    const auto it = std::ranges::find(fit.parameters, t.weights.tensor, &ParameterView::tensor);
    if (it == fit.parameters.end()) return fail(ErrorCode::internal, format("{} is not trained", t.weights.name));
    t.parameter = static_cast<size_t>(it - fit.parameters.begin());
    const int64_t rows = t.weights.rows, columns = t.weights.columns;
    t.groups.assign(options_.per_channel ? static_cast<size_t>(rows) : 1, {});
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        t.groups[options_.per_channel ? static_cast<size_t>(r) : 0].places.push_back(
            static_cast<uint32_t>(t.weights.at(r, c)));
  }
  return {};
}

void Clustering::assign(Group& group, std::span<const float> values, uint64_t stream) const {
  std::vector<float> own;
  for (uint32_t at : group.places) own.push_back(values[at]);
  const bool zero = options_.preserve_sparsity || options_.keep;
  int k = options_.clusters;
  if (options_.keep) {
    // With as much room as there are values each of them is a cluster. Many values are none at all.
    std::vector<float> distinct = own;
    std::ranges::sort(distinct);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() > std::min<size_t>(kMostClusters, own.size() / 2)) {
      group.places.clear();
      return;
    }
    k = static_cast<int>(distinct.size());
  }
  Clusters found = find_clusters(own, k, options_.init, zero, options_.seed, stream);
  group.index = std::move(found.index);
  group.clusters = static_cast<int>(found.centres.size());
  group.zero = -1;
  if (zero)
    for (size_t c = 0; c < found.centres.size(); ++c)
      if (found.centres[c] == 0) group.zero = static_cast<int>(c);
}

Status Clustering::begin(FitView& fit) {
  THIMBLE_TRY(make_groups(fit));
  size_t at = 0;
  uint64_t stream = 0;
  const auto take = [&](void* to, size_t bytes) {
    if (bytes > restored_.size() - at) return false;
    if (bytes > 0) std::memcpy(to, restored_.data() + at, bytes);
    at += bytes;
    return true;
  };
  const bool resumed = !restored_.empty();
  for (Target& t : targets_) {
    const auto values = fit.parameters[t.parameter].values;
    int64_t few = 0;
    for (Group& g : t.groups) {
      if (!resumed) {
        assign(g, values, stream++);
        few += !options_.keep && static_cast<int64_t>(g.places.size()) <= options_.clusters;
        continue;
      }
      int32_t numbers[2] = {0, -1};
      const bool read = take(numbers, sizeof numbers);
      if (read && numbers[0] == 0) g.places.clear();  // left free
      g.index.resize(g.places.size());
      g.latent.resize(options_.reassign > 0 ? g.places.size() : 0);
      if (!read || !take(g.index.data(), g.index.size() * 2) || !take(g.latent.data(), g.latent.size() * 4) ||
          numbers[0] < 0 || numbers[0] > kMostClusters ||
          std::ranges::any_of(g.index, [&](uint16_t i) { return i >= numbers[0]; }))
        return fail(ErrorCode::bad_file, format("the checkpoint's clusters of {} are damaged", t.weights.name));
      g.clusters = numbers[0];
      g.zero = numbers[1];
    }
    if (few > 0)
      notes_.push_back(options_.per_channel
                           ? format("{}: {} weights per channel are no more than {} clusters: kept as they are",
                                    t.weights.name, t.weights.columns, options_.clusters)
                           : format("{}: {} weights are no more than {} clusters: kept as they are", t.weights.name,
                                    t.weights.elements(), options_.clusters));
    if (resumed) {
      t.before.assign(values.begin(), options_.reassign > 0 ? values.end() : values.begin());
      continue;  // the values are those of the last projection
    }
    if (options_.reassign > 0)
      for (Group& g : t.groups)
        for (uint32_t place : g.places) g.latent.push_back(values[place]);
    project(t, values);
    const auto average = fit.parameters[t.parameter].average;
    if (!average.empty()) std::ranges::copy(values, average.begin());
    if (options_.reassign > 0) t.before.assign(values.begin(), values.end());
  }
  restored_.clear();
  return {};
}

Status Clustering::after_step(FitView& fit) {
  for (Target& t : targets_) {
    const ParameterView& p = fit.parameters[t.parameter];
    if (options_.reassign > 0) {
      for (Group& g : t.groups)
        for (size_t i = 0; i < g.places.size(); ++i) {
          const uint32_t at = g.places[i];
          g.latent[i] += p.values[at] - t.before[at];
        }
    }
    project(t, p.values);
    if (options_.reassign > 0) {
      if (fit.step % options_.reassign == 0 && fit.step < fit.steps) move_members(t, p.values);
      t.before.assign(p.values.begin(), p.values.end());
    }
    if (!p.average.empty()) project(t, p.average);
  }
  return {};
}

void Clustering::project(const Target& target, std::span<float> values) const {
  std::vector<double> sums;
  std::vector<int64_t> counts;
  for (const Group& g : target.groups) {
    sums.assign(static_cast<size_t>(g.clusters), 0);
    counts.assign(static_cast<size_t>(g.clusters), 0);
    for (size_t i = 0; i < g.places.size(); ++i) {
      sums[g.index[i]] += static_cast<double>(values[g.places[i]]);
      ++counts[g.index[i]];
    }
    for (size_t c = 0; c < sums.size(); ++c) sums[c] /= static_cast<double>(std::max<int64_t>(counts[c], 1));
    if (g.zero >= 0) sums[static_cast<size_t>(g.zero)] = 0;
    for (size_t i = 0; i < g.places.size(); ++i) values[g.places[i]] = static_cast<float>(sums[g.index[i]]);
  }
}

// Each weight goes to the cluster whose value is nearest to its latent one; values do not change but through that.
void Clustering::move_members(Target& target, std::span<float> values) const {
  for (Group& g : target.groups) {
    std::vector<float> centre(static_cast<size_t>(g.clusters), 0.0f);
    for (size_t i = 0; i < g.places.size(); ++i) centre[g.index[i]] = values[g.places[i]];
    std::vector<uint16_t> order;  // of centres, ascending; a cluster that lost its members has no value to offer
    std::vector<char> alive(centre.size(), 0);
    for (uint16_t c : g.index) alive[c] = 1;
    for (size_t c = 0; c < centre.size(); ++c)
      if (alive[c] && static_cast<int>(c) != g.zero) order.push_back(static_cast<uint16_t>(c));
    if (order.empty()) continue;
    std::ranges::stable_sort(order, [&](uint16_t a, uint16_t b) { return centre[a] < centre[b]; });
    for (size_t i = 0; i < g.places.size(); ++i) {
      if (g.zero >= 0 && g.index[i] == g.zero) continue;
      const auto up = std::ranges::lower_bound(order, g.latent[i], {}, [&](uint16_t c) { return centre[c]; });
      uint16_t best = up == order.end() ? order.back() : *up;
      if (up != order.begin() && up != order.end() && g.latent[i] - centre[*(up - 1)] <= centre[*up] - g.latent[i])
        best = *(up - 1);
      g.index[i] = best;
      values[g.places[i]] = centre[best];
    }
  }
}

std::vector<uint8_t> Clustering::save() const {
  std::vector<uint8_t> bytes;
  const auto put = [&](const void* from, size_t size) {
    const auto* p = static_cast<const uint8_t*>(from);
    bytes.insert(bytes.end(), p, p + size);
  };
  for (const Target& t : targets_)
    for (const Group& g : t.groups) {
      const int32_t numbers[2] = {g.clusters, g.zero};
      put(numbers, sizeof numbers);
      put(g.index.data(), g.index.size() * 2);
      put(g.latent.data(), g.latent.size() * 4);
    }
  return bytes;
}

Status Clustering::restore(std::span<const uint8_t> bytes) {
  restored_.assign(bytes.begin(), bytes.end());
  return {};
}

}  // namespace thimble
