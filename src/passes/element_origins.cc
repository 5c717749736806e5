#include "passes/element_origins.h"

#include <algorithm>

#include "ops/check.h"
#include "ops/concatenation/concatenation.h"
#include "ops/evaluate.h"
#include "ops/operands.h"

namespace thimble {

bool moves_elements(const Graph& graph, const Node& node) {
  switch (node.op) {
    case Op::reshape:
    case Op::squeeze:
    case Op::expand_dims:
    case Op::slice:
    case Op::strided_slice:
    case Op::transpose:
    case Op::split:
    case Op::split_v:
    case Op::unpack:
    case Op::gather:
    case Op::reverse:
    case Op::dynamic_update_slice: break;
    case Op::concatenation:
      if (node.attrs.as<ConcatenationAttrs>().activation != Activation::none) return false;
      break;
    default: return false;
  }
  const OperandRule* rule = operands_of(node.op);
  for (size_t i = 0; rule && i < node.inputs.size(); ++i) {
    const TensorId t = node.inputs[i];
    if (t == kNoTensor) continue;
    const bool data = rule->role(i) == Role::data;
    if (data ? graph.at(t).type != DType::f32 || graph.at(t).variable : !graph.at(t).constant()) return false;
  }
  return rule != nullptr;
}

std::optional<ElementRows> rows_of(std::span<const Element> elements, int64_t columns) {
  if (columns < 1 || elements.empty() || std::ssize(elements) % columns != 0) return std::nullopt;
  ElementRows rows{.tensor = elements[0].tensor};
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto column = static_cast<int64_t>(i) % columns;
    if (column == 0) rows.starts.push_back(elements[i].index);
    if (elements[i] != Element{rows.tensor, rows.starts.back() + column}) return std::nullopt;
  }
  return rows;
}

TensorId whole_tensor(const Graph& graph, std::span<const Element> elements) {
  const auto rows = rows_of(elements, std::ssize(elements));
  const bool whole = rows && rows->starts[0] == 0 && graph.at(rows->tensor).shape.elements() == std::ssize(elements);
  return whole ? rows->tensor : kNoTensor;
}

const Elements& ElementOrigins::of(TensorId wanted) {
  // A chain of moves may be as long as the graph: no recursion.
  std::vector<TensorId> open{wanted};
  while (!open.empty()) {
    const TensorId t = open.back();
    const Node* node = producer(t);
    if (known_.contains(t)) {
      open.pop_back();
      continue;
    }
    const size_t before = open.size();
    if (node && moves_elements(graph_, *node))
      for (const TensorId x : node->inputs)
        if (x != kNoTensor && graph_.at(x).type == DType::f32 && !known_.contains(x)) open.push_back(x);
    if (open.size() > before) continue;
    open.pop_back();
    if (node && moves_elements(graph_, *node) && follow(*node)) continue;
    Elements& own = known_[t];
    if (!room_for(std::span(&t, 1))) continue;
    own.resize(static_cast<size_t>(graph_.at(t).shape.elements()));
    for (size_t i = 0; i < own.size(); ++i) own[i] = {t, static_cast<int64_t>(i)};
  }
  return known_[wanted];
}

bool ElementOrigins::room_for(std::span<const TensorId> tensors) {
  int64_t elements = 0;
  for (const TensorId t : tensors) elements += graph_.at(t).shape.elements();
  if (elements > kMostElements - elements_) return false;
  elements_ += elements;
  return true;
}

// Runs the node on numbers that stand for the elements of its inputs.
bool ElementOrigins::follow(const Node& node) {
  for (const TensorId t : node.inputs)
    if (t != kNoTensor && graph_.at(t).type == DType::f32 && std::ssize(known_[t]) != graph_.at(t).shape.elements())
      return false;
  if (!room_for(node.outputs)) return false;
  Graph one;
  Node moved = node;
  Elements all;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoTensor) continue;
    Tensor x = graph_.at(node.inputs[i]);
    if (x.type == DType::f32) {
      std::vector<int64_t> numbers;
      for (const Element& e : known_[node.inputs[i]]) {
        numbers.push_back(std::ssize(all));
        all.push_back(e);
      }
      x.type = DType::i64;
      x.data = Data::of(std::span<const int64_t>(numbers));
    }
    moved.inputs[i] = one.add(std::move(x));
  }
  for (TensorId& t : moved.outputs) {
    Tensor y = graph_.at(t);
    y.type = DType::i64;
    t = one.add(std::move(y));
  }
  InferContext context(one, moved);
  if (!infer_node(one, moved, &context)) return false;
  RunFault fault;
  const std::vector<Data> results = evaluate(one, moved, context, &fault);
  if (fault.set()) return false;
  for (size_t i = 0; i < results.size(); ++i) {
    Elements& y = known_[node.outputs[i]];
    for (const int64_t number : results[i].as<int64_t>()) y.push_back(all[static_cast<size_t>(number)]);
  }
  return true;
}

}  // namespace thimble
