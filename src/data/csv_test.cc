#include "data/csv.h"

#include <gtest/gtest.h>

#include <cmath>

namespace thimble {
namespace {

using Words = std::vector<std::string>;
using Floats = std::vector<float>;

Result<Samples> samples(std::string_view text, const CsvOptions& options = {}) {
  auto table = parse_csv(text, options.format);
  if (!table) return tl::unexpected<Error>(table.error());
  return table_samples(*table, options, "csv:made");
}

std::string message(std::string_view text, const CsvOptions& options = {}) {
  auto s = samples(text, options);
  return s ? std::string("no error") : s.error().message + " | " + s.error().hint;
}

bool says(const std::vector<std::string>& notes, std::string_view text) {
  for (const std::string& note : notes)
    if (note.find(text) != std::string::npos) return true;
  return false;
}

TEST(Csv, RegressionByDefaultForNumbers) {
  auto s = samples("x,y,z\n1,2,3.5\n-4e-1, +5 ,6\n");
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->sample_shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(s->floats, (Floats{1, 2, -0.4f, 5}));
  EXPECT_EQ(s->targets, (Floats{3.5f, 6}));
  EXPECT_EQ(s->column_names, (Words{"x", "y"}));
  EXPECT_TRUE(s->notes.empty());
}

TEST(Csv, ClassesFromTextAndFewWholeNumbers) {
  auto text = samples("a,kind\r\n1,\"dog, big\"\r\n2,cat\r\n3,\"dog, big\"\r\n\r\n");
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(text->label_names, (Words{"cat", "dog, big"}));
  EXPECT_EQ(text->labels, (std::vector<int32_t>{1, 0, 1}));
  EXPECT_TRUE(text->notes.empty());
  auto whole = samples("a,kind\n1,10\n2,9\n3,-1\n");
  EXPECT_EQ(whole->label_names, (Words{"-1", "9", "10"}));
  EXPECT_TRUE(says(whole->notes, "3 different whole numbers: taken as classes; task = \"regression\""));
  auto floats = samples("a,kind\n1,0.0\n2,1.0\n3,0.0\n");
  EXPECT_EQ(floats->label_names, (Words{"0", "1"}));
  CsvOptions told;
  told.task = Task::regression;
  auto numbers = samples("a,kind\n1,10\n2,9\n", told);
  EXPECT_EQ(numbers->targets, (Floats{10, 9}));
  EXPECT_TRUE(numbers->notes.empty());
  told.task = Task::classification;
  EXPECT_EQ(samples("a,kind\n1,0.5\n2,1.5\n", told)->classes, 2);
  EXPECT_EQ(samples("a,kind\n1,1.0\n2,2\n", told)->label_names, (Words{"1", "2"}));
}

TEST(Csv, PricesWithoutDecimalsAreNumbers) {
  std::string text = "size,price\n";
  for (int i = 0; i < 21; ++i) text += std::to_string(50 + i) + "," + std::to_string(150000 + 1000 * i) + "\n";
  auto s = samples(text);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->target_width, 1);
  EXPECT_EQ(s->targets[20], 170000);
  EXPECT_TRUE(says(s->notes, "21 different whole numbers: taken as numbers (regression)"));
}

TEST(Csv, ChosenColumns) {
  CsvOptions options;
  options.inputs = {"c", "a"};
  options.target = "b";
  auto s = samples("a;b;c\n1;0.5;3\n4;1.5;6\n", options);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->floats, (Floats{3, 1, 6, 4}));
  options.target = "d";
  auto unknown = samples("a;b;c\n1;0.5;3\n", options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::usage);
  EXPECT_NE(unknown.error().hint.find("a, b, c"), std::string::npos);
  options.target = "a";
  EXPECT_NE(message("a;b;c\n1;0.5;3\n", options).find("is the target and an input"), std::string::npos);
}

