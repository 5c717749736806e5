// Whether two models differ by more than chance, told from the same samples: tests in pairs see far smaller differences
// than two intervals beside each other do.
#pragma once

#include <cstdint>
#include <span>

namespace thimble {

// McNemar's test: only_a samples were answered rightly by a alone, only_b by b alone. The two-sided p of "they are
// equally good": exact binomial up to 1,000 such samples, beyond that chi-squared with continuity correction.
// 1 where both are 0. (McNemar, "Note on the sampling error of the difference between correlated proportions", 1947.)
double mcnemar_p(int64_t only_a, int64_t only_b);

// Paired bootstrap (Efron 1979): the two-sided p of "the mean of these differences is 0", from 1,000 draws with
// replacement; never below 1/1001 · 2. The same seed gives the same p. 1 without samples or where all are 0.
double paired_bootstrap_p(std::span<const double> differences, uint64_t seed = 1);

}  // namespace thimble
