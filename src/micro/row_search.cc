#include "micro/row_search.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace thimble::micro {
namespace {

constexpr size_t kLongest = 8;           // operators of a chain
constexpr int64_t kSteps[] = {1, 2, 4};  // rows at a time
constexpr int64_t kSpare = 10;           // this part of the least memory is given for less work
constexpr size_t kInTwo = 4;             // of this length at most are tried in two parts
constexpr int kAttempts = 300;           // layouts of a trial

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
    if (operators_.empty()) return chains;
    while (improve(chains)) {}
    if (chains.empty()) return chains;
    turn_in_turns(chains);
    THIMBLE_ASSIGN(int64_t bytes, arena(chains));
    THIMBLE_TRY(choose_ends(chains, bytes));
    THIMBLE_ASSIGN(const int64_t without, arena({}));
    if (bytes >= without) return Chains{};
    THIMBLE_TRY(simplify(chains, std::min(bytes + bytes / kSpare, without - 1)));
    return chains;
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
    for (const int64_t step : kSteps)
      if (step < operators_[static_cast<size_t>(nodes.back())]->window.out) found.push_back(chain(nodes, step, false));
  }
  RowChain chain(const std::vector<NodeId>& nodes, int64_t step, bool from_the_end) const {
    std::optional<RowRun>& run = runs_[{nodes, step, from_the_end}];
    if (!run) run = run_by_rows(row_stages(checked_, operators_, nodes), step, from_the_end);
    return {nodes, step, from_the_end, *run};
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

  // A chain's output lies a little below its input where the rows run down, a little above where they run up: every
  // other chain of a sequence runs up, so that the tensors do not wander through memory.
  void turn_in_turns(Chains& chains) const {
    for (RowChain& c : chains)
      for (const RowChain& other : chains) {
        const TensorId y = checked_.graph.nodes[static_cast<size_t>(other.nodes.back())].outputs[0];
        const std::vector<TensorId>& x = checked_.graph.nodes[static_cast<size_t>(c.nodes.front())].inputs;
        if (std::ranges::find(x, y) != x.end()) c = chain(c.nodes, c.step, !other.from_the_end);
      }
  }

  Status choose_ends(Chains& chains, int64_t& bytes) const {
    for (size_t i = 0; i < chains.size(); ++i) {
      Chains trial = chains;
      trial[i] = chain(chains[i].nodes, chains[i].step, !chains[i].from_the_end);
      THIMBLE_ASSIGN(const int64_t now, arena(trial));
      if (now >= bytes) continue;
      bytes = now;
      chains = std::move(trial);
    }
    return {};
  }

  // Less work in as much memory: in place of each chain a part of it, two parts, or nothing.
  Status simplify(Chains& chains, int64_t bytes) const {
    for (size_t i = 0; i < chains.size();) {
      const size_t before = chains.size();
      Chains rest = chains;
      rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
      std::vector<Chains> trials = {rest};
      const std::vector<RowChain> parts = parts_of(chains[i].nodes);
      for (const RowChain& part : parts) {
        trials.push_back(with(rest, part));
        if (chains[i].nodes.size() > kInTwo) continue;
        for (const RowChain& other : parts)
          if (part.nodes.back() < other.nodes.front() && part.from_the_end != other.from_the_end)
            trials.push_back(with(with(rest, part), other));
      }
      std::ranges::stable_sort(trials, {}, overhead);
      for (Chains& trial : trials) {
        if (overhead(trial) >= overhead(chains)) break;
        if (std::ranges::max(by_node(trial)) > bytes) continue;
        THIMBLE_ASSIGN(const int64_t now, arena(trial));
        if (now > bytes) continue;
        chains = std::move(trial);
        break;
      }
      if (chains.size() >= before) ++i;
    }
    return {};
  }

  std::vector<RowChain> parts_of(const std::vector<NodeId>& nodes) const {
    std::vector<RowChain> parts;
    for (size_t from = 0; from < nodes.size(); ++from)
      for (size_t to = from + 1; to <= nodes.size(); ++to)
        for (const int64_t step : kSteps)
          for (const bool from_the_end : {false, true})
            if (const std::vector<NodeId> part(nodes.begin() + static_cast<ptrdiff_t>(from),
                                               nodes.begin() + static_cast<ptrdiff_t>(to));
                step < operators_[static_cast<size_t>(part.back())]->window.out)
              parts.push_back(chain(part, step, from_the_end));
    return parts;
  }

  const Checked& checked_;
  std::span<const std::optional<RowOperator>> operators_;
  std::span<const Scratch> scratch_;
  int64_t alignment_;
  mutable std::map<std::tuple<std::vector<NodeId>, int64_t, bool>, std::optional<RowRun>> runs_;  // known ones
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
