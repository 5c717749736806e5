#include "micro/row_search.h"

#include <algorithm>

namespace thimble::micro {
namespace {

constexpr size_t kLongest = 8;                // operators of a chain
constexpr int64_t kSteps[] = {1, 2, 4};       // rows at a time
constexpr int kAttempts = 300;                // layouts of a trial

using Chains = std::vector<RowChain>;

class RowSearch {
 public:
  RowSearch(const Checked& checked, std::span<const std::optional<RowOperator>> operators,
            std::span<const Scratch> scratch, int64_t alignment)
      : checked_(checked), operators_(operators), scratch_(scratch), alignment_(alignment) {
    const Graph& g = checked.graph;
    const std::vector<int> use_counts = g.use_counts();
    const std::vector<NodeId> producers = g.producers();
    next_.assign(g.nodes.size(), -1);
    before_.resize(g.nodes.size());
    for (size_t n = 0; n < g.nodes.size(); ++n) {
      if (!operators[n]) continue;
      for (const size_t i : operators[n]->inputs) {
        const NodeId from = producers[static_cast<size_t>(g.nodes[n].inputs[i])];
        if (from < 0 || !operators[static_cast<size_t>(from)]) continue;
        if (row_link(g, use_counts, from, static_cast<NodeId>(n)) != static_cast<int>(i)) continue;
        before_[n].push_back(from);
        next_[static_cast<size_t>(from)] = static_cast<NodeId>(n);
      }
    }
  }

  Result<Chains> run() {
    Chains chains;
    while (improve(chains)) {
    }
    if (chains.empty()) return chains;
    turn_in_turns(chains);
    THIMBLE_ASSIGN(int64_t bytes, arena(chains));
    THIMBLE_TRY(choose_ends(chains, bytes));
    THIMBLE_TRY(simplify(chains, bytes));
    THIMBLE_ASSIGN(const int64_t without, arena({}));
    return bytes < without ? chains : Chains{};
  }

 private:
  static int64_t overhead(const Chains& chains) {
    int64_t sum = 0;
    for (const RowChain& c : chains) sum += c.run.overhead;
    return sum;
  }

  std::vector<int64_t> by_node(const Chains& chains) const {
    return MemoryUse(checked_, scratch_, chains).by_node(alignment_);
  }

  // Finds a node where memory is highest for the chain that makes its own nodes, and those of the chains whose place it
  // takes, the lowest; of equal ones that with the least overhead. False where that lowers no such node, or would make
  // others as high.
  bool improve(Chains& chains) const {
    const std::vector<int64_t> now = by_node(chains);
    const int64_t highest = std::ranges::max(now);
    std::optional<Chains> best;
    std::pair<int64_t, int64_t> least = {highest, 0};
    for (size_t n = 0; n < now.size(); ++n) {
      if (now[n] != highest) continue;
      for (RowChain& c : candidates(static_cast<NodeId>(n))) {
        std::vector<NodeId> changed = c.nodes;
        for (const RowChain& old : chains)
          if (meet(old, c)) changed.insert(changed.end(), old.nodes.begin(), old.nodes.end());
        Chains trial = with(chains, std::move(c));
        const std::vector<int64_t> then = by_node(trial);
        int64_t own = 0;
        for (const NodeId node : changed) own = std::max(own, then[static_cast<size_t>(node)]);
        const std::pair<int64_t, int64_t> cost = {own, overhead(trial)};
        if (own >= highest || cost >= least) continue;
        if (std::ranges::count(then, highest) >= std::ranges::count(now, highest)) continue;
        if (std::ranges::max(then) > highest) continue;
        least = cost;
        best = std::move(trial);
      }
      if (best) break;
    }
    if (best) chains = std::move(*best);
    return best.has_value();
  }

  // Every chain that `node` belongs to.
  std::vector<RowChain> candidates(NodeId node) const {
    std::vector<RowChain> found;
    if (operators_[static_cast<size_t>(node)]) from({node}, found);
    return found;
  }
  void from(std::vector<NodeId> nodes, std::vector<RowChain>& found) const {
    const std::vector<NodeId>& before = before_[static_cast<size_t>(nodes.front())];
    for (std::vector<NodeId> longer = nodes;;) {
      add(longer, found);
      const NodeId next = next_[static_cast<size_t>(longer.back())];
      if (next < 0 || longer.size() == kLongest) break;
      longer.push_back(next);
    }
    if (nodes.size() == kLongest) return;
    for (const NodeId b : before) {
      std::vector<NodeId> longer = {b};
      longer.insert(longer.end(), nodes.begin(), nodes.end());
      from(std::move(longer), found);
    }
  }
  void add(const std::vector<NodeId>& nodes, std::vector<RowChain>& found) const {
    const std::vector<RowStage> stages = row_stages(checked_, operators_, nodes);
    for (const int64_t step : kSteps)
      if (step < stages.back().window.out) found.push_back({nodes, step, false, run_by_rows(stages, step, false)});
  }

