#include "compress/shrink/shrink.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/suggest.h"
#include "passes/fold_constants.h"
#include "train/answer_scale.h"

namespace thimble {
namespace {

bool names_it(const std::string& layer, const std::string& name) {
  return name.starts_with(layer) && (name.size() == layer.size() || name[layer.size()] == '/');
}

// A group that takes part, with its channels in the order in which they go.
struct Candidate {
  size_t group = 0;
  std::vector<int64_t> order;  // removable channels, lowest score first
  int64_t all = 0, least = 1;  // channels of the group; how many must stay
};

class Shrinker {
 public:
  Shrinker(const Graph& graph, const ShrinkOptions& options, const ChannelScores& scores)
      : graph_(graph), options_(options), scores_(scores) {}

  Result<Shrunk> run() {
    THIMBLE_TRY(check());
    THIMBLE_ASSIGN(map_, find_channels(graph_));
    if (scores_.size() != map_.groups.size())
      return fail(ErrorCode::internal,
                  format("{} scores for {} groups of channels", scores_.size(), map_.groups.size()));
    THIMBLE_TRY(select());
    const bool target = options_.max_macs > 0 || options_.max_parameters > 0;
    if (!target) return removed(options_.keep);
    return search();
  }

 private:
  Status check() const {
    if (!(options_.keep > 0 && options_.keep <= 1))
      return fail(ErrorCode::usage, format("keep is {}", options_.keep),
                  "give a fraction above 0 and at most 1, for instance 0.5 for half of the channels");
    if (options_.multiple < 1)
      return fail(ErrorCode::usage, format("channels in multiples of {}", options_.multiple), "give 1, 4, 8 …");
    return {};
  }

  bool chosen(const ChannelGroup& group) const {
    if (options_.layers.empty()) return true;
    return std::ranges::any_of(group.producers, [&](NodeId n) {
      const Node& node = graph_.nodes[static_cast<size_t>(n)];
      return std::ranges::any_of(options_.layers, [&](const std::string& l) { return names_it(l, node.name); });
    });
  }

  // The groups that take part. Every group that makes channels is listed in the result.
  Status select() {
    std::vector<std::string> names;
    for (const ChannelGroup& g : map_.groups)
      for (NodeId n : g.producers) names.push_back(graph_.nodes[static_cast<size_t>(n)].name);
    for (const std::string& layer : options_.layers)
      if (std::ranges::none_of(names, [&](const std::string& n) { return names_it(layer, n); }))
        return fail(ErrorCode::usage, format("the model has no layer \"{}\" that makes channels", layer),
                    did_you_mean_or_all(layer, names));
    std::string reasons;
    for (size_t g = 0; g < map_.groups.size(); ++g) {
      const ChannelGroup& group = map_.groups[g];
      if (group.producers.empty() || !chosen(group)) continue;
      Candidate c{g, {}, static_cast<int64_t>(group.channels.size()), 1};
      for (size_t i = 0; i < group.channels.size(); ++i)
        if (group.channels[i].blocked.empty()) c.order.push_back(static_cast<int64_t>(i));
      if (!group.blocked.empty()) {
        reasons += format("{}\"{}\": {}", reasons.empty() ? "" : "; ", group.name, group.blocked);
        continue;
      }
      const std::vector<double>& score = scores_[g];
      std::ranges::stable_sort(
          c.order, [&](int64_t a, int64_t b) { return score[static_cast<size_t>(a)] < score[static_cast<size_t>(b)]; });
      const auto blocked = c.all - static_cast<int64_t>(c.order.size());
      c.least = std::max<int64_t>({1, blocked, static_cast<int64_t>(std::ceil(options_.floor * double(c.all)))});
      candidates_.push_back(std::move(c));
    }
    if (candidates_.empty())
      return fail(ErrorCode::unsupported, format("no channel can be removed: {}", reasons),
                  "a model needs a layer between its input and its last layer");
    return {};
  }

  int64_t rounded_up(int64_t stay, int64_t all) const {
    const int64_t m = options_.multiple;
    return std::min(all, (std::max<int64_t>(stay, 1) + m - 1) / m * m);
  }

