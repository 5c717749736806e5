#include "passes/quantized/exact.h"

#include <cmath>

#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/evaluate.h"
#include "ops/unary/unary.h"
#include "ops/weighted.h"

namespace thimble {
namespace {

class Exactly {
 public:
  explicit Exactly(Graph graph) : graph_(std::move(graph)), builder_(graph_) {}

  Result<Graph> run() {
    std::vector<Node> nodes;
    nodes.swap(graph_.nodes);
    for (Node& node : nodes) {
      if (node.op == Op::quantize && graph_.at(node.inputs[0]).type == DType::f32) {
        THIMBLE_TRY(quantize(node));
      } else if (node.op == Op::dequantize && graph_.at(node.inputs[0]).constant()) {
        InferContext inferred(graph_, node);
        THIMBLE_TRY(infer_node(graph_, node, &inferred));
        graph_.at(node.outputs[0]).data = evaluate(graph_, node, inferred)[0];
      } else {
        graph_.nodes.push_back(std::move(node));
      }
    }
    graph_.remove_unused();
    return std::move(graph_);
  }

 private:
  Status quantize(const Node& node) {
    const Tensor y = graph_.at(node.outputs[0]);
    int32_t low, high;
    quantized_range(-INFINITY, INFINITY, y.type, y.quant, &low, &high);
    const BinaryAttrs unbounded{.unbounded = true};
    const auto with = [&](Op op, TensorId x, float v) {
      return builder_.op(op, {x, builder_.scalar_f32(v)}, unbounded, node.name);
    };
    THIMBLE_ASSIGN(TensorId v, with(Op::div, node.inputs[0], y.quant.scale[0]));
    THIMBLE_ASSIGN(v, builder_.op(Op::round, {v}, UnaryAttrs{}, node.name));
    if (y.quant.zero_point[0] != 0) {
      THIMBLE_ASSIGN(v, with(Op::add, v, static_cast<float>(y.quant.zero_point[0])));
    }
    THIMBLE_ASSIGN(v, with(Op::maximum, v, static_cast<float>(low)));
    THIMBLE_ASSIGN(v, with(Op::minimum, v, static_cast<float>(high)));
    graph_.nodes.push_back({.op = Op::cast, .inputs = {v}, .outputs = node.outputs, .attrs = {}, .name = node.name});
    return {};
  }

  Graph graph_;
  Builder builder_;
};

}  // namespace

Result<Graph> exact_quantize(Graph graph) { return Exactly(std::move(graph)).run(); }

}  // namespace thimble
