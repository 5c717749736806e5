#include "runtime/sign_bits.h"

#include <algorithm>

namespace thimble {
namespace {

class Regions {
 public:
  explicit Regions(const Graph& graph) : graph_(graph), of_(graph.tensors.size()), facts_(graph.tensors.size()) {
    for (size_t t = 0; t < of_.size(); ++t) {
      const Tensor& tensor = graph.tensors[t];
      of_[t] = static_cast<TensorId>(t);
      facts_[t].plain = tensor.type != DType::i8 || tensor.variable || tensor.constant();
    }
    for (const auto* list : {&graph.inputs, &graph.outputs})
      for (TensorId t : *list) stays_plain(t);
  }

  void stays_plain(TensorId t) { facts_[root(t)].plain = true; }
  void gains(TensorId t) { facts_[root(t)].gains = true; }
  void unite(TensorId a, TensorId b) {
    const size_t from = root(a), to = root(b);
    if (from == to) return;
    facts_[to].plain |= facts_[from].plain;
    facts_[to].gains |= facts_[from].gains;
    of_[from] = static_cast<TensorId>(to);
  }
  bool flipped(TensorId t) const {
    const Facts& f = facts_[root(t)];
    return f.gains && !f.plain;
  }

 private:
  struct Facts {
    bool plain = false, gains = false;
  };
  // Paths are halved on the way: chains of a hundred thousand tensors are legal.
  size_t root(TensorId t) const {
    while (of_[static_cast<size_t>(t)] != t) {
      TensorId& next = of_[static_cast<size_t>(t)];
      t = next = of_[static_cast<size_t>(next)];
    }
    return static_cast<size_t>(t);
  }

  const Graph& graph_;
  mutable std::vector<TensorId> of_;
  std::vector<Facts> facts_;
};

Regions find_regions(const Checked& checked, const std::vector<StepPlan>& steps) {
  Regions regions(checked.graph);
  for (size_t n = 0; n < checked.nodes.size(); ++n)
    if (checked.nodes[n].output_is_input)
      regions.unite(checked.graph.nodes[n].inputs[0], checked.graph.nodes[n].outputs[0]);
  for (const StepPlan& step : steps)
    for (const Fixup& f : step.fixups) {
      if (f.to != Fixup::To::tensor) continue;
      if (step.flips_into.id >= 0) {
        regions.gains(f.id);
      } else if (f.flip < 0) {
        regions.stays_plain(f.id);
      }
      if (f.flip < 0) continue;
      for (const Fixup& other : step.fixups)
        if (other.flip == f.flip) regions.unite(f.id, other.id);
    }
  return regions;
}

// The tensor that takes the place of a scratch, −1: none.
std::vector<TensorId> stand_ins(const Regions& regions, const std::vector<StepPlan>& steps, size_t scratches) {
  std::vector<TensorId> tensor(scratches, kNoTensor);
  for (const StepPlan& step : steps) {
    if (step.flips_into.id < 0) continue;
    for (const Fixup& f : step.fixups)
      if (f.to == Fixup::To::tensor && regions.flipped(f.id)) tensor[static_cast<size_t>(step.flips_into.id)] = f.id;
  }
  return tensor;
}

void set_forms(const Regions& regions, StepPlan& step) {
  auto* params = reinterpret_cast<uint8_t*>(step.params.data());
  for (const Fixup& f : step.fixups)
    if (f.flip >= 0 && regions.flipped(f.id)) params[f.flip] = 0x80;
}

}  // namespace

std::vector<bool> settle_sign_bits(const Checked& checked, std::vector<StepPlan>& steps,
                                   std::vector<ScratchUse>& scratches) {
  const Regions regions = find_regions(checked, steps);
  const std::vector<TensorId> stand_in = stand_ins(regions, steps, scratches.size());
  std::vector<int32_t> scratch_now(scratches.size());
  std::vector<int> step_now;  // by old number: how many steps before it stay
  int32_t left = 0;
  for (size_t s = 0; s < scratches.size(); ++s) scratch_now[s] = stand_in[s] == kNoTensor ? left++ : -1;
  std::vector<StepPlan> kept;
  for (StepPlan& step : steps) {
    step_now.push_back(static_cast<int>(kept.size()));
    if (step.flips_into.id >= 0 && stand_in[static_cast<size_t>(step.flips_into.id)] != kNoTensor) continue;
    set_forms(regions, step);
    for (Fixup& f : step.fixups) {
      if (f.to != Fixup::To::scratch) continue;
      const TensorId tensor = stand_in[static_cast<size_t>(f.id)];
      f.to = tensor == kNoTensor ? Fixup::To::scratch : Fixup::To::tensor;
      f.id = tensor == kNoTensor ? scratch_now[static_cast<size_t>(f.id)] : tensor;
    }
    if (step.flips_into.id >= 0) step.flips_into.id = scratch_now[static_cast<size_t>(step.flips_into.id)];
    kept.push_back(std::move(step));
  }
  step_now.push_back(static_cast<int>(kept.size()));
  steps = std::move(kept);
  for (size_t s = 0; s < scratches.size(); ++s) {
    ScratchUse& use = scratches[s];
    use.first = step_now[static_cast<size_t>(use.first)];
    use.last = step_now[static_cast<size_t>(use.last)];
    if (scratch_now[s] >= 0) scratches[static_cast<size_t>(scratch_now[s])] = use;
  }
  scratches.resize(static_cast<size_t>(left));
  std::vector<bool> flipped(checked.graph.tensors.size());
  for (size_t t = 0; t < flipped.size(); ++t) flipped[t] = regions.flipped(static_cast<TensorId>(t));
  return flipped;
}

}  // namespace thimble
