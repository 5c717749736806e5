// Formulas of two variables as text, "sin(3*x) * cos(2*y)": read once into a flat program, then evaluated many times.
//
//   sum      = product { ("+" | "-") product }
//   product  = sign { ("*" | "/") sign }
//   sign     = { "+" | "-" } power
//   power    = atom [ ("^" | "**") sign ]            to the right: 2^3^2 = 2^9; -x^2 = -(x^2)
//   atom     = number | variable | constant | function "(" sum { "," sum } ")" | "(" sum ")"
//
// Variables x, y; constants pi, e; functions: see expression_functions(). The text comes from recipes and command
// lines, so it is bounded: 1,000 characters, 64 levels of nesting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

class Expression {
 public:
  // Errors: usage, with the column (from 1) and, for a name that nothing has, the nearest one.
  static Result<Expression> parse(std::string_view text);
  // May be infinite or NaN where the formula is (1/0, log of a negative number).
  double operator()(double x, double y) const;

 private:
  friend class ExpressionParser;
  enum class Code : uint8_t { number, x, y, negate, add, subtract, multiply, divide, power, unary, binary };
  struct Step {
    Code code;
    uint8_t function = 0;  // of unary, binary: place in the table of functions
    double number = 0;
  };
  std::vector<Step> steps_;  // postfix
};

// "sin", "atan2" … in the order of the documentation.
std::vector<std::string> expression_functions();

}  // namespace thimble
