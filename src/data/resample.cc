#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace thimble {
namespace {

constexpr double kCrossings = 32, kBeta = 9, kPassed = 0.95;
constexpr int64_t kMostPrepared = int64_t{1} << 20;  // weights

// The modified Bessel function of order 0, by its power series.
double bessel0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < 60 && term > 1e-18 * sum; ++k) {
    term *= (x / 2 / k) * (x / 2 / k);
    sum += term;
  }
  return sum;
}

}  // namespace

Resampler::Resampler(int64_t from, int64_t to) : from_(from), to_(to) {
  const int64_t common = std::gcd(from, to);
  step_ = from / common;
  phases_ = to / common;
  scale_ = kPassed * std::min(1.0, static_cast<double>(to) / static_cast<double>(from));
  reach_ = static_cast<int64_t>(std::ceil(kCrossings / scale_));
  if (phases_ * 2 * reach_ > kMostPrepared) return;
  prepared_.resize(static_cast<size_t>(phases_));
  for (int64_t p = 0; p < phases_; ++p) weights(p, &prepared_[static_cast<size_t>(p)]);
}

// Of the source's samples from reach_ − 1 before to reach_ after a place that lies phase / phases_ behind a sample.
void Resampler::weights(int64_t phase, std::vector<double>* out) const {
  out->resize(static_cast<size_t>(2 * reach_));
  const double place = static_cast<double>(phase) / static_cast<double>(phases_), edge = kCrossings / scale_;
  double sum = 0;
  for (int64_t k = 0; k < 2 * reach_; ++k) {
    const double x = static_cast<double>(k - reach_ + 1) - place, u = x / edge;
    double w = 0;
    if (std::abs(u) < 1) {
      const double angle = std::numbers::pi * scale_ * x;
      w = (std::abs(angle) < 1e-9 ? 1 : std::sin(angle) / angle) * bessel0(kBeta * std::sqrt(1 - u * u));
    }
    (*out)[static_cast<size_t>(k)] = w;
    sum += w;
  }
  for (double& w : *out) w /= sum;
}

std::vector<float> Resampler::run(std::span<const float> sound, int64_t count) const {
  const auto n = static_cast<int64_t>(sound.size());
  count = std::min(count, (n * phases_ + step_ - 1) / step_);
  if (step_ == phases_) return {sound.begin(), sound.begin() + count};
  std::vector<float> out(static_cast<size_t>(std::max<int64_t>(count, 0)));
  std::vector<double> made;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t base = i * step_ / phases_, phase = i * step_ % phases_;
    if (prepared_.empty()) weights(phase, &made);
    const std::vector<double>& w = prepared_.empty() ? made : prepared_[static_cast<size_t>(phase)];
    const int64_t first = base - reach_ + 1;
    double sum = 0;
    for (int64_t k = std::max<int64_t>(0, -first), end = std::min(2 * reach_, n - first); k < end; ++k)
      sum += w[static_cast<size_t>(k)] * static_cast<double>(sound[static_cast<size_t>(first + k)]);
    out[static_cast<size_t>(i)] = static_cast<float>(sum);
  }
  return out;
}

}  // namespace thimble
