#include "data/csv.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

Result<Samples> samples(std::string_view text, const CsvOptions& options = {}) {
  auto table = parse_csv(text);
  if (!table) return tl::unexpected<Error>(table.error());
  return table_samples(*table, options, "csv:made");
}

TEST(Csv, RegressionByDefaultForNumbers) {
  auto s = samples("x,y,z\n1,2,3.5\n-4e-1, +5 ,6\n");
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->sample_shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(s->floats, (std::vector<float>{1, 2, -0.4f, 5}));
  EXPECT_EQ(s->targets, (std::vector<float>{3.5f, 6}));
  EXPECT_EQ(s->column_names, (std::vector<std::string>{"x", "y"}));
}

TEST(Csv, ClassesFromTextAndWholeNumbers) {
  auto text = samples("a,kind\r\n1,\"dog, big\"\r\n2,cat\r\n3,\"dog, big\"\r\n\r\n");
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(text->label_names, (std::vector<std::string>{"cat", "dog, big"}));
  EXPECT_EQ(text->labels, (std::vector<int32_t>{1, 0, 1}));
  auto whole = samples("a,kind\n1,10\n2,9\n3,-1\n");
  EXPECT_EQ(whole->label_names, (std::vector<std::string>{"-1", "9", "10"}));
  CsvOptions regression;
  regression.classification = false;
  EXPECT_EQ(samples("a,kind\n1,10\n2,9\n", regression)->targets, (std::vector<float>{10, 9}));
  CsvOptions classes;
  classes.classification = true;
  EXPECT_EQ(samples("a,kind\n1,0.5\n2,1.5\n", classes)->classes, 2);
}

TEST(Csv, ChosenColumns) {
  CsvOptions options;
  options.inputs = {"c", "a"};
  options.target = "b";
  auto s = samples("a;b;c\n1;0.5;3\n4;1.5;6\n", options);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->floats, (std::vector<float>{3, 1, 6, 4}));
  options.target = "d";
  auto unknown = samples("a;b;c\n1;0.5;3\n", options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::usage);
  EXPECT_NE(unknown.error().hint.find("a, b, c"), std::string::npos);
}

TEST(Csv, QuotesAndMarks) {
  auto t = parse_csv("\xef\xbb\xbf\"a\"\"b\",c\n\"1\n2\",x\n3,y");
  ASSERT_TRUE(t) << t.error().to_string();
  EXPECT_EQ(t->columns, (std::vector<std::string>{"a\"b", "c"}));
  EXPECT_EQ(t->rows[0][0], "1\n2");
  EXPECT_EQ(t->lines, (std::vector<int64_t>{2, 4}));
}

TEST(Csv, ErrorsNameLineAndColumn) {
  const auto message = [](std::string_view text) {
    auto s = samples(text);
    return s ? std::string("no error") : s.error().message;
  };
  EXPECT_NE(message("x,z\n1,2.5\nabc,3\n").find("line 3, column \"x\": \"abc\" is not a number"), std::string::npos);
  EXPECT_NE(message("x,z\n1,2\n,3\n").find("line 3, column \"x\": the field is empty"), std::string::npos);
  EXPECT_NE(message("x,z\nnan,3\n").find("line 2"), std::string::npos);
  EXPECT_NE(message("x,z\n1e300,3\n").find("line 2"), std::string::npos);
  EXPECT_NE(message("x,z\n1,2\n1,2,3\n").find("line 3 has 3 fields, the header has 2"), std::string::npos);
  EXPECT_NE(message("x,z\n1,\"2\n").find("line 2, field 2: the quote"), std::string::npos);
  EXPECT_NE(message("x,z\n\"1\"a,2\n").find("text follows"), std::string::npos);
  EXPECT_NE(message("1,2\n3,4\n").find("header line"), std::string::npos);
  EXPECT_NE(message("").find("empty"), std::string::npos);
  EXPECT_NE(message("x,z\n").find("no row"), std::string::npos);
  EXPECT_NE(message("x\n1\n").find("one column"), std::string::npos);
}

}  // namespace
}  // namespace thimble
