#include "passes/quantized/raise.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "ops/batch_matmul/batch_matmul.h"
#include "ops/binary/binary.h"
#include "ops/evaluate.h"
#include "ops/make.h"
#include "ops/moved_constant.h"
#include "ops/operands.h"
#include "ops/reshape/reshape.h"
#include "ops/unary/unary.h"
#include "ops/weighted.h"
#include "passes/quantized/constants.h"
#include "passes/quantized/demand.h"
#include "passes/quantized/exact.h"
#include "passes/quantized/prepare.h"

namespace thimble {
namespace {

class Raiser {
 public:
  // `bytes`: int8 or uint8, of all integer operators of 8 bits.
  Raiser(Graph graph, DType bytes) : graph_(std::move(graph)), bytes_(bytes) {}

  Graph run() {
    adopt_input_scales(graph_);
    join_biases(graph_);
    demand_ = demand_of(graph_, bytes_);
    uses_ = graph_.use_counts();
    edges_.insert(graph_.inputs.begin(), graph_.inputs.end());
    edges_.insert(graph_.outputs.begin(), graph_.outputs.end());
    nodes_.swap(graph_.nodes);
    for (const Node& node : nodes_) {
      if (conversion(node) || raised(node) || clamped(node) || scaled(node) || moved(node)) continue;
      Node kept = node;
      for (TensorId& t : kept.inputs) t = settled(t);
      graph_.nodes.push_back(std::move(kept));
    }
    std::set<TensorId> taken(graph_.inputs.begin(), graph_.inputs.end());
    for (TensorId& t : graph_.outputs) {
      t = output(t, taken);
      taken.insert(t);
    }
    graph_.remove_unused();
    return std::move(graph_);
  }

  // How many operators became integer ones, and whether some did not for their weights.
  int count() const { return count_; }
  bool left_weights() const { return left_weights_; }

 private:
  const Tensor& at(TensorId t) const { return graph_.at(t); }
  int uses(TensorId t) const { return static_cast<size_t>(t) < uses_.size() ? uses_[static_cast<size_t>(t)] : 0; }

  Format format_of(const Tensor& t) const { return thimble::format_of(t, bytes_); }
  std::optional<Clamp> clamp_of(const Node& node) const { return thimble::clamp_of(graph_, node); }
  // To which integers a float tensor goes, if to nothing else.
  const std::optional<Format>& wanted(TensorId t) const {
    return static_cast<size_t>(t) < demand_.format.size() ? demand_.format[static_cast<size_t>(t)] : none_;
  }

  // ---- integers of tensors ----

  // The bytes (int16; of constants also int32) of a tensor of the graph as it was: of quantised integers, and of floats
  // that are dequantised; none of others.
  std::optional<TensorId> carried(TensorId t) {
    if (t == kNoTensor) return std::nullopt;
    if (const auto found = carried_.find(t); found != carried_.end()) return found->second;
    if (!integers(at(t))) return std::nullopt;
    TensorId c = t;
    if (at(t).constant()) {
      if (!(format_of(at(t)) == Format(at(t)))) c = graph_.add(in_bytes(at(t), bytes_));
    } else if (at(t).quant.per_axis()) {
      return std::nullopt;
    } else if (!(format_of(at(t)) == Format(at(t)))) {
      c = twin(t, format_of(at(t)));
      graph_.nodes.push_back(make::conversion(graph_, t, c));
      emitted_.insert(t);
    }
    carried_[t] = c;
    return c;
  }

  // A new tensor of the shape of t.
  TensorId twin(TensorId t, const Format& f) {
    Tensor y = at(t);
    y.type = f.type;
    y.quant = f.quant;
    y.data = {};
    if (edges_.contains(t)) y.name += format("/{}", name(f.type));
    return graph_.add(std::move(y));
  }

  // The tensor, or what is the same: made where nothing has made it yet.
  TensorId settled(TensorId t) {
    const auto found = t == kNoTensor ? carried_.end() : carried_.find(t);
    if (found == carried_.end() || found->second == t) return t;
    const TensorId c = found->second;
    if (Format(at(c)) == Format(at(t))) return c;
    if (!emitted_.insert(t).second) return t;
    Node node = make::conversion(graph_, c, t);
    if (at(c).constant()) {
      InferContext inferred(graph_, node);
      if (infer_node(graph_, node, &inferred)) {
        graph_.at(t).data = evaluate(graph_, node, inferred)[0];
        return t;
      }
    }
    graph_.nodes.push_back(std::move(node));
    return t;
  }

