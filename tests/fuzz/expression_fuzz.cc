// Any text as a formula, and as what stands behind "function:" (a name or formula with a range): refused as a mistake
// of the user with a column or range named, or a function that gives the same value twice and samples whose sizes
// agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "data/expression.h"
#include "data/function.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr double kPoints[][2] = {{0, 0}, {1, -1}, {0.3, 1e300}, {-2.5, 1e-320}};
  if (const auto formula = thimble::Expression::parse(text)) {
    const auto again = thimble::Expression::parse(text);
    require(again.has_value());
    for (const auto& p : kPoints) require(same_bits((*formula)(p[0], p[1]), (*again)(p[0], p[1])));
  } else {
    require(formula.error().code == thimble::ErrorCode::usage && !formula.error().message.empty());
  }
  if (const auto samples = thimble::sample_surface(text, 8, 1))
    require(samples->check().has_value());
  else
    require(samples.error().code == thimble::ErrorCode::usage);
  return 0;
}
