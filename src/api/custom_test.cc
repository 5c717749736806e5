// Operators that a program brings along.
#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "thimble/thimble.h"

namespace thimble::api {
namespace {

const std::string kMaxout = "tests/goldens/reader/maxout.tflite";

// The largest of every two neighbours, but for what a test has put in the place of a step.
struct Steps {
  std::function<std::optional<std::string>(const CustomNode&, std::span<CustomOutput>)> shapes;
  std::function<void(std::string&)> prepare;
  std::function<const char*()> run;
};

class Pairs final : public CustomRun {
 public:
  explicit Pairs(const Steps& steps) : steps_(steps) {}
  const char* run(std::span<const CustomTensor> inputs, std::span<const CustomTensor> outputs) const override {
    if (steps_.run) return steps_.run();
    const auto x = inputs[0].as<const float>();
    const auto y = outputs[0].as<float>();
    for (size_t i = 0; i < y.size(); ++i) y[i] = std::max(x[2 * i], x[2 * i + 1]);
    return nullptr;
  }

 private:
  const Steps& steps_;
};

class Maxout final : public CustomOperator {
 public:
  explicit Maxout(Steps steps = {}) : steps_(std::move(steps)) {}
  std::optional<std::string> shapes(const CustomNode& node, std::span<CustomOutput> outputs) const override {
    EXPECT_EQ(node.options.size(), 4u);
    EXPECT_EQ(node.options[0], 2);
    if (steps_.shapes) return steps_.shapes(node, outputs);
    outputs[0].shape = {node.inputs[0].shape[0], node.inputs[0].shape[1] / 2};
    return std::nullopt;
  }
  std::unique_ptr<CustomRun> prepare(const CustomNode& node, std::string& why) const override {
    EXPECT_EQ(node.outputs[0].elements(), 3u);
    EXPECT_EQ(node.inputs[0].data, nullptr);
    if (steps_.prepare) steps_.prepare(why);
    if (!why.empty()) return nullptr;
    return std::make_unique<Pairs>(steps_);
  }

 private:
  const Steps steps_;
};

Expected<Model> load(Steps steps = {}) {
  ModelOptions options;
  options.custom["Maxout"] = std::make_shared<Maxout>(std::move(steps));
  return Model::load(kMaxout, options);
}

TEST(Custom, RunsWhatTheProgramBrings) {
  auto model = load();
  ASSERT_TRUE(model) << model.error().details;
  for (const float sign : {1.0f, -1.0f}) {
    float value = 0;
    for (float& x : model->input(0).as<float>()) x = sign * (value += 0.1f);
    ASSERT_FALSE(model->run());
    const auto y = model->output(0).as<const float>();
    ASSERT_EQ(y.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      const float largest = sign > 0 ? 0.2f * static_cast<float>(i + 1) : -0.1f - 0.2f * static_cast<float>(i);
      EXPECT_NEAR(y[i], std::tanh(largest), 1e-6) << sign << " " << i;
    }
  }
}

TEST(Custom, IsOfOneModelAlone) {
  ASSERT_TRUE(load());
  const auto without = Model::load(kMaxout);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, "unsupported");
  EXPECT_NE(without.error().message.find("Maxout"), std::string::npos);
  ModelOptions options;
  options.custom["Maxout"] = nullptr;
  EXPECT_FALSE(Model::load(kMaxout, options));
}

TEST(Custom, ItsReasonsAreTheErrors) {
  const auto expect = [](const Expected<Model>& model, const std::string& text) {
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().details.find(text), std::string::npos) << model.error().details;
  };
  expect(load({.shapes = [](auto&, auto) { return "only on Sundays"; }, .prepare = {}, .run = {}}), "only on Sundays");
  expect(load({.shapes = [](auto&, auto) -> std::optional<std::string> { throw std::runtime_error("thrown"); },
               .prepare = {},
               .run = {}}),
         "thrown");
  expect(load({.shapes = {}, .prepare = [](std::string& why) { why = "no memory for tables"; }, .run = {}}),
         "no memory for tables");
  expect(load({.shapes = {}, .prepare = [](std::string&) { throw std::runtime_error("broken"); }, .run = {}}),
         "broken");
}

TEST(Custom, ShapesThatCannotBeAreRefused) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{1, -3}, std::vector<int64_t>{1, int64_t{1} << 40}, std::vector<int64_t>(9, 1)})
    EXPECT_FALSE(load({.shapes =
                           [&](auto&, auto outputs) {
                             outputs[0].shape = shape;
                             return std::nullopt;
                           },
                       .prepare = {},
                       .run = {}}));
  EXPECT_FALSE(load({.shapes =
                         [](auto&, auto outputs) {
                           outputs[0] = {ElementType::int8, {1, 3}};  // the file says float32
                           return std::nullopt;
                         },
                     .prepare = {},
                     .run = {}}));
}

TEST(Custom, ARunMayHaveNoAnswer) {
  bool throws = false;
  auto model = load({.shapes = {}, .prepare = {}, .run = [&]() -> const char* {
                       if (throws) throw std::runtime_error("lost");
                       return "the sensor is upside down";
                     }});
  ASSERT_TRUE(model) << model.error().details;
  auto error = model->run();
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("upside down"), std::string::npos);
  throws = true;
  error = model->run();
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("exception"), std::string::npos);
}

}  // namespace
}  // namespace thimble::api
