// The named architectures against the published numbers of parameters, and what small pictures change.
#include "train/architecture.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "train/model.h"

namespace thimble {
namespace {

Result<Model> network(const std::string& name, double alpha, std::vector<int64_t> input, int64_t classes) {
  ModelSpec spec;
  spec.architecture = name;
  spec.alpha = alpha;
  spec.input = std::move(input);
  spec.classes = classes;
  THIMBLE_TRY(expand_architecture(&spec));
  return build_model(spec, {});
}

struct Counts {
  int64_t all = 0, trainable = 0;
};
Counts counts(const std::string& name, double alpha, std::vector<int64_t> input, int64_t classes) {
  const auto model = network(name, alpha, std::move(input), classes);
  EXPECT_TRUE(model) << model.error().to_string();
  if (!model) return {};
  Counts c{model->parameter_count, 0};
  for (TensorId t : model->parameters) c.trainable += model->graph.at(t).shape.elements();
  return c;
}

// Keras's applications count the running averages of batch norm too, 224×224×3 and 1,000 classes.
TEST(Architecture, MobileNetV1HasKerasParameters) {
  const std::vector<int64_t> imagenet{224, 224, 3};
  EXPECT_EQ(counts("mobilenet_v1", 1.0, imagenet, 1000).all, 4'253'864);
  EXPECT_EQ(counts("mobilenet_v1", 1.0, imagenet, 1000).trainable, 4'231'976);
  EXPECT_EQ(counts("mobilenet_v1", 0.75, imagenet, 1000).all, 2'601'976);
  EXPECT_EQ(counts("mobilenet_v1", 0.5, imagenet, 1000).all, 1'342'536);
  EXPECT_EQ(counts("mobilenet_v1", 0.25, imagenet, 1000).all, 475'544);
  EXPECT_EQ(counts("mobilenet_v1", 0.25, imagenet, 1000).trainable, 470'072);
}

TEST(Architecture, MobileNetV2HasKerasParameters) {
  const std::vector<int64_t> imagenet{224, 224, 3};
  EXPECT_EQ(counts("mobilenet_v2", 1.0, imagenet, 1000).all, 3'538'984);
  EXPECT_EQ(counts("mobilenet_v2", 1.0, imagenet, 1000).trainable, 3'504'872);
  EXPECT_EQ(counts("mobilenet_v2", 1.4, imagenet, 1000).all, 6'156'712);
}

TEST(Architecture, InceptionV3HasKerasParameters) {
  const std::vector<int64_t> imagenet{299, 299, 3};
  EXPECT_EQ(counts("inception_v3", 1.0, imagenet, 1000).all, 23'851'784);
  EXPECT_EQ(counts("inception_v3", 1.0, imagenet, 1000).trainable, 23'817'352);
  const auto small = network("inception_v3", 1.0, {74, 299, 3}, 10);
  ASSERT_FALSE(small);
  EXPECT_NE(small.error().message.find("at least 75×75"), std::string::npos) << small.error().message;
}

// torchvision counts trainable parameters.
TEST(Architecture, ShuffleNetV2HasTorchvisionParameters) {
  const std::vector<int64_t> imagenet{224, 224, 3};
  EXPECT_EQ(counts("shufflenet_v2", 0.5, imagenet, 1000).trainable, 1'366'792);
  EXPECT_EQ(counts("shufflenet_v2", 1.0, imagenet, 1000).trainable, 2'278'604);
  EXPECT_EQ(counts("shufflenet_v2", 1.5, imagenet, 1000).trainable, 3'503'624);
  EXPECT_EQ(counts("shufflenet_v2", 2.0, imagenet, 1000).trainable, 7'393'996);
}

TEST(Architecture, MlperfTinyNetworks) {
  EXPECT_EQ(counts("ds_cnn", 1, {49, 10, 1}, 12).all, 24'908);
  EXPECT_EQ(counts("resnet8", 1, {32, 32, 3}, 10).all, 78'666);
}

// The last feature map is the input of the global pool.
Shape last_map(const std::string& name, std::vector<int64_t> input) {
  const auto model = network(name, 0.5, std::move(input), 10);
  EXPECT_TRUE(model) << model.error().to_string();
  return model ? model->layers[model->layers.size() - 3].output : Shape{};
}

TEST(Architecture, SmallPicturesSpareTheFirstStrides) {
  EXPECT_EQ(spared_strides(224, 224, 5), 0);
  EXPECT_EQ(spared_strides(96, 96, 5), 0);
  EXPECT_EQ(spared_strides(64, 64, 5), 0);
  EXPECT_EQ(spared_strides(32, 32, 5), 1);
  EXPECT_EQ(spared_strides(28, 28, 5), 1);
  EXPECT_EQ(spared_strides(28, 200, 5), 1);
  EXPECT_EQ(spared_strides(14, 14, 5), 2);
  EXPECT_EQ(spared_strides(3, 3, 5), 4);
  EXPECT_EQ(spared_strides(1, 1, 5), 5);
  for (const char* name : {"mobilenet_v1", "mobilenet_v2", "shufflenet_v2"}) {
    EXPECT_EQ(last_map(name, {28, 28, 1})[1], 2) << name;
    EXPECT_EQ(last_map(name, {32, 32, 1})[2], 2) << name;
    EXPECT_EQ(last_map(name, {96, 96, 3})[1], 3) << name;
    EXPECT_EQ(last_map(name, {1, 1, 1})[1], 1) << name;
  }
}

TEST(Architecture, OddWidthsStillSplitInTwo) {
  for (const double alpha : {0.05, 0.25, 0.33, 0.8, 1.3, 3.0})
    for (const Architecture& a : architectures()) {
      const int64_t side = std::max<int64_t>(16, a.least_side);
      const auto model = network(a.name, alpha, {side, side, 1}, 3);
      EXPECT_TRUE(model) << a.name << " " << alpha << ": " << (model ? "" : model.error().to_string());
    }
}

TEST(Architecture, RefusesWithTheWayOut) {
  const auto message = [](const std::string& name, std::vector<int64_t> input, int64_t classes) {
    const auto model = network(name, 1, std::move(input), classes);
    EXPECT_FALSE(model);
    return model ? "" : model.error().message + " | " + model.error().hint;
  };
  EXPECT_NE(message("mobilenet_v3", {28, 28, 1}, 10).find("did you mean 'mobilenet_v1'"), std::string::npos);
  EXPECT_NE(message("resnet8", {784}, 10).find("takes pictures"), std::string::npos);
  EXPECT_NE(message("resnet8", {28, 28, 1}, 0).find("needs the number of classes"), std::string::npos);
}

}  // namespace
}  // namespace thimble