TEST(Csv, QuotesAndMarks) {
  auto t = parse_csv("\xef\xbb\xbf\"a\"\"b\",c\n\"1\n2\",x\n3,y");
  ASSERT_TRUE(t) << t.error().to_string();
  EXPECT_EQ(t->columns, (Words{"a\"b", "c"}));
  EXPECT_EQ(t->rows[0][0], "1\n2");
  EXPECT_EQ(t->lines, (std::vector<int64_t>{2, 4}));
}

TEST(Csv, TextsAreOneInputPerValue) {
  auto s = samples("size,colour,price\n1,red,2.5\n2,blue,3.5\n3,red,4.5\n");
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->column_names, (Words{"size", "colour=blue", "colour=red"}));
  EXPECT_EQ(s->floats, (Floats{1, 0, 1, 2, 1, 0, 3, 0, 1}));
  EXPECT_TRUE(says(s->notes, "colour (2); 3 inputs in all"));
  CsvOptions codes;
  codes.categories = {"zip"};
  auto z = samples("zip,price\n10115,2.5\n80331,3.5\n", codes);
  ASSERT_TRUE(z);
  EXPECT_EQ(z->column_names, (Words{"zip=10115", "zip=80331"}));
  std::string many = "name,price\n";
  for (int i = 0; i < 101; ++i) many += "n" + std::to_string(i) + ",1.5\n";
  EXPECT_NE(message(many).find("column \"name\" holds more than 100 different texts"), std::string::npos);
}

TEST(Csv, MissingValues) {
  const char* text = "age,town,price\n1,a,1.5\nNA,b,2.5\n3,,3.5\n5,b,?\n";
  const std::string refused = message(text);
  EXPECT_NE(refused.find("3 fields without a value in 3 of 4 rows, the first in line 3: age 1, town 1, price 1"),
            std::string::npos)
      << refused;
  EXPECT_NE(refused.find("data.missing = \"drop\""), std::string::npos);
  CsvOptions options;
  options.missing = "drop";
  auto dropped = samples(text, options);
  ASSERT_TRUE(dropped) << dropped.error().to_string();
  EXPECT_EQ(dropped->count, 1);
  EXPECT_TRUE(says(dropped->notes, "3 of 4 rows lack a value and were left out"));
  options.missing = "-1";
  auto filled = samples(text, options);
  ASSERT_TRUE(filled) << filled.error().to_string();
  EXPECT_EQ(filled->floats, (Floats{1, 1, 0, -1, 0, 1, 3, 0, 0}));
  EXPECT_TRUE(says(filled->notes, "missing numbers are filled with -1 (age 1)"));
  options.missing = "mean";
  auto mean = samples(text, options);
  ASSERT_TRUE(mean);
  EXPECT_TRUE(std::isnan(mean->floats[3]));
  const Dataset all(std::make_shared<const Samples>(*mean));
  fill_missing(&*mean, all.slice(2, 1));  // "training" is the third sample only
  EXPECT_EQ(mean->floats[3], 3.0f);
  EXPECT_EQ(mean->table->columns[0].fill, 3.0f);
  // A later table is filled by the same mean.
  CsvOptions later;
  later.layout = mean->table;
  auto again = samples("town,age\nb,null\na,7\n", later);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->floats, (Floats{3, 0, 1, 7, 1, 0}));
  options.missing = "median";
  EXPECT_NE(message(text, options).find("missing = \"median\""), std::string::npos);
}

