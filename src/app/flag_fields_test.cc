// The flags of the technique commands are those that the techniques' descriptions give, with their words and help.
#include "app/flag_fields.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "app/commands.h"
#include "study/options/describe.h"

namespace thimble::app {
namespace {

TEST(FlagFields, EveryOptionOfATechniqueIsAFlagOfItsCommand) {
  for (const auto& [technique, name] : {std::pair{"prune", "prune"},
                                        {"cluster", "cluster"},
                                        {"shrink", "shrink"},
                                        {"distill", "distill"},
                                        {"quantize", "quantize"},
                                        {"qat", "quantize"}}) {
    const CommandRow* command = find_command(name);
    ASSERT_NE(command, nullptr);
    Options options;
    const Action action = command->define(options);
    const std::vector<OptionText> texts = *option_texts(technique);
    for (const OptionText& text : texts) {
      if (text.flag.empty()) continue;  // a list of layers
      const auto row = std::ranges::find(options.rows(), text.flag, &OptionRow::names);
      ASSERT_NE(row, options.rows().end()) << technique << " " << text.flag;
      EXPECT_EQ(row->words.size(), text.words.size()) << text.flag;
      EXPECT_FALSE(row->help.empty());
    }
  }
}

// A technique of every kind of field.
struct Settings {
  std::optional<double> share;
  int64_t steps = 5;
  bool all = false;
  std::string block;
  int kind = 0, weights = 8;
  std::vector<std::string> layers;
  std::map<std::string, int> some;
  std::vector<int> list{8, 4};
  Form form;
};

void fields(Fields& v, Settings& s) {
  v.number({"share", "F", "of it"}, &s.share, 0, 1);
  v.whole({"steps", "N", "between", std::nullopt, "every"}, &s.steps, 1, 9);
  v.truth({"all", "", "of them"}, &s.all);
  v.text({"block", "RxC", "shape", "1x1"}, &s.block);
  v.word({"kind", "", "which"}, &s.kind, {{"first_one", 1}, {"other", 0}});
  v.bits({"bits", "N", "of weights"}, &s.weights);
  v.names({"layers", "A,B", "these", "all"}, &s.layers);
  v.layer_bits({"layer_bits", "A=N", "some"}, &s.some);
  v.bits_list({"widths", "A,B", "to try"}, &s.list);
}

Status parse(const std::vector<std::string>& words, Settings* s) {
  Options options;
  FlagFields visitor(options, s->form);
  fields(visitor, *s);
  return options.parse(words, "test");
}

TEST(FlagFields, EveryKindIsRead) {
  Settings s;
  const Status status =
      parse({"--share", "0.5", "--every=3", "--all", "--block", "1x4", "--kind", "first-one", "--bits", "ternary",
             "--layers", "a,b", "--layers=c", "--layer-bits", "a=4,b=ternary", "--widths", "8,2"},
            &s);
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(s.share, 0.5);
  EXPECT_EQ(s.steps, 3);
  EXPECT_TRUE(s.all);
  EXPECT_EQ(s.block, "1x4");
  EXPECT_EQ(s.kind, 1);
  EXPECT_EQ(s.weights, 1);
  EXPECT_EQ(s.layers, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(s.some, (std::map<std::string, int>{{"a", 4}, {"b", 1}}));
  EXPECT_EQ(s.list, (std::vector<int>{8, 2}));
  EXPECT_EQ(s.form.given.size(), 9u);
  EXPECT_TRUE(s.form.has("steps") && s.form.has("layer_bits"));
  EXPECT_EQ(s.form.setting("layer_bits", "a=4"), "--layer-bits a=4");
}

TEST(FlagFields, WrongValuesNameTheFlag) {
  const auto refused = [](const std::vector<std::string>& words, const std::string& text) {
    Settings s;
    const Status status = parse(words, &s);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, ErrorCode::usage);
    EXPECT_NE(status.error().to_string().find(text), std::string::npos) << status.error().to_string();
    EXPECT_TRUE(s.form.given.empty());
  };
  refused({"--share", "2"}, "--share is '2'");
  refused({"--every", "0"}, "--every is '0'");
  refused({"--kind", "second"}, "--kind is 'second', which is none of first-one|other");
  refused({"--bits", "9"}, "'9' is not a number of bits");
  refused({"--layers", ","}, "--layers names no layer");
  refused({"--layer-bits", "a"}, "--layer-bits has 'a'");
  refused({"--widths", "8,,4"}, "'' is not a number of bits");
}

}  // namespace
}  // namespace thimble::app
