// What `thimble words` lists is what readers take, and what docs/recipe.md describes.
#include <gtest/gtest.h>

#include "base/file.h"
#include "study/recipe.h"
#include "study/recipe_keys.h"
#include "train/foreign_words.h"
#include "train/initializer.h"
#include "train/layers.h"

namespace thimble {
namespace {

const std::string& manual() {
  static const std::string text = read_text_file("docs/recipe.md").value_or(std::string());
  return text;
}

// Whether the manual has the word in code: `word`, `word:MORE`, "word = …" in backquotes.
bool described(const std::string& word) {
  for (const char* before : {"`", "\"", "{ ", ", ", " ", "\n"})
    for (const char* after : {"`", ":", " =", "\"", ",", " }"})
      if (manual().find(before + word + after) != std::string::npos) return true;
  return false;
}

TEST(Vocabulary, EveryWordIsTakenAndDescribed) {
  ASSERT_GT(manual().size(), 10000u);
  for (const Word& w : layer_vocabulary()) {
    EXPECT_NE(find_layer(w.word), nullptr) << w.word;
    EXPECT_TRUE(described(w.word)) << w.word;
  }
  EXPECT_EQ(layer_vocabulary().size() + activation_vocabulary().size(), layer_words().size());
  for (const Word& w : activation_vocabulary()) {
    const auto model = build_model({.input = {4}, .layers = {{.word = "dense", .size = 2, .activation = w.word}}}, {});
    EXPECT_TRUE(model) << w.word;
    EXPECT_TRUE(described(w.word)) << w.word;
  }
  for (const Word& w : optimizer_vocabulary()) {
    EXPECT_TRUE(make_optimizer(w.word)) << w.word;
    EXPECT_TRUE(described(w.word)) << w.word;
  }
  for (const Word& w : loss_vocabulary()) {
    EXPECT_TRUE(loss_choice(w.word)) << w.word;
    EXPECT_TRUE(w.word == "automatic" || described(w.word)) << w.word;
  }
  for (const Word& w : schedule_vocabulary()) {
    EXPECT_TRUE(schedule_kind(w.word)) << w.word;
    EXPECT_TRUE(w.word == "constant" || described(w.word)) << w.word;
  }
  for (const Word& w : initializer_vocabulary()) {
    EXPECT_TRUE(initial_weights(w.word, {.elements = 4, .fan_in = 2, .fan_out = 2, .rows = 2, .columns = 2}, 1, 0))
        << w.word;
    EXPECT_TRUE(described(w.word)) << w.word;
  }
  for (const auto& words : {layer_vocabulary(), activation_vocabulary(), optimizer_vocabulary(), loss_vocabulary(),
                            schedule_vocabulary(), initializer_vocabulary()})
    for (const Word& w : words) EXPECT_GT(w.about.size(), 2u) << w.word;
}

TEST(Vocabulary, EveryKeyHasItsSentenceAndIsDescribed) {
  const std::vector<RecipeKey> keys = recipe_keys();
  EXPECT_GT(keys.size(), 80u);
  for (const RecipeKey& key : keys) {
    EXPECT_FALSE(key.about.empty()) << key.path << " has no sentence in study/recipe_keys.cc";
    EXPECT_TRUE(described(key.path.substr(key.path.rfind('.') + 1)) ||
                manual().find("[" + key.path) != std::string::npos)
        << key.path << " is not in docs/recipe.md";
  }
  for (const std::string& path : sentences_without_key()) ADD_FAILURE() << path << " is read by nobody";
}

TEST(ForeignWords, AreKnownWhereTheyStand) {
  EXPECT_NE(foreign_word(WordPlace::layer_key, "kernel_size").find("kernel"), std::string::npos);
  EXPECT_NE(foreign_word(WordPlace::layer, "MaxPooling2D").find("max_pool"), std::string::npos);
  EXPECT_NE(foreign_word(WordPlace::loss, "CrossEntropyLoss").find("sparse_categorical"), std::string::npos);
  EXPECT_EQ(foreign_word(WordPlace::loss, "kernel_size"), "");
  EXPECT_EQ(foreign_word(WordPlace::loss, ""), "");
}

TEST(Presets, AreListedWithWhatTheySet) {
  const auto presets = recipe_presets("studies/fashion_cnn.toml");
  ASSERT_TRUE(presets);
  ASSERT_FALSE(presets->empty());
  for (const Word& preset : *presets) EXPECT_FALSE(preset.about.empty()) << preset.word;
  EXPECT_FALSE(recipe_presets("README.md"));
}

}  // namespace
}  // namespace thimble
