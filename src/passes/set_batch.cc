#include "passes/set_batch.h"

#include <algorithm>

#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/split/split.h"
#include "ops/unary/unary.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble {
namespace {

// Throughout, a tensor is "batched" when it depends on a batched input; the examples are then its
// outermost parts: its dimension 0 is a multiple of the batch.
class BatchChange {
 public:
  BatchChange(const Graph& graph, int64_t batch)
      : old_graph_(graph), graph_(graph), batch_(batch), batched_(graph.tensors.size(), 0) {}

  Result<Graph> run() {
    if (batch_ < 1 || batch_ > INT32_MAX) return fail(ErrorCode::usage, format("a batch of {}", batch_));
    THIMBLE_TRY(inputs());
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (Status s = node(static_cast<NodeId>(n)); !s)
        return with_context(std::move(s).error(), format("for a batch of {}: node {} \"{}\" {}", batch_, n,
                                                         graph_.nodes[n].name, name(graph_.nodes[n].op)));
    for (TensorId t : graph_.outputs)
      if (!is_batched(t) || before(t).rank() == 0 || before(t)[0] != old_)
        return fail(ErrorCode::unsupported, format("output {} has no batch dimension", old_graph_.at(t).to_string()));
    THIMBLE_TRY(verify(graph_));
    return std::move(graph_);
  }

 private:
  const Shape& before(TensorId t) const { return old_graph_.at(t).shape; }
  bool is_batched(TensorId t) const {
    return t >= 0 && static_cast<size_t>(t) < batched_.size() && batched_[static_cast<size_t>(t)];
  }
  tl::unexpected<Error> mixes(const char* what) const {
    return fail(ErrorCode::unsupported, format("{}, so examples cannot be computed side by side", what),
                "evaluate with a batch of 1");
  }

  Status inputs() {
    for (TensorId t : graph_.inputs) {
      Tensor& x = graph_.at(t);
      if (x.shape.rank() == 0 || (x.shape[0] != 1 && !x.batch_unknown))
        return fail(ErrorCode::unsupported,
                    format("input {} has a fixed first dimension, not a batch of 1", x.to_string()),
                    "evaluate with the model's own batch");
      if (old_ != 0 && x.shape[0] != old_)
        return fail(ErrorCode::unsupported, format("the inputs have batches of {} and {}", old_, x.shape[0]));
      old_ = x.shape[0];
      batched_[static_cast<size_t>(t)] = 1;
    }
    if (old_ < 1) return fail(ErrorCode::unsupported, "the model has no input with a batch dimension");
    for (TensorId t : graph_.inputs) THIMBLE_TRY(set_first(t, batch_));
    return {};
  }

  Status set_first(TensorId t, int64_t dim) {
    Tensor& tensor = graph_.at(t);
    std::vector<int64_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
    dims[0] = dim;
    THIMBLE_ASSIGN(tensor.shape, Shape::make(std::span<const int64_t>(dims)));
    return {};
  }

  Status node(NodeId id) {
    Node& node = graph_.nodes[static_cast<size_t>(id)];
    if (std::ranges::none_of(node.inputs, [&](TensorId t) { return is_batched(t); })) return {};
    THIMBLE_TRY(prepare(node));
    InferContext ctx(graph_, node);
    THIMBLE_TRY(infer_node(graph_, node, &ctx));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const TensorId t = node.outputs[i];
      Tensor& y = graph_.at(t);
      const Shape& was = before(t);
      // The last line of defence: dimension 0 has grown in proportion and nothing else has changed.
      const Shape& now = ctx.outputs[i].shape;
      bool sound = now.rank() == was.rank() && was.rank() > 0 && was[0] % old_ == 0 && now[0] == was[0] / old_ * batch_;
      for (int d = 1; sound && d < was.rank(); ++d) sound = now[d] == was[d];
      if (!sound) return mixes("its output does not begin with the batch");
      y.shape = now;
      batched_[static_cast<size_t>(t)] = 1;
    }
    return {};
  }