  // How many of each candidate go when `keep` of all shall stay.
  std::vector<int64_t> counts(double keep) const {
    std::vector<int64_t> go(candidates_.size(), 0);
    if (options_.per_layer) {
      for (size_t i = 0; i < candidates_.size(); ++i)
        go[i] = candidates_[i].all - std::llround(keep * static_cast<double>(candidates_[i].all));
    } else {
      int64_t total = 0;
      std::vector<std::pair<double, size_t>> all;  // score, candidate
      for (size_t i = 0; i < candidates_.size(); ++i) {
        total += candidates_[i].all;
        const Candidate& c = candidates_[i];
        for (size_t k = 0; k < c.order.size() && static_cast<int64_t>(k) < c.all - c.least; ++k)
          all.emplace_back(scores_[c.group][static_cast<size_t>(c.order[k])], i);
      }
      std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.first < b.first; });
      const auto goal = static_cast<size_t>(std::max<int64_t>(total - std::llround(keep * double(total)), 0));
      for (size_t k = 0; k < std::min(goal, all.size()); ++k) ++go[all[k].second];
    }
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const Candidate& c = candidates_[i];
      const int64_t stay = rounded_up(std::max(c.all - go[i], c.least), c.all);
      go[i] = std::min(c.all - stay, static_cast<int64_t>(c.order.size()));
    }
    return go;
  }

  Result<Shrunk> removed(double keep) const {
    const std::vector<int64_t> go = counts(keep);
    Shrunk result;
    result.graph = graph_;
    std::vector<ChannelRemoval> removals;
    std::map<size_t, int64_t> gone;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const Candidate& c = candidates_[i];
      result.channels_before += c.all;
      result.channels_after += c.all - go[i];
      gone[c.group] = go[i];
      if (go[i] > 0) removals.push_back({c.group, {c.order.begin(), c.order.begin() + go[i]}});
    }
    THIMBLE_TRY(remove_channels(result.graph, map_, removals));
    for (size_t g = 0; g < map_.groups.size(); ++g) {
      const ChannelGroup& group = map_.groups[g];
      if (group.producers.empty()) continue;
      const auto all = static_cast<int64_t>(group.channels.size());
      ShrunkLayer layer{group.name, all, all - gone[g], {}};
      if (layer.after == layer.before)
        layer.why = !group.blocked.empty() ? group.blocked
                    : !chosen(group)       ? "not chosen"
                                           : "ranked higher than others";
      result.layers.push_back(std::move(layer));
    }
    THIMBLE_ASSIGN(const GraphCost before, cost(graph_));
    THIMBLE_ASSIGN(const GraphCost after, cost(result.graph));
    result.macs_before = before.macs;
    result.macs_after = after.macs;
    result.parameters_before = parameter_count(graph_);
    result.parameters_after = parameter_count(result.graph);
    return result;
  }

  bool fits(const Shrunk& s) const {
    return (options_.max_macs <= 0 || s.macs_after <= options_.max_macs) &&
           (options_.max_parameters <= 0 || s.parameters_after <= options_.max_parameters);
  }

  // The largest fraction that fits, by bisection: cost grows with the channels that stay.
  Result<Shrunk> search() const {
    THIMBLE_ASSIGN(Shrunk whole, removed(1));
    if (fits(whole)) return whole;
    THIMBLE_ASSIGN(Shrunk best, removed(0));
    if (!fits(best))
      return fail(
          ErrorCode::usage,
          format("the target cannot be reached: with the fewest channels that may stay, {} multiply-accumulates "
                 "and {} parameters are left",
                 best.macs_after, best.parameters_after),
          "give a larger target, or lower the share of channels that stays in each layer");
    double lo = 0, hi = 1;
    for (int i = 0; i < 16; ++i) {
      const double middle = (lo + hi) / 2;
      THIMBLE_ASSIGN(Shrunk next, removed(middle));
      if (fits(next)) {
        lo = middle;
        best = std::move(next);
      } else {
        hi = middle;
      }
    }
    return best;
  }

  const Graph& graph_;
  const ShrinkOptions& options_;
  const ChannelScores& scores_;
  ChannelMap map_;
  std::vector<Candidate> candidates_;
};

