// Sweeps and named architectures as a recipe states them.
#include "study/sweep.h"

#include <gtest/gtest.h>

#include "study/recipe_variants.h"

namespace thimble {
namespace {

const char* const kBase = R"([data]
set = "mnist"
[model]
input = [28, 28, 1]
layers = [ { flatten = true }, { dense = 8, activation = "relu" }, { dense = 10, activation = "softmax" } ]
)";

Result<Recipe> recipe(const std::string& more, const std::vector<Setting>& settings = {},
                      const std::string& preset = {}) {
  return parse_recipe(kBase + more, {preset, settings});
}

std::vector<std::string> labels(const Recipe& r) {
  std::vector<std::string> out;
  const auto points = *sweep_points(r);
  for (const SweepPoint& p : points) out.push_back(p.label);
  return out;
}

TEST(Sweep, ListsRangesLabelsAndGrids) {
  const auto r = recipe(R"([sweep]
"model.layers.dense_1.units" = { from = 20, to = 45, step = 10 }
"train.optimizer" = [{ sgd = 0.1 }, "adam"]
"model.layers" = [ { label = "one layer", value = [ { flatten = true }, { dense = 10, activation = "softmax" } ] } ]
"data.limit" = [100]
)");
  ASSERT_TRUE(r) << r.error().to_string();
  EXPECT_EQ(labels(*r), (std::vector<std::string>{"100", "one layer", "20", "30", "40", "sgd", "adam"}));
  const auto points = *sweep_points(*r);
  EXPECT_TRUE(points[0].changes_data());
  EXPECT_FALSE(points[1].changes_data());
  for (const SweepPoint& p : points) {
    const auto changed = recipe("", p.settings);
    ASSERT_TRUE(changed) << changed.error().to_string();
    if (p.label == "one layer") {
      EXPECT_EQ(changed->model.layers.size(), 2u);
    } else if (p.label == "30") {
      EXPECT_EQ(changed->model.layers[1].size, 30);
    } else if (p.label == "sgd") {
      EXPECT_EQ(changed->train.optimizer.learning_rate, 0.1);
    }
  }
  const auto grid = recipe(R"([sweep]
"train.epochs" = [1, 2]
"train.batch" = { from = 8, to = 24, step = 8 }
mode = "grid"
)");
  ASSERT_TRUE(grid) << grid.error().to_string();
  const auto all = *sweep_points(*grid);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[0].key, "train.batch × train.epochs");
  EXPECT_EQ(all[1].label, "8 × 2");
}

TEST(Sweep, FractionsAreWhatWasMeant) {
  const auto r = recipe("[sweep]\n\"train.label_smoothing\" = { from = 0.1, to = 0.8, step = 0.1 }\n");
  ASSERT_TRUE(r) << r.error().to_string();
  EXPECT_EQ(labels(*r), (std::vector<std::string>{"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"}));
}

TEST(Sweep, PresetsAndSettingsChangeIt) {
  const std::string text = R"([sweep]
"train.epochs" = [1, 2, 3]
[preset.none]
"sweep.mode" = "off"
[preset.short]
"sweep.train.epochs" = [1]
)";
  EXPECT_EQ(recipe(text)->sweep[0].values.size(), 3u);
  EXPECT_TRUE(recipe(text, {}, "none")->sweep.empty());
  EXPECT_EQ(recipe(text, {}, "short")->sweep[0].values.size(), 1u);
  EXPECT_EQ(recipe("", {{"sweep.train.batch", "[1, 2]"}})->sweep[0].key, "train.batch");
}

