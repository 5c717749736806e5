#include "ops/evaluate.h"

namespace thimble {
namespace {

constexpr size_t kSlack = 64;  // as in an arena, reads a little beyond a tensor stay inside

Data zeros(int64_t bytes) { return Data::copy(std::vector<uint8_t>(static_cast<size_t>(bytes) + kSlack)); }
uint8_t* writable(const Data& data) { return const_cast<uint8_t*>(data.bytes); }

}  // namespace

std::vector<Data> evaluate(const Graph& graph, const Node& node, const Resolved& resolved, RunFault* fault) {
  std::vector<TensorView> in, out;
  std::vector<Data> results;
  for (const TensorId t : node.inputs) {
    if (t == kNoTensor) {
      in.emplace_back();
    } else {
      const Tensor& tensor = graph.at(t);
      in.push_back({tensor.type, tensor.shape, &tensor.quant, writable(tensor.data)});
    }
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const TensorSpec& spec = resolved.outputs[i];
    results.push_back(zeros(byte_size(spec.type, spec.shape)));
    out.push_back({spec.type, spec.shape, &graph.at(node.outputs[i]).quant, writable(results.back())});
  }
  const Data scratch = zeros(resolved.scratch_bytes);
  row(node.op).reference(RefCall{node, in, out, {}, writable(scratch), fault, &resolved.plan});
  for (size_t i = 0; i < results.size(); ++i)
    results[i].size = static_cast<size_t>(byte_size(resolved.outputs[i].type, resolved.outputs[i].shape));
  return results;
}

}  // namespace thimble
