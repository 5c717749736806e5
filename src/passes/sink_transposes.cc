#include "passes/sink_transposes.h"

#include <algorithm>
#include <map>
#include <optional>

#include "ops/concatenation/concatenation.h"
#include "ops/evaluate.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/gather/gather.h"
#include "ops/operands.h"
#include "ops/pad/pad.h"
#include "ops/reduce/reduce.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/transpose/transpose.h"

namespace thimble {
namespace {

using Perm = std::vector<int>;  // axis d of what is transposed is axis perm[d] of the source

bool identity(const Perm& p) {
  for (size_t d = 0; d < p.size(); ++d)
    if (p[d] != static_cast<int>(d)) return false;
  return true;
}

Perm inverse(const Perm& p) {
  Perm q(p.size());
  for (size_t d = 0; d < p.size(); ++d) q[static_cast<size_t>(p[d])] = static_cast<int>(d);
  return q;
}

Shape permuted(const Shape& s, const Perm& p) {
  Shape out;
  for (const int d : p) out.push_back(s[d]);
  return out;
}

// Whether it only moves axes of 1: no byte changes its place.
bool moves_nothing(const Shape& source, const Perm& p) {
  int last = -1;
  for (const int d : p) {
    if (source[d] == 1) continue;
    if (d < last) return false;
    last = d;
  }
  return true;
}

class Sinker {
 public:
  explicit Sinker(Graph graph) : graph_(std::move(graph)) { nodes_.swap(graph_.nodes); }

  Result<Graph> run() {
    for (Node& node : nodes_) {
      if (transposition(node) || passes_through(node)) continue;
      for (TensorId& t : node.inputs) t = settled(t);
      graph_.nodes.push_back(std::move(node));
    }
    for (TensorId& t : graph_.outputs) output(t);
    graph_.remove_unused();
    return std::move(graph_);
  }

 private:
  // What a tensor of the graph as it was would be, where nothing computes it yet.
  struct Lazy {
    TensorId source;
    Perm perm;
  };
  struct Flat {  // [n, …] as rows: `given` is the transposed tensor that was made flat
    TensorId given;
    Node node;
  };

  const Shape& shape(TensorId t) const { return graph_.at(t).shape; }
  const Lazy* lazy(TensorId t) const {
    const auto found = lazy_.find(t);
    return found == lazy_.end() ? nullptr : &found->second;
  }

  TensorId integers(std::span<const int64_t> values) {
    std::vector<int32_t> narrow(values.begin(), values.end());
    return graph_.add({.name = "integers",
                       .type = DType::i32,
                       .shape = {std::ssize(values)},
                       .data = Data::of(std::span<const int32_t>(narrow))});
  }

  // A tensor like `model` of another shape.
  TensorId fresh(TensorId model, const Shape& shape) {
    Tensor t = graph_.at(model);
    t.shape = shape;
    t.data = {};
    t.batch_unknown = t.batch_unknown && shape.rank() > 0;
    t.free_dims = 0;
    return graph_.add(std::move(t));
  }

  void reshape_node(TensorId from, TensorId to) {
    const auto dims = shape(to).dims();
    graph_.nodes.push_back({.op = Op::reshape,
                            .inputs = {from},
                            .outputs = {to},
                            .attrs = ReshapeAttrs{{dims.begin(), dims.end()}},
                            .name = graph_.at(to).name});
  }

  // The tensor itself, which is computed once; where nothing is left to do, what it is the same as.
  TensorId settled(TensorId t) {
    if (const Lazy* l = t == kNoTensor ? nullptr : lazy(t); l && identity(l->perm)) return l->source;
    settle(t);
    return t;
  }
  void settle(TensorId t) {
    if (t == kNoTensor) return;
    if (const auto flat = flat_.find(t); flat != flat_.end()) {
      Flat f = std::move(flat->second);
      flat_.erase(flat);
      f.node.inputs[0] = settled(f.given);
      graph_.nodes.push_back(std::move(f.node));
      return;
    }
    const auto found = lazy_.find(t);
    if (found == lazy_.end()) return;
    const Lazy l = found->second;
    lazy_.erase(found);
    if (moves_nothing(shape(l.source), l.perm)) return reshape_node(l.source, t);
    const std::vector<int64_t> perm(l.perm.begin(), l.perm.end());
    const TensorId list = integers(perm);
    graph_.nodes.push_back({.op = Op::transpose,
                            .inputs = {l.source, list},
                            .outputs = {t},
                            .attrs = TransposeAttrs{},
                            .name = graph_.at(t).name});
  }

