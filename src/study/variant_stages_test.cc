// [[variant]] tables: what they mean, and the stages that make them.
#include "study/variant_stages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "compress/size_report.h"
#include "study/study.h"

namespace thimble {
namespace {

constexpr const char* kBase = R"(
[study]
name = "waves"
[data]
set = "function:waves"
limit = 600
[model]
input = [2]
layers = [ { dense = 24, activation = "tanh" }, { dense = 16, activation = "relu" }, { dense = 1 } ]
[train]
optimizer = { adam = 0.01 }
epochs = 3
[measure]
trials = 1
)";

Result<Recipe> parse(const std::string& variants, const std::vector<Setting>& settings = {}) {
  return parse_recipe(kBase + variants, {.settings = settings});
}

Error error_of(const std::string& variants) {
  const auto r = parse(variants);
  return r ? Error{ErrorCode::internal, "no error", {}, {}} : r.error();
}

TEST(RecipeVariants, WeightsOfFewBits) {
  const auto r = parse(R"(
[[variant]]
name = "a"
quantize = { to = "int8", bits = 4, layer_bits = { dense_1 = 8, dense_3 = "ternary" }, per_tensor = true }
[[variant]]
name = "c"
quantize = { to = "int8", equalize = true, bias_correction = true, rounding = "adaptive" }
[[variant]]
name = "b"
quantize = { to = "int8", mixed = "loss-rise 0.5", widths = [8, 3], validate = 40 }
)");
  ASSERT_TRUE(r) << r.error().to_string();
  const QuantizeOptions& a = r->variants[0].quantize->options;
  EXPECT_EQ(a.bits, 4);
  EXPECT_EQ(a.layer_bits, (std::map<std::string, int>{{"dense_1", 8}, {"dense_3", kTernaryBits}}));
  EXPECT_TRUE(a.per_tensor_weights);
  const QuantizeOptions& c = r->variants[1].quantize->options;
  EXPECT_TRUE(c.equalize && c.correct_bias && c.rounding == QuantizeOptions::Rounding::adaptive);
  const VariantSpec& b = r->variants[2];
  ASSERT_TRUE(b.quantize->mixed);
  EXPECT_EQ(b.quantize->mixed->to_string(), "loss-rise 0.5");
  EXPECT_EQ(b.quantize->widths, (std::vector<int>{8, 3}));
  EXPECT_EQ(b.quantize->validate, 40);
}

TEST(RecipeVariants, WhatDoesNotGoTogetherWithFewBits) {
  const auto message = [](const std::string& table) {
    const Error e = error_of("[[variant]]\nquantize = " + table + "\n");
    return e.message + " | " + e.hint;
  };
  EXPECT_NE(message("{ to = \"dynamic\", bits = 4 }").find("it is for int8"), std::string::npos);
  EXPECT_NE(message("{ to = \"int8\", mixed = \"bytes 10\", bits = 4 }").find("does not go with mixed"),
            std::string::npos);
  EXPECT_NE(message("{ to = \"float16\", rounding = \"adaptive\" }").find("it is for int8"), std::string::npos);
  EXPECT_NE(message("{ to = \"int8\", rounding = \"adaptiv\" }").find("did you mean 'adaptive'"), std::string::npos);
  EXPECT_NE(message("{ to = \"int8\", rounding = \"adaptive\", per_tensor = true }").find("equal weights"),
            std::string::npos);
  EXPECT_NE(message("{ to = \"int8\", widths = [4] }").find("widths is for mixed"), std::string::npos);
  EXPECT_NE(message("{ to = \"int8\", mixed = \"byte 10\" }").find("did you mean 'bytes'"), std::string::npos);
  EXPECT_NE(message("{ to = \"int8\", mixd = \"bytes 10\" }").find("mixed"), std::string::npos);
}

TEST(RecipeVariants, EverySettingIsRead) {
  const auto r = parse(R"(
[[variant]]
name = "a"
prune = { sparsity = 0.8, schedule = "constant", begin = 3, end = 9, frequency = 2, layers = ["dense_1"], global = true, block = "1x4", epochs = 7, learning_rate = 0.5 }
[[variant]]
name = "b"
from = "a"
cluster = { clusters = 8, init = "density", per_channel = true, preserve_sparsity = true, epochs = 2 }
quantize = "int8"
[[variant]]
prune = { pattern = "2:4", depthwise = true }
distill = { teacher = "a", temperature = 2, alpha = 0.5 }
)");
  ASSERT_TRUE(r) << r.error().to_string();
  const VariantSpec &a = r->variants[0], &b = r->variants[1], &c = r->variants[2];
  EXPECT_EQ(a.prune->options.schedule.target, 0.8);
  EXPECT_EQ(a.prune->options.schedule.kind, PruneSchedule::Kind::constant);
  EXPECT_EQ(a.prune->options.schedule.begin, 3);
  EXPECT_EQ(a.prune->options.schedule.end, 9);
  EXPECT_EQ(a.prune->options.schedule.frequency, 2);
  EXPECT_EQ(a.prune->options.choice.layers, std::vector<std::string>{"dense_1"});
  EXPECT_TRUE(a.prune->options.global);
  EXPECT_EQ(a.prune->options.block_columns, 4);
  EXPECT_EQ(a.prune->training.epochs, 7);
  EXPECT_EQ(a.prune->training.learning_rate, 0.5);
  EXPECT_EQ(b.from, "a");
  EXPECT_EQ(b.cluster->options.clusters, 8);
  EXPECT_EQ(b.cluster->options.init, ClusterInit::density);
  EXPECT_TRUE(b.cluster->options.per_channel && b.cluster->options.preserve_sparsity && b.quantize);
  EXPECT_EQ(c.name, "distilled_pruned");
  EXPECT_EQ(c.prune->options.n, 2);
  EXPECT_TRUE(c.prune->options.choice.depthwise);
  EXPECT_EQ(c.distill->temperature, 2);
}

TEST(RecipeVariants, ShrinkIsRead) {
  const auto r = parse(R"(
[[variant]]
shrink = { keep = 0.25, rank = "taylor", epochs = 4, rounds = 2, per_layer = true, multiple = 4, layers = ["dense_2"], floor = 0.2 }
quantize = "int8"
[[variant]]
name = "small"
shrink = { macs = 300, rank_samples = 64 }
)");
  ASSERT_TRUE(r) << r.error().to_string();
  const VariantSpec& a = r->variants[0];
  EXPECT_EQ(a.name, "shrunk_int8");
  EXPECT_EQ(a.shrink->plan.options.keep, 0.25);
  EXPECT_EQ(a.shrink->plan.ranking, Ranking::taylor);
  EXPECT_EQ(a.shrink->plan.rounds, 2);
  EXPECT_EQ(a.shrink->plan.options.multiple, 4);
  EXPECT_EQ(a.shrink->plan.options.floor, 0.2);
  EXPECT_TRUE(a.shrink->plan.options.per_layer);
  EXPECT_EQ(a.shrink->plan.options.layers, std::vector<std::string>{"dense_2"});
  EXPECT_EQ(a.shrink->training.epochs, 4);
  EXPECT_EQ(r->variants[1].shrink->plan.options.max_macs, 300);
  EXPECT_EQ(r->variants[1].shrink->plan.rank_samples, 64);
}

TEST(RecipeVariants, MistakesAreNamed) {
  const auto expect = [](const std::string& variant, const std::string& message, const std::string& hint) {
    const Error e = error_of("[[variant]]\nname = \"float32\"\n[[variant]]\nname = \"v\"\n" + variant);
    EXPECT_EQ(e.code, ErrorCode::usage) << variant;
    EXPECT_NE(e.to_string().find(message), std::string::npos) << e.to_string();
    EXPECT_NE(e.hint.find(hint), std::string::npos) << e.to_string();
    EXPECT_NE(e.to_string().find("line "), std::string::npos) << e.to_string();
  };
  expect("prune = { sparsity = 1.0 }", "leaves no weight", "0.8");
  expect("prune = { sparsty = 0.5 }", "unknown key \"variant.prune.sparsty\"", "sparsity");
  expect("prune = { sparsity = 0.5, schedule = \"polinomial\" }", "schedule is \"polinomial\"", "polynomial");
  expect("prune = { pattern = \"4:2\" }", "prunes nothing", "2:4");
  expect("prune = { layers = [\"dense_1\"] }", "needs a sparsity", "0.8");
  expect("prune = 0.5", "must be a table", "sparsity");
  expect("shrink = { keep = 0 }", "leaves no channel", "0.5");
  expect("shrink = { rank = \"l1\" }", "needs keep", "0.5");
  expect("shrink = { keep = 0.5, rank = \"tailor\" }", "rank is \"tailor\"", "taylor");
  expect("qat = { bits = 9 }", "2 to 8 bits", "4");
  expect("qat = { ranges = \"learnt\" }", "ranges is \"learnt\"", "learned");
  expect("qat = { bits = 8 }\nquantize = \"int8\"", "quantises already", "io");
  expect("cluster = { clusters = 1 }", "1 cluster:", "16");
  expect("cluster = { clusters = 4, init = \"means\" }", "init is \"means\"", "kmeans");
  expect("distill = { teacher = \"flaot32\" }", "neither a variant before", "float32");
  expect("distill = { temperature = 2 }", "needs a teacher", "float32");
  expect("network = { epochs = 3 }", "needs layers", "network");
  expect("network = { layers = [ { dense = 1 } ] }\nfrom = \"float32\"", "cannot start from another", "");
  expect("network = { layers = [ { dense = 1 } ] }\ndistill = { teacher = \"float32\", student = [ { dense = 1 } ] }",
         "student already", "");
  expect("from = \"flota32\"\nquantize = \"int8\"", "there is no variant \"flota32\"", "float32");
  expect("distill = { teacher = \"float32\", student = [ { dens = 3 } ] }", "layer word", "dense");
}

TEST(RecipeVariants, KeysInsideStagesCanBeSet) {
  const std::string text =
      "[[variant]]\nname = \"p\"\nprune = { sparsity = 0.5 }\n[[variant]]\nname = \"q\"\nprune = { "
      "sparsity = 0.6 }\n[[variant]]\nname = \"r\"\n";
  auto r = parse(text, {{"variant.p.prune.sparsity", "0.9"}});
  ASSERT_TRUE(r) << r.error().to_string();
  EXPECT_EQ(r->variants[0].prune->options.schedule.target, 0.9);
  EXPECT_EQ(r->variants[1].prune->options.schedule.target, 0.6);
  r = parse(text, {{"variant.*.prune.epochs", "3"}});
  ASSERT_TRUE(r) << r.error().to_string();
  EXPECT_EQ(r->variants[1].prune->training.epochs, 3);
  EXPECT_FALSE(r->variants[2].prune);
  EXPECT_FALSE(parse(text, {{"variant.r.prune.epochs", "3"}}));
}

TEST(StageTraining, IsShortAndSlowUnlessToldOtherwise) {
  TrainSpec base;
  base.epochs = 30;
  base.optimizer.learning_rate = 0.01;
  EXPECT_EQ(stage_training(base, "distill", {}, 5).epochs, 6);
  EXPECT_EQ(stage_training(base, "distill", {}, 5).seed, 5u);
  EXPECT_DOUBLE_EQ(stage_training(base, "distill", {}, 5).optimizer.learning_rate, 0.001);
  base.epochs = 2;
  EXPECT_EQ(stage_training(base, "distill", {}, 5).epochs, 1);
  base.epochs = 500;
  EXPECT_EQ(stage_training(base, "distill", {}, 5).epochs, 10);
  EXPECT_EQ(stage_training(base, "distill", {.epochs = 40, .learning_rate = 0.3}, 5).epochs, 40);
}

// ---- whole studies ----

constexpr const char* kCombined = R"(
[[variant]]
name = "float32"
[[variant]]
name = "pruned"
prune = { sparsity = 0.75, epochs = 2 }
[[variant]]
name = "both"
from = "pruned"
cluster = { clusters = 6, epochs = 2 }
[[variant]]
name = "both_int8"
from = "both"
quantize = "int8"
[[variant]]
name = "both_qat"
from = "both"
qat = { epochs = 1 }
distill = { teacher = "float32" }
[[variant]]
name = "retaught"
from = "both"
distill = { teacher = "float32", epochs = 1 }
[[variant]]
name = "student"
distill = { teacher = "float32", student = [ { dense = 8, activation = "tanh" }, { dense = 1 } ] }
[[variant]]
name = "small"
network = { layers = [ { dense = 6, activation = "tanh" }, { dense = 1 } ], epochs = 2, learning_rate = 0.02 }
qat = { bits = 4, epochs = 1 }
[[variant]]
name = "on"
continue = { epochs = 1 }
[[variant]]
name = "on_int8"
from = "on"
quantize = "int8"
)";

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Result<StudyResult> study(const std::string& out, bool resume, std::function<bool()> cancelled = {},
                          std::vector<std::string>* notes = nullptr) {
  const auto recipe = parse(kCombined);
  EXPECT_TRUE(recipe) << recipe.error().to_string();
  StudyOptions options;
  options.out = out;
  options.resume = resume;
  StudyHooks hooks;
  hooks.cancelled = std::move(cancelled);
  hooks.note = [notes](const std::string& text) {
    if (notes) notes->push_back(text);
  };
  return run_study(*recipe, options, hooks);
}