  // The graph's outputs are tensors that a node writes, each once, with the names that they had.
  TensorId output(TensorId t, const std::set<TensorId>& taken) {
    const TensorId c = settled(t);
    if (c == t) return t;
    if (!taken.contains(c) && !at(c).constant() && !at(c).variable) {
      graph_.at(c).name = at(t).name;
      return c;
    }
    const auto dims = at(t).shape.dims();
    graph_.nodes.push_back(
        {.op = Op::reshape, .inputs = {c}, .outputs = {t}, .attrs = ReshapeAttrs{{dims.begin(), dims.end()}}});
    return t;
  }

  // The integers of a float tensor in a format: as it has them, requantised, or quantised.
  std::optional<TensorId> brought(TensorId t, const Format& f) {
    const std::optional<TensorId> c = carried(t);
    if (c && format_of(at(*c)) == f) return c;
    if (c && (at(*c).quant.per_axis() || at(*c).type == DType::i32)) return std::nullopt;
    return emit(Op::quantize, {c ? *c : settled(t)}, {}, t, f);
  }

  // ---- new nodes ----

  // A node whose output is of the shape of `like` (a tensor of the graph as it was); none, and nothing is changed,
  // where the operator does not take these.
  std::optional<TensorId> emit(Op op, std::vector<TensorId> inputs, Attrs attrs, TensorId like, const Format& f,
                               const std::string& name = {}) {
    const size_t tensors = graph_.tensors.size();
    const TensorId y = twin(like, f);
    Node node{.op = op,
              .inputs = std::move(inputs),
              .outputs = {y},
              .attrs = std::move(attrs),
              .name = name.empty() ? at(like).name : name};
    InferContext inferred(graph_, node);
    if (!infer_node(graph_, node, &inferred) || !(inferred.outputs[0].shape == at(y).shape) ||
        inferred.outputs[0].type != f.type) {
      graph_.tensors.resize(tensors);
      return std::nullopt;
    }
    graph_.nodes.push_back(std::move(node));
    return y;
  }

  // ---- the walk ----

  bool conversion(const Node& node) {
    const TensorId y = node.outputs.empty() ? kNoTensor : node.outputs[0];
    if (node.op == Op::dequantize) {
      const auto c = carried(node.inputs[0]);
      if (c) carried_[y] = *c;
      return c.has_value();
    }
    if (node.op != Op::quantize || at(node.inputs[0]).type != DType::f32 || at(y).quant.per_axis()) return false;
    const auto q = brought(node.inputs[0], format_of(at(y)));
    if (q) carried_[y] = *q;
    return q.has_value();
  }

  // Integers of operators that move values. Integers with a scale are moved as such in the file itself too.
  bool moved(const Node& node) {
    const bool resizes_integers = node.op == Op::resize_bilinear && integers(at(node.outputs[0]));
    if (!moves_values(node) && !resizes_integers) return false;
    const TensorId y = node.outputs[0];
    const size_t data = node.op == Op::concatenation ? node.inputs.size() : 1;
    const auto first = std::ranges::find_if(node.inputs.begin(), node.inputs.begin() + static_cast<ptrdiff_t>(data),
                                            [&](TensorId t) { return carried(t).has_value(); });
    if (first == node.inputs.begin() + static_cast<ptrdiff_t>(data)) return false;
    const Tensor& of = at(*carried(*first));
    if (of.constant() && at(y).type == DType::f32) {  // weights that were too large to be computed while reading
      const Tensor constant = of;
      if (auto now = moved_constant(graph_, node, constant)) {
        carried_[y] = graph_.add(*std::move(now));
        return true;
      }
    }
    if (of.quant.per_axis() || of.type == DType::i32) return false;
    Format f = format_of(of);
    if (at(y).type != DType::f32 && !(format_of(at(y)) == f)) return false;
    const bool may_requantise = node.op == Op::concatenation && wanted(y);
    if (may_requantise) f = *wanted(y);
    std::vector<TensorId> inputs = node.inputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kNoTensor) continue;
      if (i >= data) {
        inputs[i] = settled(inputs[i]);
        continue;
      }
      const auto c = carried(inputs[i]);
      if (!may_requantise && (!c || !(format_of(at(*c)) == f))) return false;
      const auto b = brought(inputs[i], f);
      if (!b) return false;
      inputs[i] = *b;
    }
    if (node.op == Op::pad && !padding(node, f, &inputs)) return false;
    const auto q = emit(node.op, std::move(inputs), node.attrs, y, f, node.name);
    if (!q) return false;
    carried_[y] = *q;
    if (node.op != Op::pad && node.op != Op::concatenation && uses(node.inputs[0]) == 1) pass_owner(node.inputs[0], y);
    return true;
  }

