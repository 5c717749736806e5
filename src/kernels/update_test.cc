// Contract of the optimiser steps: three steps of every rule against Keras' formulas in double, same
// bits on every instruction set and for every split of the run.
#include "kernels/update.h"

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

class Update : public TableTest {};

// One element's state in double, and the rule written from keras/src/optimizers.
struct Element {
  double w, s0, s1, s2;
};

void expected_step(UpdateRule rule, const float* p, Element& e, double g) {
  const double lr = p[0];
  e.w -= p[15] * e.w;
  switch (rule) {
    case UpdateRule::sgd:
      if (p[1] == 0) {
        e.w -= lr * g;
      } else {
        e.s0 = p[1] * e.s0 - lr * g;
        e.w += p[2] != 0 ? p[1] * e.s0 - lr * g : e.s0;
      }
      return;
    case UpdateRule::rmsprop: {
      e.s0 = p[1] * e.s0 + (1.0 - p[1]) * g * g;
      double root = e.s0 + p[3];
      if (p[4] != 0) {
        e.s2 = p[1] * e.s2 + (1.0 - p[1]) * g;
        root = std::max(e.s0 - e.s2 * e.s2, 0.0) + p[3];
      }
      const double increment = lr * g / std::sqrt(root);
      if (p[2] > 0) {
        e.s1 = p[2] * e.s1 + increment;
        e.w -= e.s1;
      } else {
        e.w -= increment;
      }
      return;
    }
    case UpdateRule::adam:
      e.s0 += (g - e.s0) * p[1];
      e.s1 += (g * g - e.s1) * p[2];
      e.w -= e.s0 * lr / (std::sqrt(e.s1) + p[3]);
      return;
    case UpdateRule::adadelta: {
      e.s0 = p[1] * e.s0 + (1.0 - p[1]) * g * g;
      const double delta = -std::sqrt(e.s1 + p[2]) * g / std::sqrt(e.s0 + p[2]);
      e.s1 = p[1] * e.s1 + (1.0 - p[1]) * delta * delta;
      e.w += lr * delta;
      return;
    }
    case UpdateRule::adagrad:
      e.s0 += g * g;
      e.w -= lr * g / std::sqrt(e.s0 + p[1]);
      return;
    case UpdateRule::adamax:
      e.s0 += (g - e.s0) * (1.0 - p[1]);
      e.s1 = std::max(p[2] * e.s1, std::abs(g));
      e.w -= lr * e.s0 / (e.s1 + p[3]);
      return;
    case UpdateRule::nadam: {
      e.s0 += (g - e.s0) * (1.0 - p[1]);
      e.s1 += (g * g - e.s1) * (1.0 - p[2]);
      const double m_hat = p[5] * e.s0 / (1.0 - p[7]) + (1.0 - p[4]) * g / (1.0 - p[6]);
      e.w -= m_hat * lr / (std::sqrt(e.s1 / p[8]) + p[3]);
      return;
    }
    case UpdateRule::ftrl: {
      if (lr == 0) return;
      const double acc = e.s0 + g * g, exponent = -p[1], before = p[5] != 0 ? p[5] : lr;
      e.s1 += g + 2.0 * p[4] * e.w - (std::pow(acc, exponent) / lr - std::pow(e.s0, exponent) / before + p[6]) * e.w;
      const double clipped = std::max(-double{p[2]}, std::min(double{p[2]}, e.s1));
      e.w = (clipped - e.s1) / (std::pow(acc, exponent) / lr + 2.0 * p[3]);
      e.s0 = acc;
      return;
    }
    case UpdateRule::lion: {
      const double c = e.s0 * p[1] + g * (1.0 - p[1]);
      e.w -= lr * (c > 0 ? 1 : c < 0 ? -1 : 0);
      e.s0 = e.s0 * p[2] + g * (1.0 - p[2]);
      return;
    }
    case UpdateRule::count: return;
  }
}