const VariantResult& variant(const StudyResult& r, const std::string& name) {
  for (const VariantResult& v : r.variants)
    if (v.name == name) return v;
  ADD_FAILURE() << name;
  return r.variants.front();
}

const TensorSizeRow& tensor(const VariantResult& v, const std::string& name) {
  for (const TensorSizeRow& t : v.tensors)
    if (t.name == name) return t;
  ADD_FAILURE() << name;
  return v.tensors.front();
}

TEST(VariantStages, EachStageKeepsWhatCameBefore) {
  const std::string out = testing::TempDir() + "stages_study";
  std::filesystem::remove_all(out);
  const auto r = study(out, false);
  ASSERT_TRUE(r) << r.error().to_string();
  const std::string kernel = "dense_2/kernel";  // 16 × 24
  EXPECT_EQ(tensor(variant(*r, "float32"), kernel).zeros, 0);
  EXPECT_EQ(tensor(variant(*r, "pruned"), kernel).zeros, 288);
  const TensorSizeRow& both = tensor(variant(*r, "both"), kernel);
  EXPECT_EQ(both.zeros, 288);
  EXPECT_LE(both.distinct, 6);
  EXPECT_LT(both.deflated_bytes, both.after_bytes / 4);
  EXPECT_NE(both.reason.find("75 % zeros"), std::string::npos) << both.reason;
  const TensorSizeRow& int8 = tensor(variant(*r, "both_int8"), kernel);
  EXPECT_GE(int8.zeros, 288);
  EXPECT_LE(int8.distinct, 6);
  EXPECT_EQ(int8.type, "int8");
  const TensorSizeRow& trained_int8 = tensor(variant(*r, "both_qat"), kernel);
  EXPECT_GE(trained_int8.zeros, 288);
  EXPECT_LE(trained_int8.distinct, 6);
  EXPECT_EQ(trained_int8.type, "int8");
  EXPECT_EQ(variant(*r, "both_qat").technique, "prune 75 % + cluster 6 + qat int8");
  EXPECT_EQ(variant(*r, "both_qat").stages.size(), 3u);
  const TensorSizeRow& taught = tensor(variant(*r, "retaught"), kernel);
  EXPECT_EQ(taught.zeros, 288);
  EXPECT_LE(taught.distinct, 6);
  EXPECT_EQ(variant(*r, "student").parameters, 8 * 3 + 9);
  EXPECT_EQ(variant(*r, "small").parameters, 6 * 3 + 7);
  EXPECT_EQ(variant(*r, "small").technique, "network of 25 parameters + qat int4");
  ASSERT_EQ(variant(*r, "small").stages.size(), 2u);
  EXPECT_EQ(variant(*r, "small").stages[0].size(), 2u) << "epochs of its own";
  EXPECT_NE(variant(*r, "small").description.find("learning rate 0.02"), std::string::npos);
  EXPECT_EQ(variant(*r, "small").stage_names, (std::vector<std::string>{"network", "qat"}));
  EXPECT_EQ(variant(*r, "on").stage_names, std::vector<std::string>{"continue"});
  EXPECT_EQ(variant(*r, "on").technique, "1 more epoch");
  EXPECT_EQ(variant(*r, "on_int8").stages.size(), 1u);
  EXPECT_EQ(tensor(variant(*r, "on"), kernel).zeros, 0);
  EXPECT_NE(variant(*r, "on").regression.rmse, variant(*r, "float32").regression.rmse);
  EXPECT_EQ(variant(*r, "on").per_seed[0].outcomes.squares.size(), static_cast<size_t>(variant(*r, "on").test_samples));
  EXPECT_EQ(variant(*r, "both_int8").technique, "prune 75 % + cluster 6 + int8");
  EXPECT_NE(variant(*r, "both").description.find("polynomial"), std::string::npos);
  EXPECT_NE(variant(*r, "both").description.find("k-means++"), std::string::npos);
  EXPECT_EQ(variant(*r, "both").stages.size(), 2u);
  EXPECT_NEAR(variant(*r, "pruned").sparsity, 0.75, 0.01);
  for (const char* file : {"pruned.seed1.prune.ckpt", "both.seed1.cluster.ckpt", "retaught.seed1.distill.ckpt",
                           "student.seed1.student.ckpt", "small.seed1.network.ckpt", "small.seed1.qat.ckpt"})
    EXPECT_TRUE(std::filesystem::exists(out + "/checkpoints/" + file)) << file;
  for (const VariantResult& v : r->variants) {  // what the plots draw fits what the tables say
    const Measurement& m = v.measurements.front();
    double sum = 0;
    for (const OperatorTime& o : v.operators) sum += o.us;
    EXPECT_NEAR(sum, m.latency_us.p50, 1e-6 * m.latency_us.p50) << v.name;
    EXPECT_EQ(m.samples_us.back(), m.latency_us.max);
    EXPECT_EQ(m.samples_us.front(), m.latency_us.min);
    EXPECT_NEAR(median_of(m.samples_us), m.latency_us.p50, 0.02 * m.latency_us.p50);
    EXPECT_FALSE(m.trial_us.empty());
    EXPECT_FALSE(v.step_names.empty());
  }
  const auto json = nlohmann::json::parse(file_text(out + "/results.json"));
  EXPECT_EQ(json["variants"][2]["technique"], "prune 75 % + cluster 6");
  EXPECT_EQ(json["variants"][2]["stages"].size(), 2u);
}