  // The graph's outputs are tensors that a node writes, each once.
  void output(TensorId& t) {
    const Lazy* l = lazy(t);
    if (l && identity(l->perm)) {
      const TensorId source = l->source;
      const auto is = [&](const std::vector<TensorId>& list) { return std::ranges::find(list, source) != list.end(); };
      if (!is(graph_.inputs) && !is(graph_.outputs) && !graph_.at(source).variable && !graph_.at(source).constant()) {
        graph_.at(source).name = graph_.at(t).name;
        graph_.at(source).batch_unknown = graph_.at(t).batch_unknown;
        t = source;
        return;
      }
    }
    settle(t);
  }

  std::optional<std::vector<int64_t>> constant_ints(TensorId t) const {
    const Tensor& c = graph_.at(t);
    if (!c.constant() || (c.type != DType::i32 && c.type != DType::i64)) return std::nullopt;
    const IntList list(c.type, c.data.bytes, c.shape.elements());
    if (static_cast<int64_t>(list.count) != c.shape.elements()) return std::nullopt;
    return std::vector<int64_t>(list.span().begin(), list.span().end());
  }

  bool transposition(const Node& node) {
    if (node.op != Op::transpose || graph_.at(node.inputs[0]).quant.per_axis()) return false;
    const auto given = constant_ints(node.inputs[1]);
    if (!given) return false;
    const TensorId x = node.inputs[0];
    const int rank = shape(x).rank();
    Perm perm;
    for (const int64_t p : *given) perm.push_back(static_cast<int>(p < 0 ? p + rank : p));
    const Lazy* l = lazy(x);
    if (l)
      for (int& p : perm) p = l->perm[static_cast<size_t>(p)];
    const TensorId source = l ? l->source : x;
    if (!l) settle(x);
    lazy_[node.outputs[0]] = {source, perm};
    return true;
  }

  // ---- operators that a transposition passes ----

  bool passes_through(Node& node) {
    if (node.op == Op::fully_connected) return into_weights(node);
    const Lazy* first = nullptr;
    for (const TensorId t : node.inputs)
      if (t != kNoTensor && !first) first = lazy(t);
    if (!first || !node.intermediates.empty() || node.outputs.size() != 1) return false;
    const Lazy l = *first;  // lazy_ may grow
    for (const TensorId t : node.inputs)
      if (t != kNoTensor && graph_.at(t).quant.per_axis()) return false;
    if (graph_.at(node.outputs[0]).quant.per_axis()) return false;
    switch (node.op) {
      case Op::reshape:
      case Op::squeeze:
      case Op::expand_dims: return other_ones(node, l) || flattened(node, l);
      case Op::concatenation: return concatenation(node, l);
      case Op::pad: return pad(node, l);
      case Op::slice: return slice(node, l);
      case Op::strided_slice: return strided_slice(node, l);
      case Op::gather: return gather(node, l);
      case Op::mean:
      case Op::sum:
      case Op::reduce_max:
      case Op::reduce_min: return reduce(node, l);
      case Op::softmax:
      case Op::log_softmax:
        return l.perm.back() == static_cast<int>(l.perm.size()) - 1 && replaced(node, {l.source}, node.attrs, l.perm);
      default: return elementwise(node, l);
    }
  }

  // The node with other inputs and attributes; its output is that transposed by perm. False, and nothing changes, where
  // the operator does not take them.
  bool replaced(const Node& node, std::vector<TensorId> inputs, Attrs attrs, const Perm& perm) {
    Node made{.op = node.op, .inputs = std::move(inputs), .outputs = {}, .attrs = std::move(attrs), .name = node.name};
    const TensorId y = node.outputs[0];
    if (static_cast<int>(perm.size()) != shape(y).rank()) return false;
    const TensorId twin = fresh(y, permuted(shape(y), inverse(perm)));
    made.outputs = {twin};
    InferContext inferred(graph_, made);
    if (!infer_node(graph_, made, &inferred) || !(inferred.outputs[0].shape == shape(twin)) ||
        inferred.outputs[0].type != graph_.at(y).type)
      return false;
    graph_.nodes.push_back(std::move(made));
    lazy_[y] = {twin, perm};
    return true;
  }