  // What is filled in, as an integer: 0 is the zero point, which needs no operand; others have to lie on the grid, or
  // are lower than all that a maximum is taken of.
  bool padding(const Node& node, const Format& f, std::vector<TensorId>* inputs) {
    if (inputs->size() < 3 || (*inputs)[2] == kNoTensor) return at(node.inputs[0]).type == DType::f32;
    const Tensor& given = at((*inputs)[2]);
    if (!given.constant() || given.shape.elements() != 1) return false;
    int32_t value = 0;
    if (given.type == DType::f32) {
      const float v = given.data.as<float>()[0];
      int32_t low = 0, high = 0;
      quantized_range(-INFINITY, INFINITY, f.type, f.quant, &low, &high);
      const float ratio = v / f.quant.scale[0];
      if (demand_.only_maxima[static_cast<size_t>(node.outputs[0])] &&
          ratio <= static_cast<float>(low - f.quant.zero_point[0]))
        value = low;
      else if (std::fabs(ratio) < 1e6f && std::nearbyint(ratio) * f.quant.scale[0] == v)
        value = f.quant.zero_point[0] + static_cast<int32_t>(std::nearbyint(ratio));
      else
        return false;
      if (value < low || value > high) return false;
    } else if (given.type == at(node.inputs[0]).type) {
      const Tensor number = in_bytes(given, bytes_);
      value = number.type == DType::i16  ? number.data.as<int16_t>()[0]
              : number.type == DType::i8 ? number.data.as<int8_t>()[0]
                                         : number.data.as<uint8_t>()[0];
    } else {
      return false;
    }
    if (value == f.quant.zero_point[0])
      inputs->resize(2);
    else
      (*inputs)[2] = scalar(value, f);
    return true;
  }

  TensorId scalar(int32_t value, const Format& f) {
    Tensor t{.name = format("{}", value), .type = f.type, .shape = {}, .quant = f.quant};
    const auto byte = static_cast<int8_t>(value);
    const auto word = static_cast<int16_t>(value);
    t.data = f.type == DType::i16 ? Data::of(std::span(&word, 1)) : Data::of(std::span(&byte, 1));
    return graph_.add(std::move(t));
  }

  // ---- clamps ----