  IntList ints(TensorId t) const {
    const Tensor& c = graph_.at(t);
    return {c.type, c.data.bytes, c.constant() ? c.shape.elements() : 0};
  }
  // A new constant of the type of the node's input i, with other values.
  void replace_ints(Node& node, size_t i, std::span<const int64_t> values) {
    Tensor c = graph_.at(node.inputs[i]);
    if (c.type == DType::i64) {
      c.data = Data::of(values);
    } else {
      const std::vector<int32_t> narrow(values.begin(), values.end());
      c.data = Data::of(std::span<const int32_t>(narrow));
    }
    node.inputs[i] = graph_.add(std::move(c));
  }

  // Checks that the node computes each example by itself, and adapts its constants.
  Status prepare(Node& node) {
    const auto x = std::ranges::find_if(node.inputs, [&](TensorId t) { return is_batched(t); });
    const Shape& was = before(*x);
    if (was.rank() == 0 || was[0] % old_ != 0) return mixes("its input does not begin with the batch");
    switch (node.op) {
      case Op::conv2d:
      case Op::depthwise_conv2d:
      case Op::fully_connected: return weights(node, was);
      case Op::add:
      case Op::sub:
      case Op::mul:
      case Op::div:
      case Op::maximum:
      case Op::minimum:
      case Op::squared_difference: return binary(node);
      case Op::max_pool:
      case Op::average_pool:
      case Op::quantize:
      case Op::dequantize:
      case Op::cast:
      case Op::prelu: return {};
      case Op::softmax:
      case Op::log_softmax: return was.rank() > 1 ? Status{} : mixes("it works along the batch");
      case Op::reshape: return reshape(node);
      case Op::squeeze: {
        const auto& axes = node.attrs.as<SqueezeAttrs>().axes;
        const bool first = std::ranges::any_of(axes, [&](int64_t a) { return a == 0 || a == -was.rank(); });
        return first || (axes.empty() && was[0] == 1) ? mixes("it drops the batch dimension") : Status{};
      }
      case Op::expand_dims: {
        const int64_t axis = ints(node.inputs[1]).values[0];
        return axis == 0 || axis == -(was.rank() + 1) ? mixes("it puts a dimension before the batch") : Status{};
      }
      case Op::concatenation: {
        const int axis = node.attrs.as<ConcatenationAttrs>().axis;
        return axis == 0 || axis == -was.rank() ? mixes("it concatenates along the batch") : Status{};
      }
      case Op::split:
      case Op::split_v:
        return not_first(ints(node.inputs[static_cast<size_t>(split_inputs(node.op).axis)]), was,
                         "it splits the batch");
      case Op::mean:
      case Op::sum:
      case Op::reduce_max:
      case Op::reduce_min: return not_first(ints(node.inputs[1]), was, "it reduces over the batch");
      case Op::transpose: {
        const int64_t first = ints(node.inputs[1]).values[0];
        return first == 0 || first == -was.rank() ? Status{} : mixes("it moves the batch dimension");
      }
      case Op::pad: {
        const IntList amount = ints(node.inputs[1]);
        return amount.values[0] == 0 && amount.values[1] == 0 ? Status{} : mixes("it pads the batch");
      }
      case Op::slice: return slice(node, was);
      case Op::strided_slice: return strided_slice(node, was);
      case Op::unidirectional_sequence_lstm: return lstm(node, was);
      default: break;
    }
    if (is_unary(node.op)) return {};
    return mixes("it is not known to treat dimension 0 as a batch");
  }

  Status not_first(const IntList& axes, const Shape& x, const char* what) const {
    for (int64_t a : axes.span())
      if (a == 0 || a == -x.rank()) return mixes(what);
    return {};
  }