TEST(VariantStages, AnInterruptedStudyGoesOnToTheSameModels) {
  const std::string whole = testing::TempDir() + "stages_whole", part = testing::TempDir() + "stages_part";
  std::filesystem::remove_all(whole);
  ASSERT_TRUE(study(whole, false));
  for (const int stop : {40, 75, 90, 130, 140}) {  // steps of training: within each of the stages
    std::filesystem::remove_all(part);
    int steps = 0;
    const auto stopped = study(part, false, [&] { return ++steps >= stop; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::interrupted);
    std::vector<std::string> notes;
    const auto rest = study(part, true, {}, &notes);
    ASSERT_TRUE(rest) << rest.error().to_string();
    for (const char* name : {"float32", "pruned", "both", "both_int8", "both_qat", "retaught", "student", "small"})
      EXPECT_EQ(file_text(format("{}/models/{}.tflite", part, name)),
                file_text(format("{}/models/{}.tflite", whole, name)))
          << name << ", stopped after " << stop;
    const bool trained_again =
        std::ranges::any_of(notes, [](const std::string& n) { return n.starts_with("training, seed 1: epoch"); });
    EXPECT_EQ(trained_again, stop < 57) << "a finished training is not repeated";
  }
}

constexpr const char* kShrunk = R"(
[[variant]]
name = "float32"
[[variant]]
name = "half"
shrink = { keep = 0.5, rank = "taylor", rounds = 2, epochs = 2, rank_samples = 128 }
[[variant]]
name = "half_pruned_int8"
from = "half"
prune = { sparsity = 0.5, epochs = 1 }
distill = { teacher = "float32" }
quantize = "int8"
)";

