#include "passes/roll_lstm.h"

#include <algorithm>
#include <array>

#include "ops/binary/binary.h"
#include "ops/lstm/lstm.h"
#include "passes/arrange.h"
#include "passes/linear_form.h"

namespace thimble {
namespace {

constexpr int64_t kMostUnits = 1 << 16;  // of a whole batch

enum Gate { kInput, kForget, kCell, kOutput, kGates };

// What stands before the four activations of a step.
struct Step {
  TensorId h = kNoTensor, c = kNoTensor;
  int before = -1;  // which step gives h' and c', −1: they are 0
  Elements x;
  int64_t inputs = 0;
  std::array<LinearTerm, kGates> terms;  // of x
  std::array<std::vector<float>, kGates> recurrent, bias;
};

// The steps of a graph, each with the one before it.
class Steps {
 public:
  explicit Steps(const Graph& graph) : graph_(graph), origins_(graph) {}

  std::vector<Step> find() {
    for (const Node& node : graph_.nodes)
      if (auto step = step_of(node)) {
        step_of_cell_[step->c] = static_cast<int>(steps_.size());
        steps_.push_back(std::move(*step));
      }
    return std::move(steps_);
  }

 private:
  struct Pair {
    Elements a, b;
  };

  // The operands of the product or sum that gives the values, each in both places.
  std::vector<Pair> operands(const Elements& values, Op op) {
    const auto rows = rows_of(values, units_);
    const Node* node = rows ? origins_.producer(rows->tensor) : nullptr;
    if (!node || node->op != op || node->attrs.as<BinaryAttrs>().activation != Activation::none) return {};
    Pair p{operand_at(graph_, origins_, *node, 0, *rows, units_),
           operand_at(graph_, origins_, *node, 1, *rows, units_)};
    return {p, {p.b, p.a}};
  }

  // What the values are this function of; empty where they are not.
  Elements argument(const Elements& values, Op op) {
    const auto rows = rows_of(values, units_);
    const Node* node = rows ? origins_.producer(rows->tensor) : nullptr;
    return node && node->op == op ? operand_at(graph_, origins_, *node, 0, *rows, units_) : Elements();
  }

  bool zero(const Elements& values) const {
    return !values.empty() && std::ranges::all_of(values, [&](const Element& e) {
      const Tensor& t = graph_.at(e.tensor);
      return t.constant() && t.data.as<float>()[static_cast<size_t>(e.index)] == 0;
    });
  }

  struct Parts {
    std::array<Elements, kGates> before_activation;
    TensorId c = kNoTensor;
    int before = -1;
  };

  // sigmoid(i) · tanh(g)
  bool new_part(const Elements& values, Parts& parts) {
    for (const Pair& p : operands(values, Op::mul)) {
      parts.before_activation[kInput] = argument(p.a, Op::sigmoid);
      parts.before_activation[kCell] = argument(p.b, Op::tanh);
      if (!parts.before_activation[kInput].empty() && !parts.before_activation[kCell].empty()) return true;
    }
    return false;
  }

  // sigmoid(f) · c'
  bool kept_part(const Elements& values, Parts& parts) {
    for (const Pair& p : operands(values, Op::mul)) {
      parts.before_activation[kForget] = argument(p.a, Op::sigmoid);
      if (parts.before_activation[kForget].empty()) continue;
      if (zero(p.b)) return true;
      const auto before = step_of_cell_.find(whole_tensor(graph_, p.b));
      if (before == step_of_cell_.end()) continue;
      parts.before = before->second;
      return true;
    }
    return false;
  }

  bool cell(const Elements& values, Parts& parts) {
    parts.c = whole_tensor(graph_, values);
    if (parts.c == kNoTensor) return false;
    for (const Pair& p : operands(values, Op::add)) {
      parts.before = -1;
      if (kept_part(p.a, parts) && new_part(p.b, parts)) return true;
    }
    parts.before = -1;
    parts.before_activation[kForget].clear();  // of the first step, where f · 0 has been left out
    return new_part(values, parts);
  }

  std::optional<Step> step_of(const Node& node) {
    if (node.op != Op::mul) return std::nullopt;
    const Tensor& h = graph_.at(node.outputs[0]);
    if (h.type != DType::f32 || h.shape.rank() != 2 || h.shape.elements() == 0 || h.shape.elements() > kMostUnits)
      return std::nullopt;
    const auto gives_gate = [&](TensorId t) {
      const Node* by = origins_.producer(t);
      return by && (by->op == Op::sigmoid || by->op == Op::tanh || moves_elements(graph_, *by));
    };
    if (!std::ranges::all_of(node.inputs, gives_gate)) return std::nullopt;
    units_ = h.shape[1];
    Elements own;
    for (int64_t i = 0; i < h.shape.elements(); ++i) own.push_back({node.outputs[0], i});
    for (const Pair& p : operands(own, Op::mul)) {
      Parts parts;
      parts.before_activation[kOutput] = argument(p.a, Op::sigmoid);
      if (parts.before_activation[kOutput].empty()) continue;
      const Elements c = argument(p.b, Op::tanh);
      if (c.empty() || !cell(c, parts)) continue;
      Step step{.h = node.outputs[0], .c = parts.c, .before = parts.before};
      if (take_forms(parts, step)) return step;
    }
    return std::nullopt;
  }