  // The same clamp of the integers: it leaves them all as they are, is the layer's own, or a node.
  bool clamped(const Node& node) {
    const std::optional<Clamp> clamp = clamp_of(node);
    if (!clamp || at(node.outputs[0]).type != DType::f32) return false;
    const TensorId x = node.inputs[clamp->input], y = node.outputs[0];
    const auto c = carried(x);
    if (!c || at(*c).quant.per_axis() || at(*c).type == DType::i32) return false;
    const Format f = format_of(at(*c));
    // Its own integers go to another scale: it requantises, and clamps there.
    const std::optional<Format>& to = wanted(y);
    if (to && !(*to == f) && is_unary(node.op) && to->type == bytes_ && f.type == bytes_) {
      const auto q = emit(node.op, {*c}, node.attrs, y, *to, node.name);
      if (q) carried_[y] = *q, ++count_;
      return q.has_value();
    }
    int32_t low, high, lowest, highest;
    quantized_range(clamp->low, clamp->high, f.type, f.quant, &low, &high);
    quantized_range(-INFINITY, INFINITY, f.type, f.quant, &lowest, &highest);
    // A bound between two integers: only right where the result is rounded to them anyway.
    const auto exact = [&](float bound, int32_t q) {
      return static_cast<float>(q - f.quant.zero_point[0]) * f.quant.scale[0] == bound;
    };
    const auto beyond = [&](float bound, float side, int32_t q) {
      return bound * side >= static_cast<float>(q - f.quant.zero_point[0]) * f.quant.scale[0] * side;
    };
    const bool to_integers = wanted(y) == f;
    if (!to_integers && !(exact(clamp->low, low) || beyond(clamp->low, -1, lowest))) return false;
    if (!to_integers && !(exact(clamp->high, high) || beyond(clamp->high, 1, highest))) return false;
    if (low == lowest && high == highest) {
      carried_[y] = *c;
      if (uses(x) == 1) pass_owner(x, y);
      return true;
    }
    if (clamp->activation != Activation::none && uses(x) == 1 && fused(x, clamp->activation)) {
      carried_[y] = *c;
      return true;
    }
    std::optional<TensorId> q;
    if (is_unary(node.op)) {
      q = emit(node.op, {*c}, node.attrs, y, f, node.name);
    } else {
      const size_t tensors = graph_.tensors.size();
      const TensorId bound = scalar(node.op == Op::maximum ? low : high, f);
      q = emit(node.op, {*c, bound}, BinaryAttrs{}, y, f, node.name);
      if (!q) graph_.tensors.resize(tensors);
    }
    if (q) carried_[y] = *q;
    return q.has_value();
  }

  // Multiplied or divided by a positive number: the same integers in another scale.
  bool scaled(const Node& node) {
    const bool divides = node.op == Op::div;
    if ((node.op != Op::mul && !divides) || fused_activation(node) != Activation::none) return false;
    for (const size_t i : {0u, 1u}) {
      if (divides && i == 1) return false;
      const auto c = carried(node.inputs[i]);
      const Tensor& number = at(node.inputs[1 - i]);
      if (!c || at(*c).quant.per_axis() || !number.constant() || number.type != DType::f32 ||
          number.shape.elements() != 1)
        continue;
      const float given = number.data.as<float>()[0], by = divides ? 1 / given : given;
      const float scale = at(*c).quant.scale[0] * by;
      auto factor = integer_scalar(by, at(*c).type);
      if (!(by > 0) || !factor || !(scale > 0x1p-100f) || !(scale < 0x1p100f)) return false;
      const Format f(at(*c).type, scale, at(*c).quant.zero_point[0]);
      const auto q = emit(Op::mul, {*c, graph_.add(*std::move(factor))}, BinaryAttrs{}, node.outputs[0], f, node.name);
      if (q) carried_[node.outputs[0]] = *q;
      return q.has_value();
    }
    return false;
  }

  // Whose output, moved at most, float tensor y is, which nothing else reads.
  void pass_owner(TensorId x, TensorId y) {
    if (const auto found = owner_.find(x); found != owner_.end()) owner_[y] = found->second;
  }

  // Whether the layer that x comes from took the activation.
  bool fused(TensorId x, Activation activation) {
    const auto found = owner_.find(x);
    if (found == owner_.end()) return false;
    Node layer = graph_.nodes[found->second];
    const OperandRule* rule = operands_of(layer.op);
    if (!rule || !rule->fuses || fused_activation(layer) != Activation::none ||
        !set_fused_activation(layer, activation))
      return false;
    InferContext inferred(graph_, layer);
    if (!infer_node(graph_, layer, &inferred)) return false;
    graph_.nodes[found->second] = std::move(layer);
    return true;
  }

  // ---- operators ----

