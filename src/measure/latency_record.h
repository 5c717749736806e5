// Times of many runs in bounded memory. Up to 8,192 readings are kept as they are; beyond that they
// are counted in classes of 0.2 % width, so that percentiles stay within 0.1 % of the exact ones
// whatever the number of runs. The same readings give the same figures.
#pragma once

#include <cstdint>
#include <vector>

#include "measure/stats.h"

namespace thimble {

class LatencyRecord {
 public:
  static constexpr size_t kExact = 8192;

  // One reading of the clock that covered `runs` runs, in microseconds per run.
  void add(double us, int64_t runs = 1);

  bool empty() const { return readings_ == 0; }
  int64_t readings() const { return readings_; }
  int64_t runs() const { return runs_; }
  double total_us() const { return total_us_; }
  double first() const { return first_; }  // 0 where there is none
  double last() const { return last_; }

  // count is the number of runs; mean is over runs, the rest over readings. All zero for none.
  LatencySummary summary() const;
  // p in [0, 100], by the rule of percentile_of. NaN for none.
  double percentile(double p) const;
  // 95 % interval of the median from the order statistics at ½·n ± 0.98·√n (normal approximation of
  // the binomial distribution; David and Nagaraja, "Order Statistics", 7.1). NaN for none.
  Interval median95() const;

 private:
  double at_rank(double rank) const;  // rank from 0 to readings - 1

  std::vector<double> exact_;
  mutable std::vector<double> sorted_;  // of exact_, when somebody asked
  std::vector<int64_t> classes_;        // empty until exact_ is full
  int64_t readings_ = 0, runs_ = 0;
  double total_us_ = 0, mean_ = 0, squares_ = 0, min_ = 0, max_ = 0, first_ = 0, last_ = 0;
};

}  // namespace thimble
