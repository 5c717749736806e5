// Surfaces z = f(x, y) to learn (regression): samples drawn with a seed, nothing read from disk.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace thimble {

struct Surface {
  const char* name;
  const char* formula;  // for people
  double low, high;     // x and y are drawn from low … high, uniformly
  double (*value)(double x, double y);
};
const std::vector<Surface>& surfaces();

// n samples with inputs x, y and target z. Errors: usage for an unknown name (listing those known) or n < 1.
Result<Samples> sample_surface(std::string_view name, int64_t n, uint64_t seed);

}  // namespace thimble
