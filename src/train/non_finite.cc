#include "train/non_finite.h"

#include "kernels/kernels.h"
#include "ops/check.h"

namespace thimble {
namespace {
bool finite(Session& session, TensorId id) {
  if (session.graph().at(id).type != DType::f32) return true;
  const auto bytes = session.tensor(id);
  return kernels().reduce.all_finite_f32(reinterpret_cast<const float*>(bytes.data()),
                                         static_cast<int64_t>(bytes.size() / 4));
}
}  // namespace

NonFinite first_non_finite(Session& session, size_t last) {
  const Graph& graph = session.graph();
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    if (graph.tensors[t].variable && !finite(session, static_cast<TensorId>(t)))
      return {format("the weights {} are no longer finite", graph.tensors[t].to_string())};
  for (TensorId t : graph.inputs)
    if (!finite(session, t)) return {format("the data fed to {} hold NaN or infinity", graph.at(t).to_string()), true};
  for (size_t s = 0; s < last; ++s) {
    if (Status ran = session.run_steps(s, s + 1); !ran) return {ran.error().message};
    const NodeId id = session.program().steps()[s].node;
    if (s + 1 < last && session.program().steps()[s + 1].node == id) continue;  // not the node's last step
    const Node& node = graph.nodes[static_cast<size_t>(id)];
    for (TensorId t : node.outputs)
      if (!finite(session, t))
        return {format("{} (node \"{}\", {}) is the first tensor that is not finite", graph.at(t).to_string(),
                       node.name, name(node.op))};
  }
  return {"the loss is not finite"};
}

}  // namespace thimble