  Status weights(const Node& node, const Shape& x) {
    if (is_batched(node.inputs[1])) return mixes("its weights depend on the input");
    if (node.op == Op::fully_connected && (x.elements() / old_) % before(node.inputs[1])[1] != 0)
      return mixes("its rows reach over several examples");
    return {};
  }

  // Broadcasting aligns the last dimensions: dimension 0 of both must be the same one.
  Status binary(const Node& node) {
    const TensorId a = node.inputs[0], b = node.inputs[1];
    const int rank = std::max(before(a).rank(), before(b).rank());
    for (TensorId t : {a, b}) {
      if (is_batched(t) && before(t).rank() != rank) return mixes("it broadcasts over the batch");
      if (!is_batched(t) && before(t).rank() == rank && before(t)[0] != 1)
        return mixes("its other operand differs between examples");
    }
    return {};
  }

  Status reshape(Node& node) {
    const Shape& y = before(node.outputs[0]);
    if (y.rank() == 0 || y[0] % old_ != 0) return mixes("its new shape does not begin with the batch");
    std::vector<int64_t> dims(y.dims().begin(), y.dims().end());
    dims[0] = dims[0] / old_ * batch_;
    if (node.inputs.size() > 1 && node.inputs[1] != kNoTensor) {
      if (!graph_.at(node.inputs[1]).constant()) return mixes("its new shape is not a constant");
      replace_ints(node, 1, dims);
    }
    node.attrs = ReshapeAttrs{std::move(dims)};
    return {};
  }

  Status slice(Node& node, const Shape& x) {
    const IntList begin = ints(node.inputs[1]);
    IntList size = ints(node.inputs[2]);
    if (begin.values[0] != 0 || (size.values[0] != -1 && size.values[0] != x[0]))
      return mixes("it takes a part of the batch");
    size.values[0] = -1;
    replace_ints(node, 2, size.span());
    return {};
  }

  Status strided_slice(Node& node, const Shape& x) {
    StridedSliceAttrs attrs = node.attrs.as<StridedSliceAttrs>();
    const IntList operands[] = {ints(node.inputs[1]), ints(node.inputs[2]), ints(node.inputs[3])};
    if (attrs.ellipsis_mask & 1 || operands[0].count == 0) return {};
    if (attrs.new_axis_mask & 1 || attrs.shrink_axis_mask & 1)
      return mixes("it adds or drops a dimension before the batch");
    THIMBLE_ASSIGN(const SliceBox box, slice_box(node, x, operands));
    if (box.begin[0] != 0 || box.stride[0] != 1 || box.count[0] != x[0]) return mixes("it takes a part of the batch");
    attrs.begin_mask |= 1;
    attrs.end_mask |= 1;
    node.attrs = attrs;
    return {};
  }

  Status lstm(Node& node, const Shape& x) {
    if (node.attrs.as<SequenceLstmAttrs>().time_major) return mixes("its time comes before the batch");
    if (x[0] != old_) return mixes("its states do not belong to one example each");
    for (const int i : {sequence_lstm::kHiddenState, sequence_lstm::kCellState}) {
      const TensorId t = node.inputs[static_cast<size_t>(i)];
      Tensor& state = graph_.at(t);
      if (!state.variable || state.shape.rank() < 1 || state.shape[0] != old_)
        return mixes("its states are not variables of one row per example");
      if (state.data) {
        if (old_ != 1) return mixes("its initial states differ between examples");
        std::vector<uint8_t> rows;
        for (int64_t r = 0; r < batch_; ++r)
          rows.insert(rows.end(), state.data.bytes, state.data.bytes + state.data.size);
        state.data = Data::copy(rows);
      }
      THIMBLE_TRY(set_first(t, batch_));
    }
    return {};
  }

  const Graph& old_graph_;
  Graph graph_;
  const int64_t batch_;
  int64_t old_ = 0;
  std::vector<char> batched_;
};

}  // namespace

Result<Graph> with_batch(const Graph& graph, int64_t batch) { return BatchChange(graph, batch).run(); }

}  // namespace thimble