TEST(Csv, DecimalCommaAndPlainNumbersOnly) {
  auto s = samples("a;b;preis\n1,5;2;3,25\n-0,5;1,0;4\n");
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->floats, (Floats{1.5f, 2, -0.5f, 1}));
  EXPECT_EQ(s->targets, (Floats{3.25f, 4}));
  EXPECT_TRUE(says(s->notes, "decimal comma"));
  auto bare = samples("1,5;2,5\n3,5;4,5\n");  // without a header line, every number with a comma
  ASSERT_TRUE(bare) << bare.error().to_string();
  EXPECT_EQ(bare->floats, (Floats{1.5f, 3.5f}));
  EXPECT_EQ(samples("temp;C,x,z\n1,2,3.5\n4,5,6.5\n")->column_names, (Words{"temp;C", "x"}));
  EXPECT_EQ(samples("a\tb\n1\t2.5\n")->floats, (Floats{1}));
  // Mixed: not guessed.
  EXPECT_NE(message("a;b\n1,5;2.25\n2,5;1\n").find("line 2"), std::string::npos);
  CsvOptions told;
  told.format.decimal = ",";
  EXPECT_EQ(samples("a,b\n\"1,5\",\"2,5\"\n", told)->floats, (Floats{1.5f}));
  EXPECT_NE(message("a,b\n\"1,234\",2.5\n\"2,345\",2.5\n").find("\"1,234\" is not a plain number"), std::string::npos);
  EXPECT_NE(message("a,b\n$12,2.5\n$13,3.5\n").find("line 2, column \"a\": \"$12\" is not a plain number"),
            std::string::npos);
  EXPECT_NE(message("a,b\n1,2.5\n2,3.5\n3 %,4.5\n").find("line 4, column \"a\": \"3 %\""), std::string::npos);
}

TEST(Csv, HeaderIsDetected) {
  auto numbers = samples("1,2,3.5\n4,5,6.5\n");
  ASSERT_TRUE(numbers) << numbers.error().to_string();
  EXPECT_EQ(numbers->count, 2);
  EXPECT_EQ(numbers->column_names, (Words{"c1", "c2"}));
  EXPECT_TRUE(says(numbers->notes, "no header line"));
  auto iris = samples("5.1,3.5,setosa\n4.9,3.0,setosa\n6.0,2.9,other\n");
  ASSERT_TRUE(iris);
  EXPECT_EQ(iris->count, 3);
  auto years = parse_csv("country,2019,2020\nA,1,2\nB,3,4\n");
  EXPECT_EQ(years->columns, (Words{"country", "2019", "2020"}));
  EXPECT_TRUE(says(years->notes, "line 1 is taken as the names"));
  EXPECT_EQ(parse_csv("0,1,2\n7,8,9\n7,8,9\n")->rows.size(), 2u);  // names made by a program
  CsvFormat told;
  told.header = false;
  EXPECT_EQ(parse_csv("a,b\nc,d\n", told)->rows.size(), 2u);
  auto counter = samples(",x,z\n0,5,1.5\n1,6,2.5\n2,7,3.5\n");
  ASSERT_TRUE(counter);
  EXPECT_EQ(counter->column_names, (Words{"x"}));
  EXPECT_TRUE(says(counter->notes, "only counts the rows"));
}

TEST(Csv, ReadByALayout) {
  auto first = samples("size,colour,price\n1,red,2.5\n2,blue,3.5\n3,red,4.5\n");
  ASSERT_TRUE(first);
  CsvOptions options;
  options.layout = first->table;
  auto s = samples("note,colour,price,size\nx,blue,7.5,9\ny,red,8.5,8\n", options);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->floats, (Floats{9, 1, 0, 8, 0, 1}));
  EXPECT_EQ(s->targets, (Floats{7.5f, 8.5f}));
  auto bare = samples("size,colour\n9,blue\n8,green\n7,red\n", options);
  ASSERT_TRUE(bare) << bare.error().to_string();
  EXPECT_EQ(bare->floats, (Floats{9, 1, 0, 8, 0, 0, 7, 0, 1}));
  EXPECT_FALSE(Dataset(std::make_shared<const Samples>(*bare)).labelled());
  EXPECT_TRUE(says(bare->notes, "1 of 3 rows hold texts that the model has not learned (first \"green\" in line 3)"));
  EXPECT_NE(message("size,colour\n9,green\n8,pink\n7,red\n", options).find("2 of 3 rows hold texts"),
            std::string::npos);
  EXPECT_NE(message("size,price\n9,1.5\n", options).find("input column \"colour\" is not in the table"),
            std::string::npos);
  auto kinds = samples("a,kind\n1,dog\n2,cat\n");
  CsvOptions classes;
  classes.layout = kinds->table;
  classes.labels = {"dog", "cat", "cow"};
  EXPECT_EQ(samples("kind,a\ncat,1\ndog,2\n", classes)->labels, (std::vector<int32_t>{1, 0}));
  EXPECT_NE(message("kind,a\nbird,1\n", classes).find("line 2, column \"kind\": the class \"bird\""),
            std::string::npos);
}