struct Setting {
  UpdateRule rule;
  std::vector<float> p;
  float start = 0;  // of s0
};

const Setting kSettings[] = {
    {UpdateRule::sgd, {0.01f}},
    {UpdateRule::sgd, {0.01f, 0.9f}},
    {UpdateRule::sgd, {0.01f, 0.9f, 1}},
    {UpdateRule::rmsprop, {0.001f, 0.9f, 0, 1e-7f}},
    {UpdateRule::rmsprop, {0.001f, 0.9f, 0.5f, 1e-7f}},
    {UpdateRule::rmsprop, {0.001f, 0.9f, 0.5f, 1e-3f, 1}},
    {UpdateRule::adam, {0.001f, 0.1f, 0.001f, 1e-7f}},
    {UpdateRule::adadelta, {0.001f, 0.95f, 1e-7f}},
    {UpdateRule::adagrad, {0.001f, 1e-7f}, 0.1f},
    {UpdateRule::adamax, {0.01f, 0.9f, 0.999f, 1e-7f}},
    {UpdateRule::nadam, {0.001f, 0.9f, 0.999f, 1e-7f, 0.47f, 0.48f, 0.3f, 0.144f, 0.002f}},
    {UpdateRule::ftrl, {0.01f, -0.5f, 0.02f, 0.01f, 0.1f}, 0.1f},
    {UpdateRule::ftrl, {0.01f, -0.7f, 0, 0, 0}, 0.1f},
    {UpdateRule::ftrl, {0.01f, -0.5f, 0, 0.05f, 0, 0.02f, 5}, 0.1f},
    {UpdateRule::ftrl, {0, -0.5f, 0, 0, 0}, 0.1f},
    {UpdateRule::lion, {0.001f, 0.9f, 0.99f}},
};

struct Parameters {
  std::vector<float> w, s0, s1, s2;
};

TEST_P(Update, EqualsKerasInDouble) {
  for (const Setting& setting : kSettings) {
    for (int64_t n : {1, 7, 16, 37}) {
      std::vector<float> p = setting.p;
      p.resize(16);
      if (n == 37) p[15] = 0.004f;
      const size_t size = static_cast<size_t>(n);
      Parameters run = {normal_values(random, n), std::vector<float>(size, setting.start), std::vector<float>(size),
                        std::vector<float>(size)};
      Parameters scalar = run, halves = run;
      std::vector<Element> elements;
      for (size_t i = 0; i < size; ++i) elements.push_back({run.w[i], setting.start, 0, 0});
      for (int step = 0; step < 3; ++step) {
        std::vector<float> g = normal_values(random, n);
        if (n > 1) g[1] = 0;
        const auto call = [&](const KernelTable& t, Parameters& r, int64_t begin, int64_t end) {
          UpdateArgs a;
          a.n = end - begin, a.w = r.w.data() + begin, a.g = g.data() + begin, a.p = p.data();
          a.s0 = r.s0.data() + begin, a.s1 = r.s1.data() + begin, a.s2 = r.s2.data() + begin;
          t.update.step[static_cast<int>(setting.rule)](a);
        };
        call(table(), run, 0, n);
        call(*available_kernels()[0], scalar, 0, n);
        call(table(), halves, 0, n / 2);
        call(table(), halves, n / 2, n);
        for (size_t i = 0; i < size; ++i) {
          expected_step(setting.rule, p.data(), elements[i], g[i]);
          ASSERT_NEAR(run.w[i], elements[i].w, 1e-6 * (1 + std::abs(elements[i].w)))
              << "rule " << static_cast<int>(setting.rule) << " step " << step;
        }
      }
      EXPECT_EQ(first_difference(run.w, scalar.w), -1) << static_cast<int>(setting.rule);
      EXPECT_EQ(first_difference(run.w, halves.w), -1) << static_cast<int>(setting.rule);
    }
  }
}

THIMBLE_EVERY_TABLE(Update);

}  // namespace
}  // namespace thimble
