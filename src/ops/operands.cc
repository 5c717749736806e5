#include "ops/operands.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace thimble {

namespace operand_rule {
#define OP(id, types, family, packed) OperandRule family(Op);
#include "ops/ops.def"
}  // namespace operand_rule

const OperandRule* operands_of(Op op) {
  static constexpr Cell<OperandRuleFn> kCells[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(OperandRuleFn, "operands", id, operand_rule::family)
#include "ops/ops.def"
  };
  static const auto rules = [] {
    std::array<OperandRule, kOpCount> all;
    for (size_t i = 0; i < kOpCount; ++i)
      if (kCells[i].rule) all[i] = kCells[i].rule(static_cast<Op>(i));
    return all;
  }();
  return kCells[index(op)].rule ? &rules[index(op)] : nullptr;
}

AxisMap::AxisMap(const Graph& g, const Node& n) : graph(g), node(n), uses_(n.inputs.size()) {
  for (size_t i = 0; i < n.inputs.size(); ++i)
    if (has(i)) uses_[i].resize(static_cast<size_t>(x(i).rank()));
}

namespace {
IntList constant_ints(const Graph& graph, TensorId t) {
  const Tensor& c = graph.at(t);
  return {c.type, c.data.bytes, c.constant() ? c.shape.elements() : 0};
}
}  // namespace

IntList AxisMap::ints(size_t input) const { return constant_ints(graph, node.inputs[input]); }
IntList Resize::ints(size_t input) const { return constant_ints(graph, node.inputs[input]); }

void AxisMap::same(size_t input) {
  const int shift = y().rank() - x(input).rank();
  for (int a = 0; a < x(input).rank(); ++a) use(input, a) = {.link = AxisLink::same, .to = a + shift};
}

void AxisMap::broadcast(size_t input) {
  same(input);
  for (AxisUse& u : uses_[input]) u.broadcasts = true;
}

void AxisMap::windows() {
  use(0, 0) = {.link = AxisLink::same, .to = 0};
  for (const int a : {1, 2}) use(0, a) = {.link = AxisLink::slides, .to = a};
}

void AxisMap::per_channel(size_t input) {
  if (has(input) && x(input).rank() > 0)
    use(input, x(input).rank() - 1) = {.link = AxisLink::same, .to = y().rank() - 1};
}

void Resize::replace_ints(size_t input, std::span<const int64_t> values) {
  Tensor c = graph.at(node.inputs[input]);
  if (c.type == DType::i64) {
    c.data = Data::of(values);
  } else {
    const std::vector<int32_t> narrow(values.begin(), values.end());
    c.data = Data::of(std::span<const int32_t>(narrow));
  }
  node.inputs[input] = graph.add(std::move(c));
}

AxisMap axes_of(const Graph& graph, const Node& node) {
  AxisMap map(graph, node);
  if (const OperandRule* rule = operands_of(node.op); rule && rule->axes) rule->axes(map);
  return map;
}

const LayerOperands* layer_of(const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  return rule && rule->layer ? &*rule->layer : nullptr;
}

bool converts(const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  return rule && rule->converts;
}

Answer answer_of(const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  return rule ? rule->answer : Answer::none;
}

int64_t layer_outputs(const Graph& graph, const Node& node, const LayerOperands& layer) {
  return graph.at(node.inputs[static_cast<size_t>(layer.weights)]).shape[layer.output_axis];
}

namespace {

// Reads the fused activation, and changes it where it shall.
class ActivationField final : public FieldVisitor {
 public:
  explicit ActivationField(std::optional<Activation> to) : to_(to) {}
  using FieldVisitor::operator();
  void operator()(const char*, bool&) override {}
  void operator()(const char*, int64_t&) override {}
  void operator()(const char*, uint64_t&) override {}
  void operator()(const char*, float&) override {}
  void operator()(const char*, std::vector<int64_t>&) override {}
  void operator()(const char*, std::string&) override {}
  void enumeration(const char* field, int& v, int) override {
    if (std::string_view(field) != "activation") return;
    found = static_cast<Activation>(v);
    if (to_) v = static_cast<int>(*to_);
  }
  std::optional<Activation> found;

 private:
  const std::optional<Activation> to_;
};

}  // namespace

Activation fused_activation(const Node& node) {
  if (node.attrs.empty()) return Activation::none;
  ActivationField field(std::nullopt);
  node.attrs.visited(field);
  return field.found.value_or(Activation::none);
}

bool set_fused_activation(Node& node, Activation activation) {
  if (node.attrs.empty()) return false;
  ActivationField field(activation);
  Attrs changed = node.attrs.visited(field);
  if (field.found) node.attrs = std::move(changed);
  return field.found.has_value();
}

namespace {

// Whether an operand can pick at all: a concatenation of 50,000 inputs has an AxisMap of 50,000, for each of them.
bool picks(const OperandRule& rule) {
  return std::ranges::any_of(rule.roles, [](Role role) { return role == Role::indices || role == Role::integers; });
}

// The shortest axis that the tensor picks from; 0 where it picks from none.
int64_t picked_length(const Graph& graph, TensorId tensor) {
  int64_t shortest = 0;
  for (const Node& node : graph.nodes) {
    const OperandRule* rule = operands_of(node.op);
    if (!rule || !rule->axes || !picks(*rule) || std::ranges::find(node.inputs, tensor) == node.inputs.end()) continue;
    const AxisMap map = axes_of(graph, node);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!map.has(i)) continue;
      for (size_t a = 0; a < map.uses(i).size(); ++a) {
        const AxisUse& use = map.uses(i)[a];
        if (use.link != AxisLink::picked || node.inputs[static_cast<size_t>(use.with)] != tensor) continue;
        const int64_t length = map.x(i)[static_cast<int>(a)];
        shortest = shortest == 0 ? length : std::min(shortest, length);
      }
    }
  }
  return shortest;
}

template <class T>
void wrap(std::span<uint8_t> values, int64_t length) {
  for (size_t at = 0; at + sizeof(T) <= values.size(); at += sizeof(T)) {
    T v;
    std::memcpy(&v, &values[at], sizeof v);
    v = static_cast<T>((v % length + length) % length);
    std::memcpy(&values[at], &v, sizeof v);
  }
}

}  // namespace

void keep_indices_inside(const Graph& graph, TensorId tensor, std::span<uint8_t> values) {
  if (const DType type = graph.at(tensor).type; type != DType::i32 && type != DType::i64) return;
  const int64_t length = picked_length(graph, tensor);
  if (length <= 0) return;
  if (graph.at(tensor).type == DType::i32) wrap<int32_t>(values, length);
  if (graph.at(tensor).type == DType::i64) wrap<int64_t>(values, length);
}

std::string describe(const AxisUse& use, const char* what) {
  const char* verb = use.does;
  if (!verb) switch (use.link) {
      case AxisLink::same: verb = use.broadcasts ? "repeats over" : "moves"; break;
      case AxisLink::placed: verb = "takes or adds a part of"; break;
      case AxisLink::contracted: verb = "sums over"; break;
      case AxisLink::coupled: verb = "works along"; break;
      case AxisLink::picked: verb = "picks entries of"; break;
      case AxisLink::slides: verb = "slides over"; break;
      default: verb = "mixes"; break;
    }
  return format("{} {}", verb, what);
}

}  // namespace thimble
