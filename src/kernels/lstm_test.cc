// Contract of the LSTM cell: forward against double, backward against the derivative of the double
// forward (central differences), same bits on every instruction set.
#include "kernels/lstm.h"

#include "kernels/f32_test_util.h"

namespace thimble {
namespace {

using namespace f32_test;

class Lstm : public TableTest {};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct State {
  double c, h;
};
State step(double i, double f, double g, double o, double c_prev) {
  const double c = sigmoid(f) * c_prev + sigmoid(i) * std::tanh(g);
  return {c, sigmoid(o) * std::tanh(c)};
}

TEST_P(Lstm, ForwardAndBackward) {
  for (int64_t units = 1; units <= 40; ++units) {
    const int64_t rows = pick(random, 1, 4), ldh = units + pick(random, 0, 2);
    const std::vector<float> before = normal_values(random, rows * 4 * units),
                             c_prev = normal_values(random, rows * units);
    std::vector<float> gates = before, c(c_prev.size()), tanh_c(c_prev.size()), h(static_cast<size_t>(rows * ldh));
    LstmCellArgs a;
    a.rows = rows, a.units = units, a.gates = gates.data(), a.c_prev = c_prev.data(), a.c = c.data();
    a.tanh_c = tanh_c.data(), a.h = h.data(), a.ldh = ldh;
    table().lstm.cell_f32(a);

    const std::vector<float> dh = normal_values(random, rows * units), dc = normal_values(random, rows * units);
    std::vector<float> dc_prev = dc, dgates(gates.size());
    LstmCellGradArgs b;
    b.rows = rows, b.units = units, b.gates = gates.data(), b.c_prev = c_prev.data(), b.tanh_c = tanh_c.data();
    b.dh = dh.data(), b.dc = dc_prev.data(), b.dgates = dgates.data();
    table().lstm.cell_grad_f32(b);

    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t u = 0; u < units; ++u) {
        const size_t at = static_cast<size_t>(row * units + u);
        double in[5];
        for (int gate = 0; gate < 4; ++gate) in[gate] = before[static_cast<size_t>((row * 4 + gate) * units + u)];
        in[4] = c_prev[at];
        const State expected = step(in[0], in[1], in[2], in[3], in[4]);
        ASSERT_NEAR(c[at], expected.c, 1e-6 * (1 + std::abs(expected.c)));
        ASSERT_NEAR(tanh_c[at], std::tanh(expected.c), 1e-6);
        ASSERT_NEAR(h[static_cast<size_t>(row * ldh + u)], expected.h, 1e-6);
        for (int input = 0; input < 5; ++input) {
          const double eps = 1e-5;
          double more[5], less[5];
          for (int k = 0; k < 5; ++k) more[k] = less[k] = in[k];
          more[input] += eps, less[input] -= eps;
          const State up = step(more[0], more[1], more[2], more[3], more[4]);
          const State down = step(less[0], less[1], less[2], less[3], less[4]);
          const double slope = (dh[at] * (up.h - down.h) + dc[at] * (up.c - down.c)) / (2 * eps);
          const float got = input < 4 ? dgates[static_cast<size_t>((row * 4 + input) * units + u)] : dc_prev[at];
          ASSERT_NEAR(got, slope, 2e-6 * (1 + std::abs(slope))) << "input " << input;
        }
      }
    }
    std::vector<float> scalar_gates = before, scalar_c = c_prev, scalar_h(h.size());
    a.gates = scalar_gates.data(), a.c_prev = scalar_c.data(), a.c = scalar_c.data(), a.tanh_c = nullptr;  // in place
    a.h = scalar_h.data();
    available_kernels()[0]->lstm.cell_f32(a);
    EXPECT_EQ(first_difference(gates, scalar_gates), -1);
    EXPECT_EQ(first_difference(c, scalar_c), -1);
    EXPECT_EQ(first_difference(h, scalar_h), -1);
  }
}

TEST_P(Lstm, CellClip) {
  std::vector<float> gates = {50, 50, 50, 50}, c_prev = {100}, c(1), h(1);
  LstmCellArgs a;
  a.rows = 1, a.units = 1, a.gates = gates.data(), a.c_prev = c_prev.data(), a.c = c.data(), a.h = h.data(), a.ldh = 1;
  a.cell_clip = 10;
  table().lstm.cell_f32(a);
  EXPECT_EQ(c[0], 10.0f);
  c_prev[0] = -100;
  gates = {50, 50, 50, 50};
  table().lstm.cell_f32(a);
  EXPECT_EQ(c[0], -10.0f);
}

THIMBLE_EVERY_TABLE(Lstm);

}  // namespace
}  // namespace thimble