TEST(VariantStages, ChannelsGoAndLaterStagesGoOn) {
  const auto recipe = parse(kShrunk);
  ASSERT_TRUE(recipe) << recipe.error().to_string();
  StudyOptions options;
  options.out = testing::TempDir() + "stages_shrunk";
  std::filesystem::remove_all(options.out);
  const auto whole = run_study(*recipe, options, {});
  ASSERT_TRUE(whole) << whole.error().to_string();
  const VariantResult &before = variant(*whole, "float32"), &half = variant(*whole, "half");
  EXPECT_EQ(before.parameters, 3 * 24 + 25 * 16 + 17);
  EXPECT_LT(half.parameters, before.parameters * 6 / 10);
  EXPECT_LT(half.macs, before.macs * 6 / 10);
  EXPECT_EQ(half.technique, "shrink 50 %");
  EXPECT_NE(half.description.find("ranked by taylor, 2 rounds"), std::string::npos) << half.description;
  EXPECT_EQ(variant(*whole, "half_pruned_int8").technique, "shrink 50 % + prune 50 % + int8");
  for (int round = 1; round <= 2; ++round)
    EXPECT_TRUE(std::filesystem::exists(format("{}/checkpoints/half.seed1.shrink.ckpt.round{}", options.out, round)));
  const std::string model = file_text(options.out + "/models/half_pruned_int8.tflite");
  options.out = testing::TempDir() + "stages_shrunk_part";
  for (const int stop : {60, 90, 120}) {  // within both rounds, and the pruning after them
    std::filesystem::remove_all(options.out);
    int steps = 0;
    StudyHooks hooks;
    hooks.cancelled = [&] { return ++steps >= stop; };
    options.resume = false;
    const auto stopped = run_study(*recipe, options, hooks);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::interrupted) << stopped.error().to_string();
    options.resume = true;
    const auto rest = run_study(*recipe, options, {});
    ASSERT_TRUE(rest) << rest.error().to_string();
    EXPECT_EQ(file_text(options.out + "/models/half_pruned_int8.tflite"), model) << "stopped after " << stop;
  }
}

