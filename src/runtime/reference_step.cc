#include "runtime/reference_step.h"

namespace thimble {
namespace {

// Followed in memory by the views: inputs, outputs, intermediates.
struct ReferenceParams {
  ReferenceFn fn;
  const Node* node;
  const Plan* plan;
  uint32_t inputs, outputs, intermediates;
  void* scratch;
  RunFault* fault;

  static constexpr size_t views_offset() {
    return (sizeof(ReferenceParams) + alignof(TensorView) - 1) / alignof(TensorView) * alignof(TensorView);
  }
  TensorView* views() { return reinterpret_cast<TensorView*>(reinterpret_cast<std::byte*>(this) + views_offset()); }
  const TensorView* views() const { return const_cast<ReferenceParams*>(this)->views(); }
};

void run_reference(const void* memory, int, int) {
  const auto& p = *static_cast<const ReferenceParams*>(memory);
  const TensorView* v = p.views();
  p.fn(RefCall{*p.node,
               {v, p.inputs},
               {v + p.inputs, p.outputs},
               {v + p.inputs + p.outputs, p.intermediates},
               p.scratch,
               p.fault,
               p.plan});
}

}  // namespace

void lower_to_reference(LowerContext& ctx) {
  const Node& node = ctx.node;
  const size_t count = node.inputs.size() + node.outputs.size() + node.intermediates.size();
  const ScratchId scratch = ctx.resolved.scratch_bytes > 0 ? ctx.scratch(ctx.resolved.scratch_bytes) : ScratchId{};
  void* memory =
      ctx.raw_step(kReferenceStep, run_reference, ReferenceParams::views_offset() + count * sizeof(TensorView), 1);
  auto* p = new (memory) ReferenceParams{row(node.op).reference,
                                         &node,
                                         &ctx.resolved.plan,
                                         static_cast<uint32_t>(node.inputs.size()),
                                         static_cast<uint32_t>(node.outputs.size()),
                                         static_cast<uint32_t>(node.intermediates.size()),
                                         nullptr,
                                         nullptr};
  TensorView* view = p->views();
  for (const auto* list : {&node.inputs, &node.outputs, &node.intermediates})
    for (TensorId t : *list) {
      new (view) TensorView{};
      if (t != kNoTensor) {
        const Tensor& tensor = ctx.graph.at(t);
        *view = {tensor.type, tensor.shape, &tensor.quant, nullptr};
        if (list != &node.intermediates) ctx.bind(&view->data, t);
      }
      ++view;
    }
  ctx.bind_fault(&p->fault);
  if (ctx.resolved.scratch_bytes > 0) ctx.bind_scratch(&p->scratch, scratch);
}

}  // namespace thimble