  // Integers of all data that the node reads; none where some has none.
  std::optional<std::vector<TensorId>> data_of(const Node& node) {
    std::vector<TensorId> inputs = node.inputs;
    std::optional<DType> type;
    const OperandRule* rule = operands_of(node.op);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Role role = rule->role(i);
      if (inputs[i] == kNoTensor || role == Role::integers) continue;
      if (role != Role::data && role != Role::slope && role != Role::weights) return std::nullopt;
      const auto c = carried(inputs[i]);
      if (!c) continue;
      if (at(*c).type == DType::i32 || at(*c).quant.per_axis()) return std::nullopt;
      type = at(*c).type;
      inputs[i] = *c;
    }
    if (!type) return std::nullopt;
    for (size_t i = 0; i < inputs.size(); ++i) {  // numbers without a scale
      if (inputs[i] == kNoTensor || at(inputs[i]).type != DType::f32) continue;
      const Tensor& t = at(inputs[i]);
      if (!t.constant() || t.shape.elements() != 1) return std::nullopt;
      auto number = integer_scalar(t.data.as<float>()[0], *type);
      if (!number) return std::nullopt;
      number->shape = t.shape;
      inputs[i] = graph_.add(*std::move(number));
    }
    return inputs;
  }

  bool raised(const Node& node) {
    if (node.outputs.size() != 1 || !node.intermediates.empty() || at(node.outputs[0]).type != DType::f32) return false;
    const TensorId y = node.outputs[0];
    const std::optional<Format> f = wanted(y);
    if (!f) return false;
    std::optional<TensorId> q;
    switch (node.op) {
      case Op::conv2d:
      case Op::depthwise_conv2d:
      case Op::fully_connected: q = layer(node, *f); break;
      case Op::add:
      case Op::sub:
      case Op::mul: q = of_data(node, BinaryAttrs{fused_activation(node)}, *f); break;
      case Op::batch_matmul:
      case Op::mean:
      case Op::prelu: q = of_data(node, node.attrs, *f); break;
      case Op::maximum:
      case Op::minimum:
        if (!clamp_of(node)) q = in_the_outputs_scale(node, *f);
        break;
      case Op::average_pool:
      case Op::resize_bilinear: q = in_the_inputs_scale(node, *f); break;
      case Op::softmax: q = in_a_fixed_scale(node, 1.0f / 256, -128, *f); break;
      case Op::log_softmax: q = in_a_fixed_scale(node, 16.0f / 256, 127, *f); break;
      case Op::sigmoid: q = in_a_fixed_scale(node, 1.0f / 256, -128, *f); break;
      default:
        // 16 bits have scales of their own in most functions.
        if (is_unary(node.op) && unary_row(node.op).traits.in_int8 && !clamp_of(node) && f->type == bytes_)
          q = of_data(node, node.attrs, *f);
    }
    if (!q) return false;
    carried_[y] = *q;
    ++count_;
    return true;
  }

  std::optional<TensorId> of_data(const Node& node, const Attrs& attrs, const Format& f) {
    auto inputs = data_of(node);
    if (!inputs) return std::nullopt;
    const auto q = emit(node.op, *std::move(inputs), attrs, node.outputs[0], f, node.name);
    if (q) owner_[node.outputs[0]] = graph_.nodes.size() - 1;
    return q;
  }

  // Q(max(a, b)) is max(Q(a), Q(b)).
  std::optional<TensorId> in_the_outputs_scale(const Node& node, const Format& f) {
    std::vector<TensorId> inputs;
    if (!carried(node.inputs[0]) && !carried(node.inputs[1])) return std::nullopt;
    for (const TensorId t : node.inputs) {
      const auto b = brought(t, f);
      if (!b) return std::nullopt;
      inputs.push_back(*b);
    }
    return emit(node.op, std::move(inputs), BinaryAttrs{fused_activation(node)}, node.outputs[0], f, node.name);
  }

  // Rounded in the input's scale, then in the output's.
  std::optional<TensorId> in_the_inputs_scale(const Node& node, const Format& f) {
    const auto c = carried(node.inputs[0]);
    if (!c || at(*c).quant.per_axis()) return std::nullopt;
    return then_requantised(node, *c, format_of(at(*c)), f);
  }

  std::optional<TensorId> in_a_fixed_scale(const Node& node, float scale, int32_t zero, const Format& f) {
    const auto c = carried(node.inputs[0]);
    if (!c || at(*c).type != bytes_ || at(*c).quant.per_axis()) return std::nullopt;
    return then_requantised(node, *c, Format(bytes_, scale, bytes_ == DType::u8 ? zero + 128 : zero), f);
  }

  std::optional<TensorId> then_requantised(const Node& node, TensorId x, const Format& first, const Format& f) {
    std::vector<TensorId> inputs = node.inputs;
    inputs[0] = x;
    const TensorId y = node.outputs[0];
    // What is lost in the first scale is no more than the second may be beside the floats.
    if (!(first == f) && !(first.quant.scale[0] < 2 * f.quant.scale[0])) return std::nullopt;
    const auto q = emit(node.op, std::move(inputs), node.attrs, y, first, node.name);
    return !q || first == f ? q : emit(Op::quantize, {*q}, {}, y, f);
  }

  std::optional<TensorId> layer(const Node& node, const Format& f) {
    const auto x = carried(node.inputs[0]), w = carried(node.inputs[1]);
    if (!x || !w || at(*x).quant.per_axis()) return std::nullopt;
    const TensorId y = node.outputs[0];
    const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoTensor;
    if (node.op == Op::fully_connected && !biased && fused_activation(node) == Activation::none &&
        at(node.inputs[0]).shape.rank() >= 2) {
      // A product of two activations, or with weights that do not lie around 0.
      if (bytes_ == DType::i8 && (!at(*w).constant() || !symmetric_weights(at(*w))))
        return emit(Op::batch_matmul, {*x, *w}, BatchMatmulAttrs{.adj_y = true}, y, f, node.name);
    }
    if (!at(*w).constant()) return std::nullopt;
    std::optional<Tensor> weights;
    if (bytes_ == DType::i8 || at(*x).type == DType::i16)
      weights = symmetric_weights(at(*w));
    else if (!at(*w).quant.per_axis())
      weights = at(*w);
    if (!weights) {
      left_weights_ = true;
      return std::nullopt;
    }
    const Quantization scales = weights->quant;
    const auto b = biased ? carried(node.inputs[2]) : std::nullopt;
    const size_t tensors = graph_.tensors.size();
    std::vector<TensorId> inputs{*x, *w};
    if (weights->data.bytes != at(*w).data.bytes) inputs[1] = graph_.add(*std::move(weights));
    if (biased) {
      const Tensor& given = at(b ? *b : node.inputs[2]);
      auto bias = given.constant() ? integer_bias(given, at(*x).quant.scale[0], scales) : std::nullopt;
      if (bias) inputs.push_back(graph_.add(*std::move(bias)));
    }
    std::optional<TensorId> q;
    if (inputs.size() == (biased ? 3 : 2)) q = emit(node.op, std::move(inputs), node.attrs, y, f, node.name);
    if (!q) {
      graph_.tensors.resize(tensors);
      return std::nullopt;
    }
    owner_[y] = graph_.nodes.size() - 1;
    return q;
  }

  Graph graph_;
  const DType bytes_;
  bool left_weights_ = false;
  std::vector<Node> nodes_;  // as they were
  std::vector<int> uses_;
  const std::optional<Format> none_;
  Demand demand_;
  std::map<TensorId, TensorId> carried_;
  std::set<TensorId> edges_;          // inputs and outputs of the graph as it was
  std::set<TensorId> emitted_;        // those of carried_ that have their own values too
  std::map<TensorId, size_t> owner_;  // of float tensors: the new node that computes their integers
  int count_ = 0;
};

}  // namespace

Result<Checked> raise_quantized(Checked checked) {
  const auto converts = [&](const Node& n) {
    return n.op == Op::quantize || (n.op == Op::dequantize && integers(checked.graph.at(n.inputs[0])));
  };
  if (std::ranges::none_of(checked.graph.nodes, converts)) return checked;
  Raiser signed_bytes(checked.graph, DType::i8);
  Graph graph = signed_bytes.run();
  int count = signed_bytes.count();
  if (signed_bytes.left_weights()) {
    Raiser unsigned_bytes(checked.graph, DType::u8);
    Graph other = unsigned_bytes.run();
    if (unsigned_bytes.count() > count) graph = std::move(other), count = unsigned_bytes.count();
  }
  if (count > 0) return check(std::move(graph));
  THIMBLE_ASSIGN(graph, exact_quantize(std::move(checked.graph)));
  return check(std::move(graph));
}

}  // namespace thimble
