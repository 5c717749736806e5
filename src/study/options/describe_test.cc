#include "study/options/describe.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "study/recipe.h"

namespace thimble {
namespace {

// docs/recipe.md holds the tables that the options' descriptions give. With THIMBLE_UPDATE_DOCS set the file is written
// anew in place of being compared.
TEST(Options, TheTablesOfTheDocumentationAreTheirDescriptions) {
  const bool update = std::getenv("THIMBLE_UPDATE_DOCS") != nullptr;
  const std::string file = "docs/recipe.md";
  const auto text = read_text_file(file);
  ASSERT_TRUE(text) << text.error().to_string();
  std::string docs = *text;
  for (const std::string& technique : technique_names()) {
    const std::string begin = format("<!-- options of {} -->\n", technique), end = "<!-- end of options -->\n";
    const size_t at = docs.find(begin), to = docs.find(end, at);
    ASSERT_NE(at, std::string::npos) << technique;
    ASSERT_NE(to, std::string::npos) << technique;
    const auto table = option_table(technique);
    ASSERT_TRUE(table);
    const size_t first = at + begin.size();
    if (!update) {
      EXPECT_EQ(docs.substr(first, to - first), *table)
          << "set THIMBLE_UPDATE_DOCS=1 to write the table of " << technique;
    }
    docs.replace(first, to - first, *table);
  }
  if (update) {
    ASSERT_TRUE(write_file_atomic(file, std::string_view(docs)));
  }
}

// Whoever misspells a key is told the right one: the reader knows every key that the tables name.
TEST(Options, TheReaderKnowsEveryKey) {
  for (const std::string& technique : technique_names()) {
    const std::vector<OptionText> options = *option_texts(technique);
    for (const OptionText& option : options) {
      const std::string recipe = format(
          "[data]\nset = \"mnist\"\n[model]\ninput = [4]\nlayers = [{{ dense = 2 }}]\n[[variant]]\n{} = {{ {}x = 1 "
          "}}\n",
          technique, option.key);
      const auto read = parse_recipe(recipe, {});
      ASSERT_FALSE(read) << recipe;
      EXPECT_NE(read.error().message.find(format("unknown key \"variant.{}.{}x\"", technique, option.key)),
                std::string::npos)
          << read.error().to_string();
      EXPECT_NE(read.error().hint.find(option.key), std::string::npos) << read.error().to_string();
    }
  }
}

TEST(Options, UnknownTechniques) {
  EXPECT_EQ(option_texts("prun").error().code, ErrorCode::usage);
  EXPECT_NE(option_table("prun").error().hint.find("prune"), std::string::npos);
}

}  // namespace
}  // namespace thimble
