#include "runtime/lower.h"

namespace thimble {

namespace lowering {
#define OP(id, types, family, packed) Result<bool> family(LowerContext&);
#include "ops/ops.def"
}  // namespace lowering

const Cell<LowerFn>& lowering_of(Op op) {
  static constexpr Cell<LowerFn> table[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(LowerFn, "lower", id, lowering::family)
#include "ops/ops.def"
  };
  return table[index(op)];
}

void* LowerContext::raw_step(std::string_view name, RunFn run, size_t bytes, int parts) {
  StepPlan& step = steps.emplace_back();
  step.run = run;
  step.name = name;
  step.node = node_id;
  step.parts = parts;
  step.params.resize((bytes + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
  return step.params.data();
}

namespace {
uint32_t offset_in(const StepPlan& step, const std::byte* where) {
  return static_cast<uint32_t>(where - reinterpret_cast<const std::byte*>(step.params.data()));
}
}  // namespace

void LowerContext::bind_address(std::byte* where, TensorId tensor, int64_t bytes_in) {
  steps.back().fixups.push_back({offset_in(steps.back(), where), Fixup::To::tensor, tensor, bytes_in, -1});
}

void LowerContext::bind_scratch_address(std::byte* where, ScratchId id, int64_t bytes_in) {
  steps.back().fixups.push_back({offset_in(steps.back(), where), Fixup::To::scratch, id.id, bytes_in, -1});
  scratches[static_cast<size_t>(id.id)].last_step = static_cast<int>(steps.size()) - 1;
}

void LowerContext::takes_flipped(const uint8_t* flip) {
  StepPlan& step = steps.back();
  step.fixups.back().flip = static_cast<int32_t>(offset_in(step, reinterpret_cast<const std::byte*>(flip)));
}

void LowerContext::bind_fault(RunFault** where) {
  steps.back().fixups.push_back({offset_in(steps.back(), reinterpret_cast<std::byte*>(where)), Fixup::To::fault});
}

ScratchId LowerContext::scratch(int64_t bytes) {
  const int next = static_cast<int>(steps.size());
  scratches.push_back({bytes, next, next});
  return {static_cast<int32_t>(scratches.size()) - 1};
}

void* LowerContext::constant_bytes(size_t bytes) {
  const std::vector<uint8_t> zeros(bytes + 64);
  constants.push_back(Data::copy(zeros));
  return const_cast<uint8_t*>(constants.back().bytes);
}

}  // namespace thimble
