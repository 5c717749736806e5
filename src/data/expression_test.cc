#include "data/expression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace thimble {
namespace {

double at(const std::string& text, double x = 0, double y = 0) {
  const auto e = Expression::parse(text);
  EXPECT_TRUE(e) << text << ": " << (e ? "" : e.error().to_string());
  return e ? (*e)(x, y) : std::nan("");
}

std::string message(const std::string& text) {
  const auto e = Expression::parse(text);
  EXPECT_FALSE(e) << text;
  return e ? "" : e.error().message + " | " + e.error().hint;
}

TEST(Expression, PrecedenceAndSigns) {
  EXPECT_EQ(at("1 + 2*3"), 7);
  EXPECT_EQ(at("(1+2)*3"), 9);
  EXPECT_EQ(at("8/4/2"), 1);
  EXPECT_EQ(at("8 - 4 - 2"), 2);
  EXPECT_EQ(at("2^3^2"), 512);
  EXPECT_EQ(at("2**3"), 8);
  EXPECT_EQ(at("2 ** 3 * 2"), 16);
  EXPECT_EQ(at("-x^2", 3), -9);
  EXPECT_EQ(at("(-x)^2", 3), 9);
  EXPECT_EQ(at("2^-1"), 0.5);
  EXPECT_EQ(at("- - + -x", 5), -5);
  EXPECT_EQ(at("x*-y", 2, 3), -6);
  EXPECT_EQ(at("1e-3 + .5"), 0.501);
  EXPECT_EQ(at("\t x\t-  y ", 7, 4), 3);
}

TEST(Expression, FunctionsAndConstants) {
  EXPECT_DOUBLE_EQ(at("sin(3*x)*cos(2*y)", 0.3, -0.7), std::sin(0.9) * std::cos(-1.4));
  EXPECT_DOUBLE_EQ(at("exp(-(x^2+y^2))", 0.5, 0.25), std::exp(-0.3125));
  EXPECT_DOUBLE_EQ(at("atan2(y, x) + hypot(x,y)", 3, 4), std::atan2(4.0, 3.0) + 5);
  EXPECT_DOUBLE_EQ(at("log(e) + ln(e) + cos(pi)"), 1);
  EXPECT_EQ(at("max(min(x, 1), -1)", 5), 1);
  EXPECT_EQ(at("step(x) + 10*step(y) + sign(x)", 0, -1), 1);
  EXPECT_EQ(at("mod(7, 4) + round(2.5) + floor(-0.5) + ceil(0.5) + abs(-3)"), 3 + 3 - 1 + 1 + 3);
  EXPECT_TRUE(std::isinf(at("1/0")));
  EXPECT_TRUE(std::isnan(at("log(-1)")));
  for (const std::string& f : expression_functions())
    EXPECT_TRUE(Expression::parse(f + "(x)") || Expression::parse(f + "(x,y)")) << f;
}

TEST(Expression, ErrorsNameTheColumn) {
  EXPECT_NE(message("sin(x").find("column 4: this ( is never closed"), std::string::npos);
  EXPECT_NE(message("x)").find("column 2: a ) that nothing opened"), std::string::npos);
  EXPECT_NE(message("2x").find("column 2: an operator is missing"), std::string::npos);
  EXPECT_NE(message("(2 x)").find("column 4: an operator or ) is missing"), std::string::npos);
  EXPECT_NE(message("x + sine(y)").find("column 5: nothing is called \"sine\" | did you mean 'sin'"),
            std::string::npos);
  EXPECT_NE(message("x + z").find("column 5: nothing is called \"z\""), std::string::npos);
  EXPECT_NE(message("sin x").find("column 5: sin needs its argument in brackets"), std::string::npos);
  EXPECT_NE(message("sin(x, y)").find("column 6: sin takes 1 value"), std::string::npos);
  EXPECT_NE(message("max(x)").find("column 6: max takes 2 values, 1 found"), std::string::npos);
  EXPECT_NE(message("x +").find("column 4: the formula ends too early"), std::string::npos);
  EXPECT_NE(message("x * / y").find("column 5: a number, x, y, a function or ( is expected"), std::string::npos);
  EXPECT_NE(message("x $ y").find("column 3: '$' is not understood"), std::string::npos);
  EXPECT_NE(message("").find("the formula is empty"), std::string::npos);
  EXPECT_NE(message("(x, y)").find("column 3: one value is expected"), std::string::npos);
  EXPECT_NE(message("1e999").find("a number is expected"), std::string::npos);
  EXPECT_NE(message(std::string("x\n+y\x01", 5)).find("'byte 10'"), std::string::npos);
}

TEST(Expression, HostileTextIsBounded) {
  EXPECT_NE(message(std::string(1001, '1')).find("1001 characters"), std::string::npos);
  EXPECT_NE(message(std::string(500, '(') + "x" + std::string(499, ')')).find("levels of brackets"), std::string::npos);
  std::string tower = "2", functions = "x";
  for (int i = 0; i < 300; ++i) tower += "^2";
  for (int i = 0; i < 90; ++i) functions = "sin(" + functions + ")";
  EXPECT_NE(message(tower).find("levels"), std::string::npos);
  EXPECT_NE(message(functions).find("levels"), std::string::npos);
  EXPECT_EQ(at(std::string(900, '-') + "1"), 1);  // signs do not nest
  std::string wide = "x";
  for (int i = 0; i < 499; ++i) wide += "+x";
  EXPECT_EQ(at(wide, 1), 500);
  std::string waiting;  // three values wait on each level
  for (int i = 0; i < 20; ++i) waiting += "1+2*3^(";
  EXPECT_GT(at(waiting + "x" + std::string(20, ')'), 0), 1e6);
}

// Text from an alphabet of the grammar's own pieces: either refused, or a formula that evaluates.
TEST(Expression, RandomTextNeverTraps) {
  static constexpr const char* pieces[] = {"x",  "y", "pi",   "e", "sin(", "max(", ")",     "(", "+",
                                           "-",  "*", "/",    "^", "**",   ",",    "1",     ".", "e",
                                           "5e", " ", "\xc3", "0", "z",    "cos",  "hypot("};
  Random random(5);
  int good = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    const uint64_t length = 1 + random.below(12);
    for (uint64_t k = 0; k < length; ++k) text += pieces[random.below(std::size(pieces))];
    if (const auto e = Expression::parse(text)) {
      ++good;
      (void)(*e)(0.5, -0.25);
    }
  }
  EXPECT_GT(good, 300);
}

}  // namespace
}  // namespace thimble
