#include "report/doubts.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/units.h"

namespace thimble {
namespace {

constexpr double kFalling = 0.02;  // per epoch
constexpr double kHardly = 0.1;    // R² of a model that is hardly better than the mean
constexpr double kWide = 0.2;      // relative uncertainty of an error that is known too badly

void judge_constant(const VariantResult& v, Doubts* d) {
  if (v.regression.present()) {
    const double r2 = v.regression.r2;
    if (!(r2 <= kHardly)) return;
    (r2 <= 0 ? d->useless : d->doubtful) = true;
    d->reasons.push_back(r2 <= 0 ? "it is no better than always answering the mean of the targets (which explains 0 %)"
                                 : "it is hardly better than always answering the mean of the targets");
    return;
  }
  if (!std::isfinite(v.accuracy) || !std::isfinite(v.constant_accuracy)) return;
  const std::string share = format_percent(v.constant_accuracy);
  if (v.accuracy <= v.constant_accuracy) {
    d->useless = true;
    d->reasons.push_back(
        format("it is no better than always answering the most frequent class, which scores {}", share));
  } else if (std::isfinite(v.interval95.low) && v.interval95.low <= v.constant_accuracy) {
    d->doubtful = true;
    d->reasons.push_back(
        format("it is not clearly better than always answering the most frequent class, which scores {}", share));
  }
}

// The curve that says whether more epochs would help: of the last training of two epochs or more.
const std::vector<EpochRow>& last_curve(const VariantResult& v, const std::vector<EpochRow>& training) {
  for (size_t s = v.stages.size(); s-- > 0;)
    if (v.stages[s].size() > 1) return v.stages[s];
  return training;
}

void judge_training(const VariantResult& v, const std::vector<EpochRow>& training, Doubts* d) {
  if (v.accuracy >= 0.995 || v.regression.r2 >= 0.9995) return;  // little is left to win
  const auto& curve = last_curve(v, training);
  if (curve.size() == 1 && v.stages.empty()) {
    d->unfinished = true;
    d->reasons.emplace_back("it was trained for a single epoch (train longer: train.epochs)");
    return;
  }
  const double fall = fall_per_epoch(curve);
  if (!(fall > kFalling)) return;
  d->unfinished = true;
  d->reasons.push_back(format(
      "its loss was still falling, by {} per epoch, when the training ended after {} epochs (train longer: {})",
      format_percent(fall, 0), curve.size(), &curve == &training ? "train.epochs" : "the epochs of the variant"));
}

void judge_samples(const VariantResult& v, double allow, Doubts* d) {
  const int64_t n = v.test_samples;
  if (n <= 0) return;
  if (std::isfinite(v.accuracy)) {
    const double unsure = accuracy_uncertainty(v.accuracy, n) * 100;
    if (unsure <= std::max(3 * allow, 1.0)) return;
    d->few = true;
    d->reasons.push_back(
        format("with {} test samples its accuracy is known to ± {:.2g} points only, the rest is chance",
               format_count(n), unsure));
  } else if (v.regression.present()) {
    double spread = std::sqrt(2.0);  // of squared normal errors, as a share of their mean
    if (!v.per_seed.empty() && v.per_seed[0].outcomes.squares.size() > 1) {
      const auto& squares = v.per_seed[0].outcomes.squares;
      const std::vector<double> wide(squares.begin(), squares.end());
      if (const double mean = mean_of(wide); mean > 0) spread = stddev_of(wide) / mean;
    }
    const double unsure = 1.96 * 0.5 * spread / std::sqrt(static_cast<double>(n));
    if (unsure <= kWide) return;
    d->few = true;
    d->reasons.push_back(
        format("with {} test samples its error is known to ± {} only", format_count(n), format_percent(unsure, 0)));
  }
}

}  // namespace

double accuracy_uncertainty(double p, int64_t n) {
  if (n <= 0) return 1;
  const Interval i = wilson95(std::llround(p * static_cast<double>(n)), n);
  return (i.high - i.low) / 2;
}

double fall_per_epoch(const std::vector<EpochRow>& epochs) {
  const bool validated = !epochs.empty() && std::all_of(epochs.begin(), epochs.end(),
                                                        [](const EpochRow& e) { return std::isfinite(e.val_loss); });
  const size_t window = std::min(epochs.size(), std::max<size_t>(3, epochs.size() / 5));
  if (window < 2) return kAbsent;
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (size_t k = 0; k < window; ++k) {
    const EpochRow& e = epochs[epochs.size() - window + k];
    const double loss = validated ? e.val_loss : e.loss;
    if (!(loss > 0)) return 0;  // a loss that may be negative, or none at all
    const double x = static_cast<double>(k), y = std::log(loss);
    sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const auto n = static_cast<double>(window);
  return 1 - std::exp((n * sxy - sx * sy) / (n * sxx - sx * sx));
}

Doubts doubts_about(const VariantResult& v, const std::vector<EpochRow>& training, double allow) {
  Doubts d;
  judge_constant(v, &d);
  judge_training(v, training, &d);
  judge_samples(v, allow, &d);
  return d;
}

}  // namespace thimble
