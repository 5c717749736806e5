// Watches the values of one tensor over the calibration samples and says which range to represent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thimble {

enum class Calibration { minmax, percentile, mse, entropy };

struct ValueRange {
  float min = 0, max = 0;
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

// Two passes over the same values for all but minmax: the first finds the extremes, start_histogram()
// fixes the bins between them, the second counts. Min-max needs the first pass only.
class Observer {
 public:
  explicit Observer(int bins = 2048) : bins_(bins) {}
  // An observer with the same settings that has seen nothing, in the same pass.
  Observer fresh() const { return Observer(bins_); }

  void see(std::span<const float> values);
  void start_histogram();
  bool seen() const { return count_ > 0; }
  // Whether a NaN or an infinity was among the values.
  bool non_finite() const { return non_finite_; }
  ValueRange extremes() const { return {min_, max_}; }

  // minmax: the extremes. percentile: the values below which (100 − p) % and p % of all values lie.
  // mse: the clipped range with the least mean square error of 8-bit quantisation. entropy: the one whose 256 levels
  // keep most of the distribution: the least Kullback-Leibler divergence of the quantised histogram from the clipped
  // one (Migacz: "8-bit inference with TensorRT", GTC 2017, for asymmetric ranges).
  ValueRange range(Calibration calibration, double percentile) const;

 private:
  ValueRange percentile_range(double percentile) const;
  ValueRange searched_range(double (Observer::*cost)(ValueRange) const) const;
  double square_error(ValueRange range) const;
  double divergence(ValueRange range) const;
  double centre(size_t bin) const { return min_ + (static_cast<double>(bin) + 0.5) * width_; }

  int bins_;
  bool counting_ = false, non_finite_ = false;
  float min_ = 0, max_ = 0;
  int64_t count_ = 0;
  double width_ = 0;
  std::vector<int64_t> histogram_;
};

}  // namespace thimble
