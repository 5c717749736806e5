#include "report/significance.h"

#include <algorithm>
#include <cmath>

#include "measure/paired.h"

namespace thimble {
namespace {

// Outcomes of both, seed by seed, over one number of samples.
bool paired(const VariantResult& a, const VariantResult& b, bool classes) {
  if (a.per_seed.empty() || a.per_seed.size() != b.per_seed.size()) return false;
  for (size_t s = 0; s < a.per_seed.size(); ++s) {
    const Outcomes &x = a.per_seed[s].outcomes, &y = b.per_seed[s].outcomes;
    if (x.n == 0 || x.n != y.n || x.n != a.per_seed[0].outcomes.n) return false;
    if (classes ? x.right.empty() || y.right.empty() : x.squares.empty() || y.squares.empty()) return false;
  }
  return true;
}

// Mean over the seeds of what a has more than b on each sample (numbers: of how much smaller its squared error is).
std::vector<double> differences(const VariantResult& a, const VariantResult& b, bool classes) {
  std::vector<double> d(static_cast<size_t>(a.per_seed[0].outcomes.n));
  for (size_t s = 0; s < a.per_seed.size(); ++s) {
    const Outcomes &x = a.per_seed[s].outcomes, &y = b.per_seed[s].outcomes;
    for (size_t i = 0; i < d.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      d[i] += classes ? static_cast<double>(x.correct(at)) - static_cast<double>(y.correct(at))
                      : static_cast<double>(y.squares[i]) - static_cast<double>(x.squares[i]);
    }
  }
  return d;
}

double mcnemar(const Outcomes& a, const Outcomes& b) {
  int64_t only_a = 0, only_b = 0;
  for (int64_t i = 0; i < a.n; ++i) {
    only_a += a.correct(i) && !b.correct(i);
    only_b += b.correct(i) && !a.correct(i);
  }
  return mcnemar_p(only_a, only_b);
}

double two_proportions(const VariantResult& a, const VariantResult& b) {
  const auto n = static_cast<double>(a.test_samples), m = static_cast<double>(b.test_samples);
  if (!(n > 0) || !(m > 0)) return a.accuracy == b.accuracy ? 1 : 0;
  const double pooled = (a.accuracy * n + b.accuracy * m) / (n + m);
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return error > 0 ? std::erfc(std::fabs(a.accuracy - b.accuracy) / error / std::sqrt(2.0)) : 1;
}

double spread_us(const VariantResult& v) {
  const auto& trials = v.measurements.front().trial_us;
  return trials.size() > 1 ? stddev_of(trials) : 0.05 * median_us(v);
}

}  // namespace

Comparison compare(const VariantResult& a, const VariantResult& b) {
  Comparison c;
  const bool classes = std::isfinite(a.accuracy) && std::isfinite(b.accuracy);
  if (classes) {
    c.gain = a.accuracy - b.accuracy;
    if (!paired(a, b, true))
      c.p = two_proportions(a, b);
    else if (a.per_seed.size() == 1)
      c.p = mcnemar(a.per_seed[0].outcomes, b.per_seed[0].outcomes);
    else
      c.p = paired_bootstrap_p(differences(a, b, true));
    return c;
  }
  const double error = a.regression.present() ? a.regression.rmse : a.loss;
  const double other = b.regression.present() ? b.regression.rmse : b.loss;
  if (!std::isfinite(error) || !std::isfinite(other) || !(other > 0)) return c;
  c.gain = 1 - error / other;
  if (a.regression.present() && b.regression.present() && paired(a, b, false))
    c.p = paired_bootstrap_p(differences(a, b, false));
  else
    c.p = std::fabs(c.gain) > 0.05 ? 0 : 1;
  return c;
}

double median_us(const VariantResult& v) {
  const LatencySummary* latency = first_latency(v);
  return latency && latency->count > 0 ? latency->p50 : kAbsent;
}

int compare_speed(const VariantResult& a, const VariantResult& b) {
  const double x = median_us(a), y = median_us(b);
  if (!std::isfinite(x) || !std::isfinite(y)) return 0;
  const double apart = std::fabs(x - y);
  if (apart <= 0.03 * std::max(x, y) || apart <= 2 * std::hypot(spread_us(a), spread_us(b))) return 0;
  return x < y ? -1 : 1;
}

}  // namespace thimble
