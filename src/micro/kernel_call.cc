#include "micro/kernel_call.h"

#include <algorithm>

namespace thimble::micro {
namespace {

// The window of a plan that has one: its height, and its taps.
class Window final : public PlanVisitor {
 public:
  void number(std::string_view name, int64_t value) override {
    if (name != "kernel") return;
    if (height == 0) height = value;
    taps *= value;
  }
  void real(std::string_view, float) override {}
  void array(std::string_view, const int8_t*, int64_t) override {}
  void array(std::string_view, const int32_t*, int64_t) override {}
  void array(std::string_view, const uint32_t*, int64_t) override {}
  void array(std::string_view, const float*, int64_t) override {}
  void positions(std::string_view, const thimble_dim*, int64_t) override {}
  void begin(std::string_view) override {}
  void end() override {}

  int64_t height = 0, taps = 1;
};

}  // namespace

KernelCall kernel_call(const Checked& checked, NodeId id, std::string_view function) {
  const Graph& g = checked.graph;
  const Node& node = g.nodes[static_cast<size_t>(id)];
  const Resolved& resolved = checked.nodes[static_cast<size_t>(id)];
  Window window;
  resolved.plan.visit(window);
  KernelCall call;
  call.node = id;
  if (function.starts_with("(void)")) function.remove_prefix(6);
  call.function = function;
  call.macs = resolved.macs;
  for (const TensorId t : node.outputs) call.outputs += g.at(t).shape.elements();
  if (!node.inputs.empty() && node.inputs[0] != kNoTensor) call.inputs = g.at(node.inputs[0]).shape.elements();
  const Shape& y = g.at(node.outputs[0]).shape;
  const int64_t channels = std::max<int64_t>(y.rank() > 0 ? y[y.rank() - 1] : 1, 1);
  call.reads = call.macs > 0 ? call.macs / channels : call.outputs * window.taps;
  call.rows = call.outputs / channels * window.height;
  if (call.outputs > 0) call.tail = call.outputs * (call.macs / call.outputs % 4);
  if (function.find("_palette_") != function.npos || function.find("_sparse_") != function.npos)
    call.unpacked = g.at(node.inputs[1]).shape.elements();
  return call;
}

}  // namespace thimble::micro