TEST(VariantStages, BitsPerLayerAreChosenOnValidationSamples) {
  const auto recipe = parse(R"(
[[variant]]
name = "float32"
[[variant]]
name = "mixed"
quantize = { to = "int8", mixed = "loss-rise 20", calibrate = 50, validate = 50 }
)");
  ASSERT_TRUE(recipe) << recipe.error().to_string();
  StudyOptions options;
  options.out = testing::TempDir() + "mixed_study";
  options.peak_memory = false;
  std::filesystem::remove_all(options.out);
  const auto r = run_study(*recipe, options, {});
  ASSERT_TRUE(r) << r.error().to_string();
  const VariantResult& v = variant(*r, "mixed");
  EXPECT_EQ(v.technique, "mixed bits");
  EXPECT_NE(v.description.find("chosen for loss-rise 20 on the validation samples: dense_1 "), std::string::npos)
      << v.description;
}

TEST(VariantStages, PruningComesBeforeClustering) {
  const auto recipe = parse(
      "[[variant]]\nname = \"c\"\ncluster = { clusters = 4 }\n[[variant]]\nname = \"p\"\nfrom = "
      "\"c\"\nprune = { sparsity = 0.5 }\n");
  ASSERT_TRUE(recipe);
  StudyOptions options;
  options.out = testing::TempDir() + "stages_order";
  const auto r = run_study(*recipe, options, {});
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().to_string().find("prune first"), std::string::npos);
}

}  // namespace
}  // namespace thimble