TEST(Csv, Unlabelled) {
  CsvOptions options;
  options.unlabelled = true;
  options.width = 3;
  auto s = samples("a,b,c\n1,2,3\n4,5,6\n", options);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->sample_elements(), 3);
  EXPECT_FALSE(Dataset(std::make_shared<const Samples>(*s)).labelled());
  // Rows without a target, or with one that does not fit.
  options.width = 2;
  options.task = Task::regression;
  for (const char* text : {"a,b,c\n1,2,\n4,5,\n7,8,3\n", "a,b,c\n1,2,x\n4,5,y\n"}) {
    auto bare = samples(text, options);
    ASSERT_TRUE(bare) << bare.error().to_string();
    EXPECT_EQ(bare->sample_elements(), 2);
    EXPECT_FALSE(Dataset(std::make_shared<const Samples>(*bare)).labelled());
    EXPECT_EQ(bare->notes.size(), 1u);
  }
  options.task.reset();
  EXPECT_EQ(samples("a,b,c\n1,2,3\n4,5,6\n", options)->sample_elements(), 2);
}

TEST(Csv, SummaryOfColumns) {
  auto t = parse_csv("a,b\n1,x\n3,y\n?,x\n5.0,\n");
  ASSERT_TRUE(t);
  const ColumnSummary a = summarize_column(*t, 0), b = summarize_column(*t, 1);
  EXPECT_EQ(a.count, 3);
  EXPECT_EQ(a.missing, 1);
  EXPECT_EQ(a.whole, 3);
  EXPECT_EQ(a.low, 1);
  EXPECT_EQ(a.high, 5);
  EXPECT_EQ(a.mean, 3);
  EXPECT_NEAR(a.deviation, 1.63299, 1e-5);
  EXPECT_TRUE(b.is_text());
  EXPECT_EQ(b.missing, 1);
  EXPECT_EQ(b.frequent[0], std::pair("x" + std::string(), int64_t{2}));
}

TEST(Csv, ErrorsNameLineAndColumn) {
  EXPECT_NE(message("x,z\n1,2.5\nabc,3\n5,1\n").find("line 3, column \"x\": \"abc\" is not a number"),
            std::string::npos);
  EXPECT_NE(message("x,z\ninf,3\n5,2.5\n6,7\n").find("line 2"), std::string::npos);
  EXPECT_NE(message("x,z\n1e300,3\n").find("line 2"), std::string::npos);
  EXPECT_NE(message("x,z\n1,2\n1,2,3\n").find("line 3 has 3 fields, line 1 has 2"), std::string::npos);
  EXPECT_NE(message("x,z\n1,\"2\n").find("line 2, field 2: the quote"), std::string::npos);
  EXPECT_NE(message("x,z\n\"1\"a,2\n").find("text follows"), std::string::npos);
  EXPECT_NE(message("").find("empty"), std::string::npos);
  EXPECT_NE(message("x,z\n").find("no row"), std::string::npos);
  EXPECT_NE(message("x\n1\n").find("one column"), std::string::npos);
  EXPECT_NE(message("x,x\n1,2\n").find("two columns are called \"x\""), std::string::npos);
  auto latin = samples(
      "a,kind\n1,gr\xf6\xdf"
      "er\n");
  ASSERT_FALSE(latin);
  EXPECT_EQ(latin.error().code, ErrorCode::bad_file);
  EXPECT_NE(latin.error().message.find("line 2, column 5: the byte 0xf6 is not UTF-8; the text looks like Latin-1"),
            std::string::npos)
      << latin.error().message;
  EXPECT_NE(latin.error().hint.find("iconv -f ISO-8859-1"), std::string::npos);
}