  // The input as it has to be in the source's order of axes; none where that would take a transposition at run time.
  std::optional<TensorId> brought(TensorId t, const Perm& perm) {
    if (t == kNoTensor) return t;
    const Tensor& x = graph_.at(t);
    if (const Lazy* l = lazy(t)) return l->perm == perm ? std::optional(l->source) : std::nullopt;
    if (flat_.contains(t)) return std::nullopt;
    if (x.shape.elements() == 1 && x.shape.rank() <= 1) return t;
    const auto rank = static_cast<int>(perm.size());
    if (x.shape.rank() > rank) return std::nullopt;
    Shape full;
    for (int d = x.shape.rank(); d < rank; ++d) full.push_back(1);
    for (const int64_t d : x.shape.dims()) full.push_back(d);
    const Perm back = inverse(perm);
    const Shape target = permuted(full, back);
    Shape bare;  // without leading axes of 1
    for (int d = 0; d < rank; ++d)
      if (bare.rank() > 0 || target[d] != 1 || d == rank - 1) bare.push_back(target[d]);
    if (moves_nothing(full, back)) {
      if (x.shape == bare) return t;
      if (!x.constant()) {
        const TensorId y = fresh(t, bare);
        reshape_node(t, y);
        return y;
      }
      Tensor c = x;
      c.shape = bare;
      return graph_.add(std::move(c));
    }
    if (!x.constant() || x.type == DType::i4) return std::nullopt;
    Tensor wide = x;
    wide.shape = full;
    const TensorId from = graph_.add(std::move(wide));
    const std::vector<int64_t> list(back.begin(), back.end());
    const TensorId order = integers(list), to = fresh(t, target);
    const Node node{.op = Op::transpose, .inputs = {from, order}, .outputs = {to}, .attrs = TransposeAttrs{}};
    InferContext inferred(graph_, node);
    if (!infer_node(graph_, node, &inferred)) return std::nullopt;
    graph_.at(to).data = evaluate(graph_, node, inferred)[0];
    graph_.at(to).shape = bare;
    return to;
  }

  bool elementwise(const Node& node, const Lazy& l) {
    const AxisMap map = axes_of(graph_, node);
    const TensorId y = node.outputs[0];
    const int rank = shape(y).rank();
    if (rank != static_cast<int>(l.perm.size()) || shape(y).elements() > shape(l.source).elements()) return false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoTensor) continue;
      const auto uses = map.uses(i);
      const int shift = rank - static_cast<int>(uses.size());
      for (size_t a = 0; a < uses.size(); ++a)
        if (uses[a].link != AxisLink::same || uses[a].to != static_cast<int>(a) + shift || uses[a].repeat != 1)
          return false;
    }
    std::vector<TensorId> inputs;
    for (const TensorId t : node.inputs) {
      const auto b = brought(t, l.perm);
      if (!b) return false;
      inputs.push_back(*b);
    }
    return replaced(node, std::move(inputs), node.attrs, l.perm);
  }

  bool concatenation(const Node& node, const Lazy& l) {
    std::vector<TensorId> inputs;
    for (const TensorId t : node.inputs) {
      const auto b = brought(t, l.perm);
      if (!b) return false;
      TensorId x = *b;
      if (shape(x).rank() != static_cast<int>(l.perm.size())) return false;
      inputs.push_back(x);
    }
    auto attrs = node.attrs.as<ConcatenationAttrs>();
    const int axis = attrs.axis < 0 ? attrs.axis + shape(node.outputs[0]).rank() : attrs.axis;
    attrs.axis = l.perm[static_cast<size_t>(axis)];
    return replaced(node, std::move(inputs), attrs, l.perm);
  }

  bool pad(const Node& node, const Lazy& l) {
    const auto pads = constant_ints(node.inputs[1]);
    if (!pads || !lazy(node.inputs[0])) return false;
    std::vector<int64_t> list(pads->size());
    for (size_t d = 0; d < l.perm.size(); ++d)
      for (size_t side = 0; side < 2; ++side) list[2 * static_cast<size_t>(l.perm[d]) + side] = (*pads)[2 * d + side];
    std::vector<TensorId> inputs = node.inputs;
    inputs[0] = l.source;
    inputs[1] = integers(list);
    graph_.at(inputs[1]).shape = {std::ssize(l.perm), 2};
    return replaced(node, std::move(inputs), node.attrs, l.perm);
  }

