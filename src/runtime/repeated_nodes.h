// Nodes that do the same with other tensors, as the turns of a loop that is written out: lowered once, with one copy of
// the packed weights.
#pragma once

#include <map>
#include <string>

#include "runtime/lower.h"

namespace thimble {

class RepeatedNodes {
 public:
  explicit RepeatedNodes(const Checked& checked);

  // Fills `ctx` with the steps of an earlier node that differs from this one in its tensors alone. False: there is
  // none.
  bool repeat(LowerContext& ctx) const;
  // Keeps what `ctx` has become for nodes like it.
  void keep(const LowerContext& ctx);

 private:
  struct Lowered {
    NodeId node;
    std::vector<StepPlan> steps;
    std::vector<ScratchPlan> scratches;
  };
  std::string key_of(const Node& node) const;

  const Graph& graph_;
  std::vector<bool> shared_;  // per tensor: a constant that several nodes read
  std::map<std::string, Lowered> lowered_;
};

}  // namespace thimble
