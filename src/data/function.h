// Surfaces z = f(x, y) to learn (regression): samples drawn with a seed, nothing read from disk.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
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

// What stands behind "function:" in the name of a set: NAME or FORMULA (expression.h), and optionally a range:
//   ripple    ripple@-1..1    sin(3*x)*cos(2*y)    x*exp(-y)@-2..2,0..4     (of both, or of x and of y)
// A named surface has its own range, a formula −1 … 1.
struct SurfaceRequest {
  std::string text;
  std::function<double(double, double)> value;
  double x_low = -1, x_high = 1, y_low = -1, y_high = 1;
};
// Errors: usage, for an unknown name (listing those known), a formula with its column, a range.
Result<SurfaceRequest> read_surface(std::string_view text);

// n samples with inputs x, y and target z. Errors: those of read_surface; usage for n < 1, or where z is not finite.
Result<Samples> sample_surface(std::string_view text, int64_t n, uint64_t seed);

}  // namespace thimble