  // Entries per axis, in the source's order.
  std::optional<TensorId> reordered(TensorId t, const Perm& perm) {
    const auto given = constant_ints(t);
    if (!given || given->size() != perm.size()) return std::nullopt;
    std::vector<int64_t> list(given->size());
    for (size_t d = 0; d < perm.size(); ++d) list[static_cast<size_t>(perm[d])] = (*given)[d];
    return integers(list);
  }

  bool slice(const Node& node, const Lazy& l) {
    const auto begin = reordered(node.inputs[1], l.perm), size = reordered(node.inputs[2], l.perm);
    return begin && size && replaced(node, {l.source, *begin, *size}, node.attrs, l.perm);
  }

  bool strided_slice(const Node& node, const Lazy& l) {
    auto attrs = node.attrs.as<StridedSliceAttrs>();
    if (attrs.ellipsis_mask || attrs.new_axis_mask || attrs.shrink_axis_mask) return false;
    const auto mask = [&](int64_t bits) {
      int64_t out = 0;
      for (size_t d = 0; d < l.perm.size(); ++d) out |= (bits >> d & 1) << l.perm[d];
      return out;
    };
    attrs.begin_mask = mask(attrs.begin_mask), attrs.end_mask = mask(attrs.end_mask);
    std::vector<TensorId> inputs{l.source};
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      const auto r = reordered(node.inputs[i], l.perm);
      if (!r) return false;
      inputs.push_back(*r);
    }
    return replaced(node, std::move(inputs), attrs, l.perm);
  }

  bool gather(const Node& node, const Lazy& l) {
    auto attrs = node.attrs.as<GatherAttrs>();
    if (attrs.batch_dims != 0 || shape(node.inputs[1]).rank() != 1 || !lazy(node.inputs[0]) || lazy(node.inputs[1]) ||
        flat_.contains(node.inputs[1]))
      return false;
    const int axis = attrs.axis < 0 ? attrs.axis + static_cast<int>(l.perm.size()) : attrs.axis;
    attrs.axis = l.perm[static_cast<size_t>(axis)];
    return replaced(node, {l.source, node.inputs[1]}, attrs, l.perm);
  }

  bool reduce(const Node& node, const Lazy& l) {
    const auto given = constant_ints(node.inputs[1]);
    if (!given) return false;
    const auto rank = static_cast<int64_t>(l.perm.size());
    std::vector<char> gone(l.perm.size(), 0);  // of the transposed tensor
    std::vector<int64_t> axes;
    for (const int64_t a : *given) {
      const int64_t axis = a < 0 ? a + rank : a;
      gone[static_cast<size_t>(axis)] = 1;
      axes.push_back(l.perm[static_cast<size_t>(axis)]);
    }
    std::ranges::sort(axes);
    Perm perm = l.perm;
    if (!node.attrs.as<ReduceAttrs>().keep_dims) {
      perm.clear();
      for (size_t d = 0; d < l.perm.size(); ++d) {
        if (gone[d]) continue;
        int before = 0;  // axes of the source before it that stay
        for (size_t e = 0; e < l.perm.size(); ++e) before += !gone[e] && l.perm[e] < l.perm[d];
        perm.push_back(before);
      }
    }
    const TensorId list = integers(axes);
    return replaced(node, {l.source, list}, node.attrs, perm);
  }

  // Axes of 1 come or go.
  bool other_ones(const Node& node, const Lazy& l) {
    if (!lazy(node.inputs[0])) return false;
    const Shape &x = shape(node.inputs[0]), &y = shape(node.outputs[0]), &s = shape(l.source);
    std::vector<int> of_x, of_y;  // axes other than 1
    for (int d = 0; d < x.rank(); ++d)
      if (x[d] != 1) of_x.push_back(d);
    for (int d = 0; d < y.rank(); ++d)
      if (y[d] != 1) of_y.push_back(d);
    if (of_x.size() != of_y.size()) return false;
    for (size_t k = 0; k < of_x.size(); ++k)
      if (x[of_x[k]] != y[of_y[k]]) return false;
    // The source's axes other than 1 in its order, each after the new axes of 1 that stand before it in y.
    std::vector<int> order;  // axes of y
    std::vector<char> put(static_cast<size_t>(y.rank()), 0);
    for (int d = 0; d < s.rank(); ++d) {
      if (s[d] == 1) continue;
      for (size_t k = 0; k < of_x.size(); ++k) {
        if (l.perm[static_cast<size_t>(of_x[k])] != d) continue;
        int first = of_y[k];
        while (first > 0 && y[first - 1] == 1) --first;
        for (int a = first; a <= of_y[k]; ++a)
          if (!put[static_cast<size_t>(a)]) order.push_back(a), put[static_cast<size_t>(a)] = 1;
      }
    }
    for (int a = 0; a < y.rank(); ++a)
      if (!put[static_cast<size_t>(a)]) order.push_back(a);
    Shape to;
    for (const int a : order) to.push_back(y[a]);
    TensorId source = l.source;
    if (!(to == s) || !(graph_.at(source).quant == graph_.at(node.outputs[0]).quant)) {  // or it gives a scale
      source = fresh(node.outputs[0], to);
      reshape_node(l.source, source);
    }
    lazy_[node.outputs[0]] = {source, inverse(order)};
    return true;
  }

  // [n, …] made rows: the columns have another order then, which a fully connected layer's weights may have as well.
  bool flattened(const Node& node, const Lazy& l) {
    if (node.inputs.empty() || !lazy(node.inputs[0])) return false;
    const Shape &x = shape(node.inputs[0]), &y = shape(node.outputs[0]);
    if (moves_nothing(shape(l.source), l.perm)) {
      reshape_node(l.source, node.outputs[0]);
      return true;
    }
    if (y.rank() != 2 || x.rank() < 2 || y[0] != x[0] || l.perm[0] != 0) return false;
    flat_[node.outputs[0]] = {node.inputs[0], node};
    return true;
  }

  bool into_weights(const Node& node) {
    const auto found = flat_.find(node.inputs[0]);
    if (found == flat_.end() || shape(node.inputs[0]).rank() != 2) return false;
    const Tensor& w = graph_.at(node.inputs[1]);
    const Lazy* l = lazy(found->second.given);
    if (!l || !w.constant() || w.type == DType::i4 || lazy(node.inputs[1]) || bits(w.type) % 8) return false;
    // w [outputs, columns]: columns are axes of the transposed tensor, and become axes of the source.
    const Shape& x = shape(found->second.given);
    if (x.rank() + 1 > Shape::kMaxRank || w.shape.rank() != 2 || w.shape[1] != x.elements(1, x.rank())) return false;
    const Perm back = inverse(l->perm);  // back[0] is 0
    Tensor split = w;
    split.quant = {};
    split.shape = {w.shape[0]};
    for (int d = 1; d < x.rank(); ++d) split.shape.push_back(x[d]);
    const Quantization quant = w.quant;
    const Shape shape_of_w = w.shape;
    const TensorId given = l->source;
    std::vector<int64_t> order(back.begin(), back.end());
    const TensorId from = graph_.add(std::move(split)), list = integers(order);
    const TensorId to = fresh(from, permuted(shape(from), back));
    const Node turn{.op = Op::transpose, .inputs = {from, list}, .outputs = {to}, .attrs = TransposeAttrs{}};
    InferContext inferred(graph_, turn);
    if (!infer_node(graph_, turn, &inferred)) return false;
    graph_.at(to).data = evaluate(graph_, turn, inferred)[0];
    graph_.at(to).shape = shape_of_w;
    graph_.at(to).quant = quant;
    const TensorId rows = fresh(node.inputs[0], shape(node.inputs[0]));
    reshape_node(given, rows);
    Node made = node;
    made.inputs[0] = rows;
    made.inputs[1] = to;
    for (size_t i = 2; i < made.inputs.size(); ++i) made.inputs[i] = settled(made.inputs[i]);
    graph_.nodes.push_back(std::move(made));
    return true;
  }

  Graph graph_;
  std::vector<Node> nodes_;
  std::map<TensorId, Lazy> lazy_;
  std::map<TensorId, Flat> flat_;
};

}  // namespace

Result<Checked> sink_transposes(Checked checked) {
  const auto moves = [](const Node& n) { return n.op == Op::transpose; };
  if (std::ranges::none_of(checked.graph.nodes, moves)) return checked;
  THIMBLE_ASSIGN(Graph graph, Sinker(std::move(checked.graph)).run());
  return check(std::move(graph));
}

}  // namespace thimble
