// What exported C takes on a processor, without compiling or running it: bytes of code, stack and instructions from the
// kernels that it calls and what these were measured to take (costs.def, made by tests/micro/fit_costs.py).
#pragma once

#include <span>

#include "micro/emit.h"

namespace thimble::micro {

// What compilers make of the same C differs between these.
enum class CpuKind { thumb1, thumb2, dsp, mve, rv32, avr };

struct Core {
  const char* name;   // "cortex-m4"
  const char* title;  // "Cortex-M4F"
  CpuKind kind;
  CpuKind floats, soft;   // whose float kernels hold with a floating-point unit, and without
  const char* compilers;  // names, by spaces, the best first
  const char* flags;
  const char* fpu_flags;
  double cycles;        // per instruction
  double cycles_error;  // relative
  double code_error;    // further relative error of code_bytes: costs are another processor's

  bool can_have_fpu() const { return floats != soft; }
};

// In the order of cores.def.
std::span<const Core> cores();
// Null when there is none of this name.
const Core* find_core(std::string_view name);

struct Estimate {
  int64_t code_bytes = 0;   // with the structs that kernels are told their shapes by
  int64_t flash_bytes = 0;  // code, weights, derived constants
  int64_t stack_bytes = 0;
  int64_t variable_bytes = 0;  // of RAM beside the arena: constants that AVR copies there
  double instructions = 0;     // per run
  // Relative, what four of five models have that the table was not made from; larger by what stands for kernels that
  // are not in it.
  double flash_error = 0, instructions_error = 0;
};

// Constants are exact, the rest is the table's. `fpu`: the core has its floating-point unit.
Estimate estimate(const Emitted& emitted, const Core& core, bool fpu);

}  // namespace thimble::micro
