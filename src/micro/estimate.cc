#include "micro/estimate.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace thimble::micro {
namespace {

constexpr Core kCores[] = {
#define CORE(name, title, kind, floats, soft, compilers, flags, fpu_flags, cycles, error, code_error) \
  {name, title, CpuKind::kind, CpuKind::floats, CpuKind::soft, compilers, flags, fpu_flags, cycles, error, code_error},
#include "micro/cores.def"
};

struct KernelCost {
  CpuKind kind;
  std::string_view kernel;
  double once, second, more;  // bytes of code of a call, of a second one, of each further one
  double call;                // instructions of a call, and for each unit of kKernelFeatures
  double each[std::size(kKernelFeatures)];
  int64_t stack, variables;
};

constexpr KernelCost kKernels[] = {
#define COST_CLASS(kind, flash_error, instructions_error)
#define KERNEL_COST(kind, kernel, ...) {CpuKind::kind, #kernel, __VA_ARGS__},
#include "micro/costs.def"
};

struct KindError {
  CpuKind kind;
  double flash, instructions;
};

constexpr KindError kErrors[] = {
#define COST_CLASS(kind, flash_error, instructions_error) {CpuKind::kind, flash_error, instructions_error},
#define KERNEL_COST(...)
#include "micro/costs.def"
};

constexpr double kUnknownKernel = 0.5;  // relative error of what stands for it

const KernelCost* find(CpuKind kind, std::string_view kernel) {
  for (const KernelCost& row : kKernels)
    if (row.kind == kind && row.kernel == kernel) return &row;
  return nullptr;
}

double instructions_of(const KernelCost& row, const KernelCall& c) {
  double count = row.call;
  for (size_t i = 0; i < std::size(kKernelFeatures); ++i)
    count += row.each[i] * static_cast<double>(c.*kKernelFeatures[i].value);
  return count;
}

}  // namespace

std::span<const Core> cores() { return kCores; }

const Core* find_core(std::string_view name) {
  for (const Core& core : kCores)
    if (name == core.name) return &core;
  return nullptr;
}

Estimate estimate(const Emitted& emitted, const Core& core, bool fpu) {
  Estimate e;
  double code = 0, unknown_code = 0, unknown_instructions = 0;
  std::map<std::string_view, int> seen;
  const auto add = [&](const KernelCost* row, bool known, const KernelCall& c) {
    if (!row) return;
    const int calls = ++seen[core.kind == CpuKind::avr && !c.on_avr.empty() ? c.on_avr : c.function];
    const double bytes = calls == 1 ? row->once : calls == 2 ? row->second : row->more;
    const double count = instructions_of(*row, c);
    code += bytes;
    e.instructions += count;
    e.stack_bytes = std::max(e.stack_bytes, row->stack);
    e.variable_bytes += row->variables;
    if (known) return;
    unknown_code += bytes;
    unknown_instructions += count;
  };
  add(find(core.kind, "base"), true, {});
  for (const KernelCall& c : emitted.calls) {
    const bool floats = c.function.ends_with("_f32");
    const CpuKind kind = !floats ? core.kind : fpu ? core.floats : core.soft;
    const KernelCost* row = find(kind, core.kind == CpuKind::avr && !c.on_avr.empty() ? c.on_avr : c.function);
    add(row ? row : find(kind, "any"), row != nullptr, c);
  }
  e.code_bytes = std::llround(code);
  e.flash_bytes = e.code_bytes + emitted.weights_bytes + emitted.derived_bytes;
  for (const KindError& error : kErrors) {
    if (error.kind != core.kind) continue;
    const double wrong = kUnknownKernel * unknown_code + core.code_error * code;
    e.flash_error = error.flash + wrong / std::max<double>(1, static_cast<double>(e.flash_bytes));
    e.instructions_error = error.instructions + kUnknownKernel * unknown_instructions / std::max(1.0, e.instructions);
  }
  return e;
}

}  // namespace thimble::micro
