#include "runtime/lower.h"
#include "ops/custom/custom.h"

namespace thimble::lowering {
namespace {

struct CustomParams {
  const CustomRun* run;
  RunFault* fault;
  uint32_t inputs, outputs;
  TensorView in[kMostCustomOperands], out[kMostCustomOperands];
};

void run_custom(const CustomParams& p, int, int) {
  if (const char* why = p.run->run({p.in, p.inputs}, {p.out, p.outputs})) p.fault->wrong(why);
}

}  // namespace

Result<bool> custom(LowerContext& ctx) {
  CustomOperands operands(ctx.graph, ctx.node);
  const auto& attrs = ctx.node.attrs.as<CustomAttrs>();
  THIMBLE_ASSIGN(const std::shared_ptr<const CustomRun> prepared,
                 attrs.op->prepare(operands.options, operands.in, operands.out));
  // The program keeps it, as it keeps packed weights.
  ctx.constants.push_back({prepared, reinterpret_cast<const uint8_t*>(prepared.get()), 0});
  auto* p = ctx.step<run_custom>();
  p->run = prepared.get();
  p->inputs = static_cast<uint32_t>(operands.in.size());
  p->outputs = static_cast<uint32_t>(operands.out.size());
  for (size_t i = 0; i < operands.in.size(); ++i) {
    p->in[i] = operands.in[i];
    ctx.bind_in(&p->in[i].data, static_cast<int>(i));
  }
  for (size_t i = 0; i < operands.out.size(); ++i) {
    p->out[i] = operands.out[i];
    ctx.bind_out(&p->out[i].data, static_cast<int>(i));
  }
  ctx.bind_fault(&p->fault);
  return true;
}

}  // namespace thimble::lowering
