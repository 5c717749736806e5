// Every optimiser with every schedule: whatever the rates are, no weight becomes NaN or infinite, and no rate of 0
// changes one.
#include "train/optimizer.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "kernels/kernels.h"

namespace thimble {
namespace {

using Kind = ScheduleSpec::Kind;

std::vector<ScheduleSpec> schedules() {
  std::vector<ScheduleSpec> all;
  for (const Kind kind : {Kind::constant, Kind::exponential, Kind::piecewise, Kind::polynomial, Kind::inverse_time,
                          Kind::cosine, Kind::cosine_restarts})
    for (const double warmup : {0.0, 0.5, 2.0})
      for (const double power : {1.0, 60.0}) {
        ScheduleSpec s;
        s.kind = kind;
        s.warmup_epochs = warmup;
        s.power = power;
        s.decay_rate = power > 1 ? 1e-30 : 0.5;
        s.decay_steps = 2;
        s.boundaries = {1, 2};
        s.values = {0, 0.01, 0};
        all.push_back(s);
      }
  return all;
}

// 40 steps of 10 per epoch on 37 weights; the gradient is that of Σ (w − 1)² with noise, and 0 for the last weight.
std::vector<float> run(const OptimizerSpec& spec, const ScheduleSpec& schedule, const KernelTable& table) {
  constexpr int64_t n = 37;
  Random random(3);
  std::vector<float> w(n, 0.5f), g(n), s0(n), s1(n), s2(n);
  if (const auto start = spec.parameters.find("initial_accumulator_value"); start != spec.parameters.end())
    s0.assign(n, static_cast<float>(start->second));
  HyperParameters hyper(spec);
  for (int step = 0; step < 40; ++step) {
    for (size_t i = 0; i + 1 < g.size(); ++i) g[i] = 2 * (w[i] - 1) + 0.1f * static_cast<float>(random.normal());
    const double rate = scheduled_rate(schedule, spec.learning_rate, step, 10, 4);
    const auto p = hyper.next(rate, 0);
    const std::vector<float> before = w;
    table.update.step[static_cast<int>(spec.rule)]({n, w.data(), g.data(), s0.data(), s1.data(), s2.data(), p.data()});
    if (rate == 0 && spec.parameters.contains("momentum") && spec.parameters.at("momentum") > 0) continue;
    if (rate == 0) {
      EXPECT_EQ(w, before) << "step " << step;
    }
  }
  return w;
}

TEST(Optimizer, NoScheduleMakesAWeightInfinite) {
  for (const char* name :
       {"sgd", "rmsprop", "adam", "adamw", "adadelta", "adagrad", "adamax", "nadam", "ftrl", "lion"}) {
    OptimizerSpec spec = *make_optimizer(name);
    std::vector<OptimizerSpec> forms = {spec};
    if (spec.parameters.contains("momentum")) spec.parameters["momentum"] = 0.9;
    if (spec.parameters.contains("centered")) spec.parameters["centered"] = 1;
    if (spec.parameters.contains("amsgrad")) spec.parameters["amsgrad"] = 1;
    if (spec.parameters.contains("initial_accumulator_value")) spec.parameters["initial_accumulator_value"] = 0;
    spec.weight_decay = 0.01;
    forms.push_back(spec);
    if (spec.parameters.contains("beta")) {
      spec.parameters["beta"] = 1;
      forms.push_back(spec);
    }
    for (const OptimizerSpec& form : forms)
      for (const ScheduleSpec& schedule : schedules()) {
        SCOPED_TRACE(format("{}, schedule {}, warm-up {}, power {}", name, static_cast<int>(schedule.kind),
                            schedule.warmup_epochs, schedule.power));
        const std::vector<float> fast = run(form, schedule, kernels());
        for (const float w : fast) ASSERT_LT(std::fabs(w), 10.0f);
        EXPECT_EQ(fast, run(form, schedule, *available_kernels()[0]));
      }
  }
}

// Keras's formula multiplies all weights by the ratio of two steps' rates.
TEST(Optimizer, FtrlKeepsItsWeightsWhileTheRateChanges) {
  OptimizerSpec spec = *make_optimizer("ftrl");
  spec.learning_rate = 0.1;
  ScheduleSpec constant, cosine;
  cosine.kind = Kind::cosine;
  cosine.warmup_epochs = 1;
  for (const float w : run(spec, cosine, kernels())) EXPECT_LT(std::fabs(w), 1.5f);
  EXPECT_NEAR(run(spec, cosine, kernels())[0], run(spec, constant, kernels())[0], 0.35);
  EXPECT_GT(run(spec, cosine, kernels())[0], 0.3f);
  // After a first step of rate 0, and with next to no rate, the weights are still those of the beginning.
  spec.learning_rate = 1e-6;
  for (const float w : run(spec, cosine, kernels())) EXPECT_NEAR(w, 0.5f, 1e-3);
}

}  // namespace
}  // namespace thimble
