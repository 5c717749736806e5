// One case of the gradient test: an operator, its operands and its definition in double precision.
#pragma once

#include "forward.h"

namespace thimble::test {

struct Operand {
  Shape shape;
  std::vector<float> values;      // float operands: variables of the graph
  std::vector<int32_t> integers;  // integer operands: constants, or a variable (dropout's step)
  bool wanted = true;             // the gradient with respect to it is compared
  bool constant = false;
  bool int8 = false;     // integers are stored as int8
  bool boolean = false;  // or as bool
  bool absent = false;   // an optional operand that is left out

  bool is_float() const { return !values.empty(); }
};

struct GradientCase {
  Op op{};
  std::string name;
  std::vector<Operand> operands;
  Attrs attrs;
  int outputs = 1;
  int used = 1;  // the first outputs enter the loss
  Forward forward;
  // Of the largest element of the gradient: what float32 arithmetic costs. Differences in double are
  // good to 1e-9, so everything above is the operator's.
  double tolerance = 2e-6;
  // Compare the derivative along a random direction instead of every element: for shapes large
  // enough that the fast path runs its tiles and splits its threads.
  bool large = false;
};

// Every operator that ops.def says has a gradient has at least one.
std::vector<GradientCase> gradient_cases();

// ---- operands ----
// Uniform in [lo, hi), at least 0.03 away from each multiple of 1/2, where functions have their kinks.
Operand uniform(Shape shape, float lo, float hi, uint64_t seed);
// Distinct values `gap` apart, shuffled: no two compete for being the largest by less.
Operand distinct(Shape shape, float gap, uint64_t seed);
Operand ints(std::vector<int32_t> values);
Operand ints(Shape shape, std::vector<int32_t> values);
inline Operand fixed(Operand o) {
  o.wanted = false;
  return o;
}
inline Operand constant(Operand o) {
  o.wanted = false;
  o.constant = true;
  return o;
}

void add_function_cases(std::vector<GradientCase>& cases);     // unary, binary, softmax, losses …
void add_layer_cases(std::vector<GradientCase>& cases);        // dense, convolution, pools, norm, lstm, dropout
void add_quantize_cases(std::vector<GradientCase>& cases);     // fake_quantize
void add_elementwise_cases(std::vector<GradientCase>& cases);  // pow, select, cumsum …
void add_movement_cases(std::vector<GradientCase>& cases);     // reshape … split, reductions
void add_product_cases(std::vector<GradientCase>& cases);      // batch_matmul, transpose_conv

}  // namespace thimble::test
