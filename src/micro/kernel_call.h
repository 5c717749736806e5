// A call of a kernel in the generated code, and the work that it does: what estimates of time and size start from.
#pragma once

#include <string>

#include "ops/check.h"

namespace thimble::micro {

struct KernelCall {
  NodeId node = 0;
  std::string function;  // thimble_conv2d_s8
  std::string on_avr;    // another there, with a multiplier; empty: the same
  int64_t outputs = 0;   // elements that it writes
  int64_t inputs = 0;    // elements of its first operand
  int64_t macs = 0;      // multiply-accumulates
  int64_t reads = 0;     // input values looked at: by a layer, for all channels of an output at once; by a pool
  int64_t rows = 0;      // rows of windows over all output pixels
  int64_t tail = 0;      // multiply-accumulates that no group of four along a window takes
  int64_t unpacked = 0;  // weights that are brought from another form (micro/weight_forms.h)
};

// Every feature with its name: for (const KernelFeature& f : kKernelFeatures) call.*f.value.
struct KernelFeature {
  const char* name;
  int64_t KernelCall::*value;
};
inline constexpr KernelFeature kKernelFeatures[] = {
    {"outputs", &KernelCall::outputs},   {"inputs", &KernelCall::inputs}, {"macs", &KernelCall::macs},
    {"reads", &KernelCall::reads},       {"rows", &KernelCall::rows},     {"tail", &KernelCall::tail},
    {"unpacked", &KernelCall::unpacked},
};

KernelCall kernel_call(const Checked& checked, NodeId node, std::string_view function);

}  // namespace thimble::micro