// What one of `rounds` rounds keeps, so that all together reach the goal. `whole` is the model before the first.
ShrinkOptions round_options(const ShrinkOptions& goal, const Graph& whole, int64_t macs, const Shrunk& sofar, int round,
                            int rounds) {
  ShrinkOptions options = goal;
  const auto part = static_cast<double>(round) / rounds;
  const auto between = [&](int64_t before, int64_t target) {
    return before - static_cast<int64_t>(part * static_cast<double>(before - target));
  };
  if (goal.max_macs > 0) options.max_macs = between(macs, goal.max_macs);
  if (goal.max_parameters > 0) options.max_parameters = between(parameter_count(whole), goal.max_parameters);
  if (sofar.channels_before == 0) {
    options.keep = 1 - part * (1 - goal.keep);
  } else {
    const double wanted = (1 - part * (1 - goal.keep)) * static_cast<double>(sofar.channels_before);
    options.keep = std::clamp(wanted / static_cast<double>(sofar.channels_after), 1e-9, 1.0);
    // The floor is of the original layers; later rounds may not undercut it by more than rounding.
    options.floor = std::min(1.0, goal.floor * static_cast<double>(sofar.channels_before) /
                                      static_cast<double>(std::max<int64_t>(sofar.channels_after, 1)));
  }
  return options;
}

void merge(Shrunk& total, Shrunk round) {
  if (total.channels_before == 0) {
    total = std::move(round);
    return;
  }
  for (ShrunkLayer& layer : total.layers)
    for (const ShrunkLayer& now : round.layers)
      if (now.name == layer.name) {
        layer.after = now.after;
        if (layer.after < layer.before) layer.why.clear();
      }
  total.channels_after = round.channels_after;
  total.macs_after = round.macs_after;
  total.parameters_after = round.parameters_after;
  total.graph = std::move(round.graph);
}

}  // namespace

const char* name(Ranking ranking) {
  constexpr const char* kNames[] = {"l1", "batch_norm", "taylor", "activation_gradient", "activation"};
  return kNames[static_cast<size_t>(ranking)];
}

bool needs_data(Ranking ranking) { return ranking != Ranking::l1 && ranking != Ranking::batch_norm; }

int64_t parameter_count(const Graph& graph) {
  int64_t n = 0;
  for (const Tensor& t : graph.tensors) {
    const bool index = (t.type == DType::i32 || t.type == DType::i64) && t.quant.empty();
    if (t.constant() && !index) n += t.shape.elements();
  }
  return n;
}

Result<Shrunk> shrink_graph(const Graph& graph, const ShrinkOptions& options, const ChannelScores& scores) {
  return Shrinker(graph, options, scores).run();
}

Result<ShrinkResult> shrink(const Graph& float_graph, const ShrinkPlan& plan, const Retraining& given,
                            const std::function<Result<Techniques>()>& techniques) {
  if (plan.rounds < 1) return fail(ErrorCode::usage, format("{} rounds", plan.rounds), "give 1 or more");
  ShrinkResult result;
  THIMBLE_ASSIGN(Graph whole, fold_constants(float_graph));
  Retraining how = given;
  THIMBLE_ASSIGN(const AnswerScale answers, take_answer_scale(whole, &how.feeding));
  THIMBLE_ASSIGN(const GraphCost whole_cost, cost(whole));
  Graph graph = whole;
  for (int round = 1; round <= plan.rounds; ++round) {
    THIMBLE_ASSIGN(const ChannelMap map, find_channels(graph));
    THIMBLE_ASSIGN(const ChannelScores scores, rank_channels(graph, map, plan.ranking, &how, plan.rank_samples));
    const ShrinkOptions options =
        plan.rounds == 1 ? plan.options
                         : round_options(plan.options, whole, whole_cost.macs, result.shrunk, round, plan.rounds);
    THIMBLE_ASSIGN(Shrunk shrunk, shrink_graph(graph, options, scores));
    if (how.spec.epochs > 0) {
      Retraining again = how;
      if (!how.checkpoint.empty()) again.checkpoint = format("{}.round{}", how.checkpoint, round);
      Techniques list;
      if (techniques) {
        THIMBLE_ASSIGN(list, techniques());
      }
      THIMBLE_ASSIGN(Retrained trained, retrain(shrunk.graph, again, list));
      shrunk.graph = std::move(trained.graph);
      const int before = result.epochs.empty() ? 0 : result.epochs.back().epoch;
      for (EpochRecord& e : trained.epochs) {
        e.epoch += before;
        result.epochs.push_back(e);
      }
      result.interrupted = trained.interrupted;
    }
    merge(result.shrunk, std::move(shrunk));
    graph = result.shrunk.graph;
    if (result.interrupted) break;
  }
  THIMBLE_TRY(put_answer_scale(result.shrunk.graph, answers));
  return result;
}

}  // namespace thimble