  // Each gate is W·x + R·h' + b, x the same for all.
  bool take_forms(const Parts& parts, Step& step) {
    for (size_t g = 0; g < kGates; ++g) {
      if (parts.before_activation[g].empty()) continue;
      auto form = linear_form(graph_, origins_, parts.before_activation[g], units_);
      if (!form || form->terms.size() != (step.before < 0 ? 1u : 2u)) return false;
      if (step.before >= 0) {
        const TensorId h = steps_[static_cast<size_t>(step.before)].h;
        const auto recurrent =
            std::ranges::find_if(form->terms, [&](const LinearTerm& t) { return whole_tensor(graph_, t.x) == h; });
        if (recurrent == form->terms.end()) return false;
        step.recurrent[g] = std::move(recurrent->w);
        form->terms.erase(recurrent);
      }
      if (!step.x.empty() && form->terms[0].x != step.x) return false;
      step.x = form->terms[0].x;
      step.terms[g] = std::move(form->terms[0]);
      step.bias[g] = std::move(form->bias);
    }
    step.inputs = std::ssize(step.terms[kInput].w) / units_;
    return true;
  }

  const Graph& graph_;
  ElementOrigins origins_;
  int64_t units_ = 0;
  std::vector<Step> steps_;
  std::map<TensorId, int> step_of_cell_;
};

// Chains of steps with the same constants, each from its first step on.
std::vector<std::vector<size_t>> chains_of(const std::vector<Step>& steps) {
  std::vector<int> next(steps.size(), -1);
  std::vector<char> forks(steps.size(), 0);
  for (size_t s = 0; s < steps.size(); ++s) {
    if (steps[s].before < 0) continue;
    const auto before = static_cast<size_t>(steps[s].before);
    forks[before] = next[before] >= 0;
    next[before] = static_cast<int>(s);
  }
  std::vector<std::vector<size_t>> chains;
  for (size_t s = 0; s < steps.size(); ++s) {
    if (steps[s].before >= 0) continue;
    std::vector<size_t> chain{s};
    bool one_way = !forks[s];
    for (int n = next[s]; n >= 0; n = next[static_cast<size_t>(n)]) {
      chain.push_back(static_cast<size_t>(n));
      one_way = one_way && !forks[static_cast<size_t>(n)];
    }
    if (one_way && chain.size() > 1) chains.push_back(std::move(chain));
  }
  return chains;
}

bool same_constants(const std::vector<Step>& steps, const std::vector<size_t>& chain) {
  const Step& second = steps[chain[1]];
  for (const size_t s : chain) {
    const Step& step = steps[s];
    for (size_t g = 0; g < kGates; ++g) {
      if (step.bias[g].empty()) continue;  // the forget gate of a first step without it
      if (step.terms[g].w != second.terms[g].w || step.bias[g] != second.bias[g] ||
          (step.before >= 0 && step.recurrent[g] != second.recurrent[g]))
        return false;
    }
  }
  return true;
}

// The layer's name, from that of its step: loops are named by it.
std::string layer_name(const std::string& step) {
  const size_t loop = step.find("/while/");
  return loop == std::string::npos ? step + "/lstm" : step.substr(0, loop);
}

std::vector<float> joined(const std::array<std::vector<float>, kGates>& gates) {
  std::vector<float> all;
  for (const auto& gate : gates) all.insert(all.end(), gate.begin(), gate.end());
  return all;
}

// Puts an lstm node in the place of one chain.
class Rolling {
 public:
  Rolling(Graph& graph, const std::vector<Step>& steps, const std::vector<size_t>& chain)
      : graph_(graph), producers_(graph.producers()), rolled_(graph), builder_(rolled_) {
    for (const size_t s : chain) steps_.push_back(&steps[s]);
    rolled_.nodes.clear();  // at first the new ones
  }

  // Whether the chain has become an lstm node; the graph is as it was where not.
  Result<bool> run() {
    // The layer stands where the last of its input is there, which has to be before the first step gives anything.
    const Elements x = input();
    NodeId after = -1;
    for (const Element& e : x) after = std::max(after, producers_[static_cast<size_t>(e.tensor)]);
    if (after >= producers_[static_cast<size_t>(steps_[0]->h)]) return false;
    THIMBLE_ASSIGN(const bool made, make_layer(x));
    if (!made) return false;
    const size_t nodes = rolled_.nodes.size();
    splice(static_cast<size_t>(after + 1));
    const std::vector<char> kept = rolled_.remove_unused();
    for (const Step* step : steps_)
      if (kept[node_of(step->h) + nodes] || kept[node_of(step->c) + nodes]) return false;  // c is read
    THIMBLE_TRY(verify(rolled_));
    graph_ = std::move(rolled_);
    return true;
  }

