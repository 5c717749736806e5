#include "graph/verify.h"

#include <cmath>

namespace thimble {
namespace {

tl::unexpected<Error> broken(const std::string& what) { return fail(ErrorCode::bad_file, what); }

Status verify_quantization(const Tensor& tensor) {
  const Quantization& q = tensor.quant;
  if (q.empty()) return {};
  if (q.zero_point.size() != q.scale.size())
    return broken(format("{} scales but {} zero points", q.scale.size(), q.zero_point.size()));
  for (float scale : q.scale)
    if (!std::isfinite(scale) || scale < 0) return broken(format("scale {} is not a positive number", scale));
  if (q.per_axis()) {
    if (q.axis < 0 || q.axis >= tensor.shape.rank())
      return broken(format("quantized dimension {} of shape {}", q.axis, tensor.shape.to_string()));
    if (static_cast<int64_t>(q.scale.size()) != tensor.shape[q.axis])
      return broken(format("{} scales for dimension {} of shape {}", q.scale.size(), q.axis, tensor.shape.to_string()));
  }
  int64_t lo = INT32_MIN, hi = INT32_MAX;
  if (tensor.type == DType::i8) lo = -128, hi = 127;
  if (tensor.type == DType::u8) lo = 0, hi = 255;
  if (tensor.type == DType::i16) lo = -32768, hi = 32767;
  for (int32_t z : q.zero_point)
    if (z < lo || z > hi) return broken(format("zero point {} is outside {}", z, name(tensor.type)));
  return {};
}

class Structure {
 public:
  explicit Structure(const Graph& graph) : graph_(graph), defined_(graph.tensors.size(), 0) {}

  Status run() {
    for (size_t t = 0; t < graph_.tensors.size(); ++t) {
      const Tensor& tensor = graph_.tensors[t];
      if (Status s = verify_tensor(tensor); !s)
        return with_context(std::move(s).error(), format("tensor {} \"{}\"", t, tensor.name));
      if (tensor.constant() || tensor.variable) defined_[t] = 1;
    }
    for (TensorId t : graph_.inputs) {
      if (!in_range(t)) return broken(format("graph input {} does not exist", t));
      if (graph_.at(t).constant()) return broken(format("graph input \"{}\" is a constant", graph_.at(t).name));
      defined_[static_cast<size_t>(t)] = 1;
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n)
      if (Status s = node(graph_.nodes[n]); !s)
        return with_context(std::move(s).error(), format("node {} \"{}\"", n, graph_.nodes[n].name));
    for (TensorId t : graph_.outputs) {
      if (!in_range(t)) return broken(format("graph output {} does not exist", t));
      if (!defined_[static_cast<size_t>(t)])
        return broken(format("graph output \"{}\" is never computed", graph_.at(t).name));
    }
    return {};
  }

 private:
  bool in_range(TensorId t) const { return t >= 0 && static_cast<size_t>(t) < graph_.tensors.size(); }

  Status node(const Node& node) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId t = node.inputs[i];
      if (t == kNoTensor) continue;
      if (!in_range(t)) return broken(format("input {} is tensor {}, of {}", i, t, graph_.tensors.size()));
      if (!defined_[static_cast<size_t>(t)])
        return broken(format("input {} \"{}\" is used before it is computed", i, graph_.at(t).name));
    }
    for (TensorId t : node.intermediates)
      if (t != kNoTensor && !in_range(t)) return broken(format("intermediate tensor {} does not exist", t));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const TensorId t = node.outputs[i];
      if (!in_range(t)) return broken(format("output {} is tensor {}, of {}", i, t, graph_.tensors.size()));
      if (defined_[static_cast<size_t>(t)])
        return broken(
            format("output {} \"{}\" is a constant, an input, a variable or computed twice", i, graph_.at(t).name));
      defined_[static_cast<size_t>(t)] = 1;
    }
    return {};
  }

  const Graph& graph_;
  std::vector<char> defined_;
};

}  // namespace

Status verify_tensor(const Tensor& tensor) {
  THIMBLE_TRY([&]() -> Status {
    auto shape = Shape::make(tensor.shape.dims());
    if (!shape) return tl::unexpected<Error>(shape.error());
    return {};
  }());
  if (tensor.data && static_cast<int64_t>(tensor.data.size) != tensor.bytes())
    return broken(format("holds {} bytes, its shape needs {}", tensor.data.size, tensor.bytes()));
  return verify_quantization(tensor);
}

Status verify_structure(const Graph& graph) { return Structure(graph).run(); }

}  // namespace thimble
