#include "passes/linear_form.h"

#include <algorithm>

#include "ops/binary/binary.h"
#include "ops/fully_connected/fully_connected.h"

namespace thimble {
namespace {

constexpr int kMostAdditions = 8;  // one within the other

// Shapes that differ in leading axes of 1 alone have the same elements at the same places.
bool same_places(const Shape& a, const Shape& b) {
  for (int d = 1; d <= std::max(a.rank(), b.rank()); ++d)
    if ((d <= a.rank() ? a.dim(-d) : 1) != (d <= b.rank() ? b.dim(-d) : 1)) return false;
  return true;
}

class Forms {
 public:
  Forms(const Graph& graph, ElementOrigins& origins, int64_t columns)
      : graph_(graph), origins_(origins), columns_(columns) {}

  bool add(const Elements& values, LinearForm& form, int depth) {
    const auto rows = rows_of(values, columns_);
    if (!rows || depth > kMostAdditions) return false;
    if (graph_.at(rows->tensor).constant()) return constant(*rows, form);
    const Node* node = origins_.producer(rows->tensor);
    if (node && node->op == Op::fully_connected) return product(*node, *rows, form);
    if (!node || node->op != Op::add || node->attrs.as<BinaryAttrs>().activation != Activation::none) return false;
    for (size_t i = 0; i < 2; ++i) {
      const Tensor& x = graph_.at(node->inputs[i]);
      if (x.constant() ? !broadcast(x, graph_.at(node->outputs[0]).shape, *rows, form)
                       : !add(operand_at(graph_, origins_, *node, i, *rows, columns_), form, depth + 1))
        return false;
    }
    return true;
  }

 private:
  // The same values in every row.
  bool constant(const ElementRows& rows, LinearForm& form) {
    const auto values = graph_.at(rows.tensor).data.as<float>();
    const auto row = [&](int64_t start) {
      return values.subspan(static_cast<size_t>(start), static_cast<size_t>(columns_));
    };
    for (const int64_t start : rows.starts)
      if (!std::ranges::equal(row(start), row(rows.starts[0]))) return false;
    return plus(row(rows.starts[0]), form);
  }

  // A constant operand, which one row of the sum, or one value, may stand for.
  bool broadcast(const Tensor& x, const Shape& sum, const ElementRows& rows, LinearForm& form) {
    const auto values = x.data.as<float>();
    const int64_t width = sum.rank() > 0 ? sum.dim(-1) : 1, elements = x.shape.elements();
    if (x.type != DType::f32 || (elements != 1 && x.shape.dim(-1) != width)) return false;
    if (elements != 1 && elements != width && !same_places(x.shape, sum)) return false;
    std::vector<float> first;
    for (size_t r = 0; r < rows.starts.size(); ++r)
      for (int64_t j = 0; j < columns_; ++j) {
        const float v = values[static_cast<size_t>((rows.starts[r] + j) % elements)];
        if (r == 0)
          first.push_back(v);
        else if (v != first[static_cast<size_t>(j)])
          return false;
      }
    return plus(first, form);
  }

  bool plus(std::span<const float> row, LinearForm& form) {
    for (size_t j = 0; j < row.size(); ++j) form.bias[j] += row[j];
    return true;
  }

  bool product(const Node& node, const ElementRows& rows, LinearForm& form) {
    const Tensor& w = graph_.at(node.inputs[1]);
    const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoTensor;
    if (node.attrs.as<FullyConnectedAttrs>().activation != Activation::none || w.type != DType::f32 || !w.constant() ||
        (biased && !graph_.at(node.inputs[2]).constant()))
      return false;
    const int64_t outputs = w.shape[0], inputs = w.shape[1], from = rows.starts[0] % outputs;
    if (from + columns_ > outputs) return false;
    const Elements& x = origins_.of(node.inputs[0]);
    LinearTerm term;
    for (const int64_t start : rows.starts) {
      const int64_t row = start / outputs;
      if (start % outputs != from || (row + 1) * inputs > std::ssize(x)) return false;
      term.x.insert(term.x.end(), x.begin() + row * inputs, x.begin() + (row + 1) * inputs);
    }
    const auto weights =
        w.data.as<float>().subspan(static_cast<size_t>(from * inputs), static_cast<size_t>(columns_ * inputs));
    term.w.assign(weights.begin(), weights.end());
    if (biased)
      plus(graph_.at(node.inputs[2]).data.as<float>().subspan(static_cast<size_t>(from), static_cast<size_t>(columns_)),
           form);
    const auto zero = [&](const Element& e) {
      const Tensor& t = graph_.at(e.tensor);
      return t.constant() && t.data.as<float>()[static_cast<size_t>(e.index)] == 0;
    };
    if (!std::ranges::all_of(term.x, zero)) form.terms.push_back(std::move(term));
    return true;
  }

  const Graph& graph_;
  ElementOrigins& origins_;
  const int64_t columns_;
};

}  // namespace

Elements operand_at(const Graph& graph, ElementOrigins& origins, const Node& node, size_t input, const ElementRows& y,
                    int64_t columns) {
  const TensorId x = node.inputs[input];
  Elements found;
  if (!same_places(graph.at(x).shape, graph.at(node.outputs[0]).shape)) return found;
  const Elements& all = origins.of(x);
  if (std::ssize(all) != graph.at(x).shape.elements()) return found;
  for (const int64_t start : y.starts) found.insert(found.end(), all.begin() + start, all.begin() + start + columns);
  return found;
}

std::optional<LinearForm> linear_form(const Graph& graph, ElementOrigins& origins, const Elements& values,
                                      int64_t columns) {
  LinearForm form{.terms = {}, .bias = std::vector<float>(static_cast<size_t>(columns), 0.0f)};
  if (!Forms(graph, origins, columns).add(values, form, 0)) return std::nullopt;
  return form;
}

}  // namespace thimble
