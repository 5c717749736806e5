// The frame: what parses into what, what is refused, and that the table of commands is well formed.
#include <set>

#include <gtest/gtest.h>

#include "app/commands.h"
#include "measure/table.h"

namespace thimble::app {
namespace {

struct Parsed {
  std::string model, out, mode = "a";
  std::vector<std::string> files, sets;
  int64_t n = 3;
  double s = 0.5;
  bool flag = false;
};

Status parse(const std::vector<std::string>& words, Parsed* p) {
  Options options;
  options.argument("MODEL", &p->model, "").arguments("FILE", &p->files, "");
  options.text("-o,--out", &p->out, "FILE", "").texts("--set", &p->sets, "KEY=VALUE", "");
  options.choice("--mode", &p->mode, {"a", "bee"}, "").integer("--n", &p->n, "N", "", 1, 9);
  options.number("--seconds", &p->s, "S", "", 0, 10).flag("--flag", &p->flag, "");
  return options.parse(words, "test");
}

TEST(Options, ParseEveryKind) {
  Parsed p;
  ASSERT_TRUE(parse(
      {"m", "x", "--set", "a=1", "y", "--set=b=2", "-o", "f", "--mode=bee", "--n", "9", "--seconds=1e-1", "--flag"},
      &p));
  EXPECT_EQ(p.model, "m");
  EXPECT_EQ(p.files, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(p.sets, (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(p.out, "f");
  EXPECT_EQ(p.mode, "bee");
  EXPECT_EQ(p.n, 9);
  EXPECT_DOUBLE_EQ(p.s, 0.1);
  EXPECT_TRUE(p.flag);
}

TEST(Options, DefaultsStayAndDashIsAnArgument) {
  Parsed p;
  ASSERT_TRUE(parse({"-", "--flag=false"}, &p));
  EXPECT_EQ(p.model, "-");
  EXPECT_EQ(p.n, 3);
  EXPECT_EQ(p.mode, "a");
  EXPECT_FALSE(p.flag);
}

TEST(Options, RefusalsNameTheOptionAndTheFix) {
  const auto refused = [](const std::vector<std::string>& words, const std::string& text) {
    Parsed p;
    const Status status = parse(words, &p);
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, ErrorCode::usage);
    EXPECT_NE(status.error().to_string().find(text), std::string::npos) << status.error().to_string();
  };
  refused({}, "needs MODEL");
  refused({"m", "--mod", "a"}, "did you mean '--mode'?");
  refused({"m", "--mode", "be"}, "did you mean 'bee'?");
  refused({"m", "--n", "10"}, "from 1 to 9");
  refused({"m", "--n", "1.5"}, "a whole number");
  refused({"m", "--n", "99999999999999999999"}, "--n is '99999999999999999999'");
  refused({"m", "--seconds", "nan"}, "--seconds is 'nan'");
  refused({"m", "-o", "a", "-o", "b"}, "2 times");
  refused({"m", "--out"}, "--out");
}

TEST(Options, OtherToolsWords) {
  Parsed p;
  std::vector<std::string> ignored;
  Options options;
  options.argument("MODEL", &p.model, "").text("-o,--out", &p.out, "FILE", "");
  options.ignored({"--use_xnnpack", "--use_gpu"}, &ignored).elsewhere("--epochs", "train.epochs");
  ASSERT_TRUE(options.parse({"--use_xnnpack=true", "m", "--use_gpu"}, "test"));
  EXPECT_EQ(p.model, "m");
  EXPECT_EQ(ignored, (std::vector<std::string>{"--use_xnnpack", "--use_gpu"}));
  for (const auto& words : {std::vector<std::string>{"m", "--epochs", "3"}, {"m", "--epochs=3"}}) {
    Options again;
    again.argument("MODEL", &p.model, "").elsewhere("--epochs", "train.epochs");
    const Status status = again.parse(words, "test");
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().hint.find("--set train.epochs=3"), std::string::npos) << status.error().to_string();
  }
}

TEST(Commands, HaveExamplesAndDistinctOptions) {
  std::set<std::string> names;
  for (const CommandRow& row : commands()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(find_command(row.name), &row);
    Options options;
    Context context;
    bool help = false;
    const Action action = row.define(options);
    declare_common(options, &context, &help);
    EXPECT_TRUE(action) << row.name;
    const std::string text = help_text(row, options);
    EXPECT_EQ(text.rfind("Examples:\n  ", 0), 0u) << text;
    EXPECT_NE(text.find(std::string("thimble ") + row.name), std::string::npos);
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      EXPECT_LE(display_width(text.substr(at, end - at)), 100) << text.substr(at, end - at);
      at = end + 1;
    }
    std::set<std::string> spelt;
    for (const OptionRow& option : options.rows()) {
      EXPECT_TRUE(spelt.insert(option.names).second) << row.name << " " << option.names;
      EXPECT_FALSE(option.help.empty()) << row.name << " " << option.names;
    }
  }
  EXPECT_EQ(find_command("nothing"), nullptr);
}

}  // namespace
}  // namespace thimble::app
