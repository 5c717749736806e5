// Optimisers and learning rate schedules: names, defaults and the sixteen numbers that one update
// step needs (kernels/update.h), computed in double precision from the step number.
#pragma once

#include <array>

#include "train/spec.h"

namespace thimble {

// The learning rate at a step (from 0), before the optimiser sees it. Formulas are Keras's, with
// step counts derived from epochs by steps_per_epoch.
double scheduled_rate(const ScheduleSpec& schedule, double base_rate, int64_t step, int64_t steps_per_epoch,
                      int epochs);

// Walks along the steps: next() gives the parameters of step 1, 2, …. skip_to brings it to any
// step with the same bits as walking there, given the learning rate that rate_before() had.
class HyperParameters {
 public:
  explicit HyperParameters(const OptimizerSpec& spec) : spec_(spec) {}
  void skip_to(int64_t steps_done, float rate_before);
  // FTRL: of the last step that changed something; 0: there was none, infinity: only steps of rate 0.
  float rate_before() const { return rate_before_; }
  // Parameters of the next step at this learning rate; average = decay of the weight average.
  std::array<float, 16> next(double learning_rate, double average);

 private:
  void advance();
  double get(const char* key) const { return spec_.parameters.at(key); }

  OptimizerSpec spec_;
  int64_t t_ = 0;
  float rate_before_ = 0;
  double u_product_ = 1, u_now_ = 0, u_next_ = 0;  // Nadam's momentum schedule
};

}  // namespace thimble
