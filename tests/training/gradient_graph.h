// A gradient case as a graph: operands → operator → Σ r·y, and the backward pass of that.
#pragma once

#include "gradient_cases.h"
#include "runtime/program.h"

namespace thimble::test {

// The random weights r of output `k`, element `i`, in [−1, 1).
double loss_weight(size_t k, size_t i);

// The outputs of a case by the reference kernels.
std::vector<std::vector<float>> run_forward(const GradientCase& c);

// The gradients of Σ r·y with respect to each wanted operand, by the given kernels. An empty one:
// differentiate() says that the loss does not depend on it.
Result<std::vector<std::vector<float>>> run_gradient(const GradientCase& c, const PlanOptions& options);

}  // namespace thimble::test
