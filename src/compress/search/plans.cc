#include "compress/search/plans.h"

#include <algorithm>
#include <cmath>

#include "compress/shrink/shrink.h"

namespace thimble {
namespace {

// How the weights that stay are stored.
struct WeightStorage {
  int bits = 8;
  double sparsity = 0;
  int clusters = 0;
};
constexpr WeightStorage kPacked[] = {{8, 0, 0},   {8, 0.5, 0}, {8, 0.8, 16}, {5, 0.75, 0}, {4, 0, 0},
                                     {4, 0.5, 0}, {4, 0.7, 0}, {4, 0.85, 0}, {3, 0, 0},    {3, 0.5, 0},
                                     {3, 0.7, 0}, {2, 0, 0},   {2, 0.5, 0}};
constexpr WeightStorage kPlain[] = {{8, 0, 0}};
constexpr double kKeep[] = {1, 0.8, 0.65, 0.5, 0.35, 0.25, 0.15};
// Estimates are crude: plans within this factor of a size are tried.
constexpr double kNear = 2.5;

// Entropy of a normal distribution rounded to the levels of so many bits, its largest of some thousand values at the
// last level (about 3.5 standard deviations): log2(levels / 7) + ½·log2(2πe).
double entropy(int bits) { return std::max(0.7, std::log2(std::exp2(bits) / 7) + 2.05); }

double entropy_of_share(double s) { return s <= 0 || s >= 1 ? 0 : -s * std::log2(s) - (1 - s) * std::log2(1 - s); }

}  // namespace

double estimated_bytes(const CompressionPlan& plan, int64_t parameters, bool packed) {
  const auto n = static_cast<double>(parameters);
  if (!packed) return n;
  double bits = entropy(plan.bits);
  if (plan.clusters > 0) bits = std::min(bits, 0.9 * std::log2(plan.clusters));
  return n / 8 * ((1 - plan.sparsity) * bits + entropy_of_share(plan.sparsity));
}

Result<std::vector<CompressionPlan>> candidate_plans(const Graph& float_graph, const PlanSpace& space) {
  THIMBLE_ASSIGN(const ChannelMap map, find_channels(float_graph));
  THIMBLE_ASSIGN(const ChannelScores scores, rank_channels(float_graph, map, Ranking::l1));
  std::vector<std::pair<double, CompressionPlan>> plans;  // estimated bytes
  int64_t before = -1;
  for (double keep : kKeep) {
    int64_t parameters = parameter_count(float_graph);
    if (keep < 1) {
      ShrinkOptions options;
      options.keep = keep;
      const auto shrunk = shrink_graph(float_graph, options, scores);
      if (!shrunk || shrunk->parameters_after == before) continue;  // nothing can go, or no more than before
      parameters = shrunk->parameters_after;
    }
    before = parameters;
    for (const WeightStorage& s :
         space.packed ? std::span<const WeightStorage>(kPacked) : std::span<const WeightStorage>(kPlain)) {
      CompressionPlan plan{
          .keep = keep, .sparsity = s.sparsity, .clusters = s.clusters, .bits = s.bits, .layer_bits = {}};
      if (s.bits <= 4)
        for (const std::string& layer : space.sensitive) plan.layer_bits[layer] = 8;
      plans.emplace_back(estimated_bytes(plan, parameters, space.packed), std::move(plan));
    }
  }
  std::ranges::stable_sort(plans, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<CompressionPlan> list;
  const auto goal = static_cast<double>(space.most_bytes);
  for (const auto& [bytes, plan] : plans)
    if (goal <= 0 || (bytes < goal * kNear && bytes > goal / kNear)) list.push_back(plan);
  if (list.empty()) list.push_back(goal > plans.front().first ? plans.front().second : plans.back().second);
  return list;
}

}  // namespace thimble