 private:
  size_t node_of(TensorId t) const { return static_cast<size_t>(producers_[static_cast<size_t>(t)]); }

  // [batch, time, inputs]
  Elements input() const {
    Elements x;
    const int64_t batch = graph_.at(steps_[0]->h).shape[0], inputs = steps_[0]->inputs;
    for (int64_t b = 0; b < batch; ++b)
      for (const Step* step : steps_) {
        const auto row = step->x.begin() + b * inputs;
        x.insert(x.end(), row, row + inputs);
      }
    return x;
  }

  // The nodes of the layer, and what stands for each h from now on. False: its input is not of the kind that arrange()
  // finds.
  Result<bool> make_layer(const Elements& x) {
    const Step& step = *steps_[1];
    const Shape h = graph_.at(steps_[0]->h).shape;
    const int64_t batch = h[0], units = h[1], inputs = steps_[0]->inputs, time = std::ssize(steps_);
    const std::string name = layer_name(graph_.nodes[node_of(steps_[0]->h)].name);
    THIMBLE_ASSIGN(const TensorId sequence, arrange(builder_, x, Shape{batch, time, inputs}, name + "/input"));
    if (sequence == kNoTensor) return false;
    std::array<std::vector<float>, kGates> kernel;
    for (size_t g = 0; g < kGates; ++g) kernel[g] = step.terms[g].w;
    const TensorId w = builder_.constant_f32(name + "/kernel", {4 * units, inputs}, joined(kernel));
    const TensorId r = builder_.constant_f32(name + "/recurrent_kernel", {4 * units, units}, joined(step.recurrent));
    const TensorId bias = builder_.constant_f32(name + "/bias", {4 * units}, joined(step.bias));
    const bool sequences = any_read_but_last();
    THIMBLE_ASSIGN(const auto y,
                   builder_.node(Op::lstm, {sequence, w, r, bias}, LstmAttrs{.return_sequences = sequences}, name, 5));
    if (!sequences) stands_for_[steps_.back()->h] = y[0];
    for (int64_t t = 0; sequences && t < time; ++t) {
      Elements row;
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t u = 0; u < units; ++u) row.push_back({y[0], (b * time + t) * units + u});
      THIMBLE_ASSIGN(stands_for_[steps_[static_cast<size_t>(t)]->h],
                     arrange(builder_, row, Shape{batch, 1, units}, format("{}/{}", name, t)));
    }
    for (const auto& [was, now] : stands_for_)
      if (std::ranges::find(graph_.outputs, was) != graph_.outputs.end()) rolled_.at(now).name = graph_.at(was).name;
    return true;
  }

  // Whether anything but the steps themselves reads an h before the last: steps that are needed without it.
  bool any_read_but_last() const {
    Graph trial = graph_;
    const TensorId last = steps_.back()->h, stand_in = trial.add(trial.at(last));
    const auto replace = [&](std::vector<TensorId>& ids) { std::ranges::replace(ids, last, stand_in); };
    for (Node& node : trial.nodes) replace(node.inputs);
    replace(trial.outputs);
    const std::vector<char> kept = trial.remove_unused();
    return std::ranges::any_of(steps_, [&](const Step* step) { return kept[node_of(step->h)] != 0; });
  }

  // The layer's nodes go before node `at` of the graph; what follows reads the layer.
  void splice(size_t at) {
    const auto rename = [&](std::vector<TensorId>& ids) {
      for (TensorId& t : ids)
        if (const auto it = stands_for_.find(t); it != stands_for_.end()) t = it->second;
    };
    std::vector<Node>& nodes = rolled_.nodes;
    nodes.insert(nodes.begin(), graph_.nodes.begin(), graph_.nodes.begin() + static_cast<std::ptrdiff_t>(at));
    for (size_t n = at; n < graph_.nodes.size(); ++n) {
      nodes.push_back(graph_.nodes[n]);
      rename(nodes.back().inputs);
    }
    rename(rolled_.outputs);
  }

  Graph& graph_;
  const std::vector<NodeId> producers_;
  std::vector<const Step*> steps_;  // of the chain
  Graph rolled_;
  Builder builder_;
  std::map<TensorId, TensorId> stands_for_;  // of the h of steps
};

// The first chain that can be rolled.
Result<bool> roll_one(Graph& graph) {
  const std::vector<Step> steps = Steps(graph).find();
  for (const std::vector<size_t>& chain : chains_of(steps)) {
    if (!same_constants(steps, chain)) continue;
    THIMBLE_ASSIGN(const bool rolled, Rolling(graph, steps, chain).run());
    if (rolled) return true;
  }
  return false;
}

}  // namespace

Result<int> roll_lstm(Graph& graph) {
  for (int count = 0;; ++count) {
    THIMBLE_ASSIGN(const bool rolled, roll_one(graph));
    if (!rolled) return count;
  }
}

}  // namespace thimble
