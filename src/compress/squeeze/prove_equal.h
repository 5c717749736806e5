// Two models that must compute the same: run side by side, outputs compared bit for bit.
#pragma once

#include <functional>

#include "ops/check.h"

namespace thimble {

struct ProofOptions {
  // On random inputs, by turns noise and runs of equal values (of 1 to 512 elements): integers over their whole range,
  // floats in ±1, ±8 and ±0.1. Besides the outputs, what a last softmax or sigmoid reads is compared: it saturates.
  int64_t runs = 100;
  uint64_t seed = 1;
  int threads = 1;
  // Given inputs besides: per graph input `given_runs` times the tensor's bytes.
  std::vector<std::vector<uint8_t>> given;
  int64_t given_runs = 0;
  std::function<bool(int64_t done, int64_t total)> progress;  // false: stop
};

struct Proof {
  bool equal = false;
  int64_t runs = 0, reference_runs = 0;  // by the fast kernels, and by the scalar reference (the first few)
  std::string difference;                // where the first one is: output, element, both values
};

// Errors: usage (inputs or outputs of other types or shapes), interrupted, and what planning refuses.
Result<Proof> prove_equal(const Graph& before, const Graph& after, const ProofOptions& options);

}  // namespace thimble
