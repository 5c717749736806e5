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

TEST(Result, WordsLongerThanAnyPathLoseTheirMiddle) {
  const std::string name = "b" + std::string(1'000'000, 'x') + "e", path(500, 'p');
  const Error error(ErrorCode::bad_file, "\"" + name + "\" is damaged", {path}, {});
  for (const std::string& text : {error.to_string(), error.to_json()}) {
    EXPECT_LT(text.size(), 1200u);
    EXPECT_NE(text.find("bxxx"), std::string::npos);
    EXPECT_NE(text.find("xxe"), std::string::npos);
    EXPECT_NE(text.find("(1000004 bytes)"), std::string::npos) << text;
    EXPECT_NE(text.find(" is damaged"), std::string::npos);
    EXPECT_NE(text.find(path), std::string::npos);
  }
  std::string umlauts = "x";  // two bytes each, cut between two of them
  for (int i = 0; i < 1000; ++i) umlauts += "ä";
  const std::string text = Error(ErrorCode::bad_file, umlauts, {}, {}).to_string();
  EXPECT_NE(text.find("ä…(2001 bytes)…ä"), std::string::npos) << text;
}

TEST(Json, NumbersAndNesting) {
  JsonWriter w;
  w.begin_object().field("x", 0.1).field("n", 3).key("a").begin_array().value(true).null().end_array().end_object();
  EXPECT_EQ(w.text(), R"({"x":0.1,"n":3,"a":[true,null]})");
}

}  // namespace
}  // namespace thimble
