#include "measure/paired.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace thimble {

double mcnemar_p(int64_t only_a, int64_t only_b) {
  const int64_t n = only_a + only_b, few = std::min(only_a, only_b);
  if (n <= 0) return 1;
  if (n > 1000) {
    const double away = static_cast<double>(std::llabs(only_a - only_b)) - 1;
    return std::erfc(std::sqrt(std::max(away, 0.0) * std::max(away, 0.0) / static_cast<double>(n) / 2));
  }
  double tail = 0;
  const double all = std::lgamma(static_cast<double>(n) + 1) - static_cast<double>(n) * std::log(2.0);
  for (int64_t k = 0; k <= few; ++k)
    tail += std::exp(all - std::lgamma(static_cast<double>(k) + 1) - std::lgamma(static_cast<double>(n - k) + 1));
  return std::min(1.0, 2 * tail);
}

double paired_bootstrap_p(std::span<const double> differences, uint64_t seed) {
  constexpr int kDraws = 1000;
  const size_t n = differences.size();
  if (n == 0 || std::all_of(differences.begin(), differences.end(), [](double d) { return d == 0; })) return 1;
  int below = 0, above = 0;
  uint64_t counter = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    double sum = 0;
    for (size_t i = 0; i < n; i += 2) {  // two indices of 32 bits out of each random number
      const uint64_t bits = random_bits(seed, 0x70616972, counter++);
      sum += differences[static_cast<size_t>(((bits & 0xffffffffu) * n) >> 32)];
      if (i + 1 < n) sum += differences[static_cast<size_t>(((bits >> 32) * n) >> 32)];
    }
    below += sum <= 0;
    above += sum >= 0;
  }
  return std::min(1.0, 2.0 * (std::min(below, above) + 1) / (kDraws + 1));
}

}  // namespace thimble
