// Small networks that have learnt a little of MNIST, and trainings of them, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "compress/qat/qat.h"
#include "compress/retrain.h"
#include "data/sources.h"
#include "formats/tflite/tflite.h"
#include "passes/decompose.h"
#include "passes/lower_lstm.h"
#include "passes/pipeline.h"

namespace thimble::test {

inline const Splits& digits() {
  static const Splits splits = [] {
    auto opened = open_splits("mnist");
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? *opened : Splits{};
  }();
  return splits;
}
inline Feeding unit_scale() { return *measure_feeding("0..1", digits().train); }
// The first samples of the training and of the test set.
inline Dataset training(int64_t n = 2048) { return digits().train.limit(n); }
inline Dataset testing_set(int64_t n = 1024) { return digits().test.limit(n); }

inline ModelSpec cnn() {
  ModelSpec spec;
  spec.input = {28, 28, 1};
  spec.layers = {{.word = "conv2d", .size = 6, .stride_h = 2, .stride_w = 2, .activation = "relu"},
                 {.word = "depthwise_conv2d", .size = 1, .padding = Padding::same, .activation = "relu6"},
                 {.word = "conv2d", .size = 10, .activation = "relu"},
                 {.word = "max_pool", .size = 2},
                 {.word = "flatten", .size = 1},
                 {.word = "dense", .size = 10, .activation = "softmax"}};
  return spec;
}
inline ModelSpec mlp(double width = 24) {
  ModelSpec spec;
  spec.input = {28, 28, 1};
  spec.layers = {{.word = "flatten", .size = 1},
                 {.word = "dense", .size = width, .activation = "relu"},
                 {.word = "dense", .size = 16, .activation = "tanh"},
                 {.word = "dense", .size = 10, .activation = "softmax"}};
  return spec;
}
inline ModelSpec lstm(bool sequences = false) {
  ModelSpec spec;
  spec.input = {28, 28, 1};
  spec.layers = {{.word = "lstm", .size = 12, .return_sequences = sequences},
                 {.word = "flatten", .size = 1},
                 {.word = "dense", .size = 10, .activation = "softmax"}};
  return spec;
}

inline TrainSpec a_training(int epochs, double rate = 0.003) {
  TrainSpec spec;
  spec.optimizer = *make_optimizer("adam");
  spec.optimizer.learning_rate = rate;
  spec.batch = 32;
  spec.epochs = epochs;
  spec.seed = 5;
  return spec;
}

// The float model as a file has it: written and read.
inline Graph trained(const ModelSpec& spec, int epochs = 2) {
  const auto result = train(spec, a_training(epochs), training(), {}, unit_scale(), {}, {});
  EXPECT_TRUE(result) << result.error().to_string();
  auto graph = with_weights(*build_model(spec, {.batch = 1}), result->weights);
  EXPECT_TRUE(graph) << graph.error().to_string();
  EXPECT_TRUE(lower_lstm(*graph));
  EXPECT_TRUE(decompose(*graph));
  graph->remove_unused();
  const auto file = write_tflite(*graph);
  EXPECT_TRUE(file) << file.error().to_string();
  return *read_tflite(*file);
}
// One of each kind, made once.
inline const Graph& trained_cnn() {
  static const Graph graph = trained(cnn());
  return graph;
}
inline const Graph& trained_mlp() {
  static const Graph graph = trained(mlp());
  return graph;
}
inline const Graph& trained_lstm() {
  static const Graph graph = trained(lstm());
  return graph;
}

inline CalibrationSamples calibration(int64_t n = 100) {
  return [set = training(n), scale = unit_scale()](int64_t i, std::span<float> input) {
    if (i >= set.size()) return false;
    scale.apply(set.bytes(i), input.data(), 1, set.sample_elements());
    return true;
  };
}

inline Retraining a_retraining(int epochs, int64_t samples = 1024, double rate = 0.001) {
  Retraining how;
  how.train = training(samples);
  how.feeding = unit_scale();
  how.spec = a_training(epochs, rate);
  return how;
}

inline std::shared_ptr<Qat> make_qat(const Graph& graph, const QatOptions& options) {
  auto qat = Qat::make(graph, options, calibration());
  EXPECT_TRUE(qat) << qat.error().to_string();
  return *qat;
}

// What the written and read file gives for one input, batch 1, from fresh states.
class DeployedModel {
 public:
  explicit DeployedModel(const Graph& graph) {
    const auto file = write_tflite(graph);
    EXPECT_TRUE(file) << file.error().to_string();
    bytes_ = file->size();
    const auto read = read_tflite(*file);
    EXPECT_TRUE(read) << read.error().to_string();
    auto program = Program::plan(*prepare_for_inference(*read));
    EXPECT_TRUE(program) << program.error().to_string();
    session_ = *Session::create(*program);
  }
  std::span<const uint8_t> run(const void* input) {
    session_->reset_variables();
    std::memcpy(session_->input(0).data(), input, session_->input(0).size());
    session_->run();
    return session_->output(0);
  }
  size_t file_bytes() const { return bytes_; }

 private:
  std::unique_ptr<Session> session_;
  size_t bytes_ = 0;
};

// Right answers on a set, one picture at a time.
inline int64_t correct(const Graph& graph, const Dataset& set) {
  DeployedModel model(graph);
  std::vector<float> x(784);
  int64_t right = 0;
  for (int64_t i = 0; i < set.size(); ++i) {
    unit_scale().apply(set.bytes(i), x.data(), 1, 784);
    const auto out = model.run(x.data());
    const auto* y = reinterpret_cast<const float*>(out.data());
    right += std::max_element(y, y + 10) - y == set.label(i);
  }
  return right;
}

}  // namespace thimble::test