TEST(Sweep, SomeVariantsWithWhatTheyNeed) {
  const std::string text = R"([[variant]]
name = "float32"
[[variant]]
name = "float16"
quantize = "float16"
[[variant]]
name = "half"
prune = { sparsity = 0.5 }
[[variant]]
name = "half_int8"
from = "half"
quantize = "int8"
[sweep]
"train.epochs" = [1]
)";
  const auto names = [](const Recipe& r) {
    std::vector<std::string> out;
    for (const VariantSpec& v : chosen_variants(r.variants, r.sweep_variants)) out.push_back(v.name);
    return out;
  };
  EXPECT_EQ(names(*recipe(text)).size(), 4u);
  const auto some = recipe(text + "variants = [\"half_int8\"]\n");
  ASSERT_TRUE(some) << some.error().to_string();
  EXPECT_EQ(names(*some), (std::vector<std::string>{"half", "half_int8"}));
  EXPECT_EQ(labels(*some), (std::vector<std::string>{"1"}));
  const auto fewer = recipe("[study]\nvariants = [\"half_int8\", \"float16\"]\n" + text);
  ASSERT_TRUE(fewer) << fewer.error().to_string();
  EXPECT_EQ(names(*fewer), (std::vector<std::string>{"float16", "half", "half_int8"}));
  const auto unknown = recipe("[study]\nvariants = [\"hlaf\"]\n" + text);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().to_string().find("study.variants names \"hlaf\""), std::string::npos);
  EXPECT_NE(unknown.error().to_string().find("did you mean 'half'"), std::string::npos);
  const auto typo = recipe(text + "variants = [\"flaot32\"]\n");
  ASSERT_FALSE(typo);
  EXPECT_NE(typo.error().to_string().find("did you mean 'float32'"), std::string::npos);
}

TEST(Sweep, MistakesAreNamed) {
  const auto message = [](const std::string& more) {
    const auto r = recipe(more);
    EXPECT_FALSE(r) << more;
    return r ? "" : r.error().to_string();
  };
  EXPECT_NE(message("[sweep]\n\"train.epochs\" = 4\n").find("must be a list of values"), std::string::npos);
  EXPECT_NE(message("[sweep]\n\"train.epochs\" = { from = 4 }\n").find("has no to"), std::string::npos);
  EXPECT_NE(message("[sweep]\n\"train.epochs\" = { from = 4, to = 2 }\n").find("no or too many"), std::string::npos);
  EXPECT_NE(message("[sweep]\n\"train.epochs\" = { from = 1, to = 9, stp = 2 }\n").find("did you mean 'step'"),
            std::string::npos);
  EXPECT_NE(message("[sweep]\nmode = \"gird\"\n").find("\"off\""), std::string::npos);
}

TEST(Recipe, NamedArchitectures) {
  const auto parse = [](const std::string& model, const std::string& set = "mnist") {
    return parse_recipe("[data]\nset = \"" + set + "\"\n[model]\n" + model, {});
  };
  const auto r = parse("input = [28, 28, 1]\narchitecture = \"mobilenet_v1\"\nalpha = 0.25\nmomentum = 0.8\n");
  ASSERT_TRUE(r) << r.error().to_string();
  EXPECT_EQ(r->model.classes, 10);
  ASSERT_EQ(r->model.layers.size(), 3 * 27 + 2u);
  EXPECT_EQ(r->model.layers[1].momentum, 0.8);
  EXPECT_EQ(r->model.layers.back().size, 10);
  EXPECT_TRUE(parse("input = [32, 32, 3]\narchitecture = \"resnet8\"\nclasses = 5\n", "folder:x"));
  const auto message = [&](const std::string& model, const std::string& set = "mnist") {
    const auto bad = parse(model, set);
    EXPECT_FALSE(bad) << model;
    return bad ? "" : bad.error().to_string();
  };
  EXPECT_NE(message("input = [28, 28, 1]\narchitecture = \"mobilnet_v1\"\n").find("did you mean 'mobilenet_v1'"),
            std::string::npos);
  EXPECT_NE(message("input = [28, 28, 1]\narchitecture = \"resnet8\"\n", "folder:x").find("classes = 10"),
            std::string::npos);
  EXPECT_NE(message("input = [4]\nlayers = [{ dense = 2 }]\nalpha = 0.5\n").find("goes with an architecture"),
            std::string::npos);
  EXPECT_NE(message("input = [4]\nlayers = [{ dense = 2, split = true }]\n").find("split goes with parallel"),
            std::string::npos);
  EXPECT_NE(message("input = [4]\nlayers = [{ dense = 2, shortcut = [] }]\n").find("shortcut goes with residual"),
            std::string::npos);
}

}  // namespace
}  // namespace thimble