// A later table is read as the training table was: names that are numbers, no line of names, a decimal comma between
// commas.
TEST(Csv, LaterTablesAreReadAsTheFirst) {
  const auto later = [](const Result<Samples>& first, std::string_view text) {
    CsvOptions options;
    options.layout = first->table;
    options.format.layout = first->table.get();
    options.unlabelled = true;
    return samples(text, options);
  };
  CsvOptions told;
  told.format.header = true;
  const auto years = samples("2020,2021,2022\n1,2.5,3.5\n4,5.5,6.5\n", told);
  ASSERT_TRUE(years) << years.error().to_string();
  const auto more = later(years, "2021,2020\n7.5,8\n");
  ASSERT_TRUE(more) << more.error().to_string();
  EXPECT_EQ(more->floats, (Floats{8, 7.5f}));
  told.format.header = false;
  const auto texts = samples("red,round,apple\ngreen,long,cucumber\nred,long,apple\n", told);
  ASSERT_TRUE(texts) << texts.error().to_string();
  EXPECT_EQ(later(texts, "red,round,apple\n")->floats, (Floats{0, 1, 0, 1}));
  const auto mixed = samples("red,1,2.5\ngreen,3,4.5\n", told);
  EXPECT_EQ(later(mixed, "c2,c1\n7,green\n")->floats, (Floats{1, 0, 7}));
  EXPECT_EQ(later(mixed, "green,7\n")->floats, (Floats{1, 0, 7}));
  const auto named = later(mixed, "colour,weight\ngreen,7\n");
  ASSERT_FALSE(named);
  EXPECT_NE(named.error().hint.find("colour, weight"), std::string::npos);
  told = {};
  told.format.decimal = ",";
  const auto commas = samples("a,b,y\n\"1,5\",2,\"3,5\"\n\"2,5\",3,\"4,5\"\n", told);
  ASSERT_TRUE(commas) << commas.error().to_string();
  EXPECT_EQ(later(commas, "a,b\n\"7,25\",8\n")->floats, (Floats{7.25f, 8}));
  EXPECT_EQ(later(commas, "a,b\n7.25,8\n")->floats, (Floats{7.25f, 8}));
  for (const auto* first : {&years, &texts, &commas})
    EXPECT_EQ(*TableLayout::from_json((*first)->table->to_json()), *(*first)->table);
}

TEST(Csv, RowsKeepTheirNumbers) {
  CsvOptions options;
  options.missing = "drop";
  const auto s = samples("a,z\n1,2.5\n,3\n5,1\n", options);
  ASSERT_TRUE(s) << s.error().to_string();
  const Dataset set(std::make_shared<const Samples>(*s));
  EXPECT_EQ(set.sample_name(0), "csv:made[0]");
  EXPECT_EQ(set.sample_name(1), "csv:made[2]");
}

TEST(Csv, NumbersThatFloatsCannotTellApartAreNamed) {
  const auto near = samples("t,z\n1700000000,1.5\n1700000003,2.5\n1700000009,3.5\n");
  EXPECT_TRUE(says(near->notes, "column \"t\" varies by 3.74 about 1.7e+09, where float32 knows numbers 128 apart"));
  const auto target = samples("t,z\n1,1700000000.5\n2,1700000001.5\n");
  EXPECT_TRUE(says(target->notes, "errors of the answers are not what they look like"));
  EXPECT_FALSE(says(samples("t,z\n1700000000,1.5\n1700900000,2.5\n")->notes, "float32"));
}

}  // namespace
}  // namespace thimble
