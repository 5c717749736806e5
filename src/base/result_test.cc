#include "base/result.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace thimble {
namespace {

Result<int> half_of(int x) {
  if (x % 2) return fail(ErrorCode::usage, format("{} is odd", x), "give an even number");
  return x / 2;
}
Result<int> quarter_of(int x) {
  THIMBLE_ASSIGN(const int half, half_of(x));
  return half_of(half);
}

TEST(Result, PassesValuesAndErrors) {
  EXPECT_EQ(*quarter_of(8), 2);
  const auto bad = quarter_of(6);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().to_string(), "error: 3 is odd\n  fix give an even number");
  EXPECT_EQ(exit_code(bad.error().code), 2);
}

TEST(Result, ContextReadsOutermostFirstInJson) {
  Status s = fail(ErrorCode::bad_file, "a \"quote\"");
  s = with_context(with_context(s.error(), "tensor 3").value(), "file m.tflite");
  EXPECT_EQ(s.error().to_json(),
            R"({"code":"bad_file","message":"a \"quote\"","context":["file m.tflite","tensor 3"],"hint":""})");
}

TEST(Json, NumbersAndNesting) {
  JsonWriter w;
  w.begin_object().field("x", 0.1).field("n", 3).key("a").begin_array().value(true).null().end_array().end_object();
  EXPECT_EQ(w.text(), R"({"x":0.1,"n":3,"a":[true,null]})");
}

}  // namespace
}  // namespace thimble