  static bool meet(const RowChain& a, const RowChain& b) {
    return std::ranges::find_first_of(a.nodes, b.nodes) != a.nodes.end();
  }
  // With another chain, which takes the place of those that have a node of it.
  static Chains with(const Chains& chains, RowChain chain) {
    Chains result;
    for (const RowChain& c : chains)
      if (!meet(c, chain)) result.push_back(c);
    const auto behind = [&](const RowChain& c) { return c.nodes.back() > chain.nodes.back(); };
    result.insert(std::ranges::find_if(result, behind), std::move(chain));
    return result;
  }

  Result<int64_t> arena(const Chains& chains) const {
    THIMBLE_ASSIGN(const Memory memory, MemoryUse(checked_, scratch_, chains).place(alignment_, kAttempts));
    return memory.bytes;
  }

  void set_end(RowChain& chain, bool from_the_end) const {
    chain.from_the_end = from_the_end;
    chain.run = run_by_rows(row_stages(checked_, operators_, chain.nodes), chain.step, from_the_end);
  }

  // A chain's output lies a little below its input where the rows run down, a little above where they run up: every
  // other chain of a sequence runs up, so that the tensors do not wander through memory.
  void turn_in_turns(Chains& chains) const {
    for (RowChain& c : chains)
      for (const RowChain& other : chains) {
        const TensorId y = checked_.graph.nodes[static_cast<size_t>(other.nodes.back())].outputs[0];
        const std::vector<TensorId>& x = checked_.graph.nodes[static_cast<size_t>(c.nodes.front())].inputs;
        if (std::ranges::find(x, y) != x.end()) set_end(c, !other.from_the_end);
      }
  }

  Status choose_ends(Chains& chains, int64_t& bytes) const {
    for (size_t i = 0; i < chains.size(); ++i) {
      Chains trial = chains;
      set_end(trial[i], !trial[i].from_the_end);
      THIMBLE_ASSIGN(const int64_t now, arena(trial));
      if (now >= bytes) continue;
      bytes = now;
      chains = std::move(trial);
    }
    return {};
  }

  // Less work in no more memory.
  Status simplify(Chains& chains, int64_t& bytes) const {
    for (size_t i = 0; i < chains.size(); ++i) {
      std::vector<Chains> trials;
      const RowChain chain = chains[i];
      for (const NodeId n : chain.nodes)
        for (RowChain& c : candidates(n)) {
          const auto stays = [&](NodeId node) { return std::ranges::find(chain.nodes, node) != chain.nodes.end(); };
          if (!std::ranges::all_of(c.nodes, stays)) continue;
          if (chain.from_the_end) set_end(c, true);
          trials.push_back(with(chains, std::move(c)));
        }
      trials.push_back(chains);
      trials.back().erase(trials.back().begin() + static_cast<ptrdiff_t>(i));
      std::ranges::sort(trials, {}, overhead);
      for (Chains& trial : trials) {
        if (overhead(trial) >= overhead(chains)) break;
        if (std::ranges::max(by_node(trial)) > bytes) continue;
        THIMBLE_ASSIGN(const int64_t now, arena(trial));
        if (now > bytes) continue;
        bytes = now;
        if (trial.size() < chains.size()) --i;
        chains = std::move(trial);
        break;
      }
    }
    return {};
  }

  const Checked& checked_;
  std::span<const std::optional<RowOperator>> operators_;
  std::span<const Scratch> scratch_;
  int64_t alignment_;
  std::vector<NodeId> next_;                 // the one operator by rows that reads what a node gives
  std::vector<std::vector<NodeId>> before_;  // whose outputs only this node reads, by rows
};

}  // namespace

Result<std::vector<RowChain>> find_row_chains(const Checked& checked,
                                              std::span<const std::optional<RowOperator>> operators,
                                              std::span<const Scratch> scratch, int64_t alignment) {
  return RowSearch(checked, operators, scratch, alignment).run();
}

}  // namespace thimble::micro
