// The promise of quantisation-aware training: what the training graph computes for a picture is, byte for
// byte, what the exported file computes for it, and the accuracy of validation is the accuracy of the file.
#include <set>

#include "qat_digits.h"

namespace thimble::test {
namespace {

// Keeps the inputs and predictions of every step.
class Recorder final : public Technique {
 public:
  std::string describe() const override { return "recorded"; }
  Status after_step(FitView& fit) override {
    const auto x = fit.session.input(0);
    const auto y = fit.session.output(1);
    inputs.insert(inputs.end(), x.begin(), x.end());
    outputs.insert(outputs.end(), y.begin(), y.end());
    return {};
  }
  std::vector<uint8_t> inputs, outputs;
};

struct Case {
  const char* name;
  const Graph& (*graph)();
  QatOptions::Ranges ranges;
  int bits;
  QuantizeOptions::Io io = QuantizeOptions::Io::float32;
  bool shortened = false;  // scales and biases of few bits
};

class QatExact : public testing::TestWithParam<Case> {};

// Predictions of the loss "mse" are the model's own output, the dequantised int8 softmax; the model without
// its softmax gives logits the same way.
Graph without_softmax(const Graph& graph) {
  Graph logits = graph;
  EXPECT_EQ(logits.nodes.back().op, Op::softmax);
  logits.outputs = {logits.nodes.back().inputs[0]};
  logits.nodes.pop_back();
  logits.remove_unused();
  return logits;
}

TEST_P(QatExact, SimulatedLogitsAreDeployedLogits) {
  const Case& c = GetParam();
  for (const bool logits : {true, false}) {
    const Graph graph = logits ? without_softmax(c.graph()) : c.graph();
    QatOptions options;
    options.ranges = c.ranges;
    options.quantize.bits = c.bits;
    options.quantize.io = c.io;
    if (c.shortened) options.quantize.scale_bits = 1, options.quantize.bias_bits = 6;
    ModelSpec model;
    model.graph = std::make_shared<const Graph>(graph);
    TrainSpec spec = a_training(1, 0.001);
    spec.loss = LossChoice::mse;
    TrainOptions how;
    const auto qat = make_qat(graph, options);
    how.techniques = {qat};
    const auto learnt = train(model, spec, training(640), {}, unit_scale(), {}, how);
    ASSERT_TRUE(learnt) << learnt.error().to_string();

    // The same weights on the whole test subset, standing still.
    options.freeze = 1;
    spec.optimizer = *make_optimizer("sgd");
    spec.optimizer.learning_rate = 1e-38;
    const auto still = make_qat(graph, options);
    const auto recorder = std::make_shared<Recorder>();
    how.techniques = {still, recorder};
    how.initial = &learnt->weights;
    const auto shown = train(model, spec, testing_set(1024), {}, unit_scale(), {}, how);
    ASSERT_TRUE(shown) << shown.error().to_string();

    auto deployed = still->deployed(learnt->weights);
    ASSERT_TRUE(deployed) << deployed.error().to_string();
    ASSERT_EQ(recorder->outputs.size(), 1024u * 40);
    options.quantize.io = QuantizeOptions::Io::float32;
    const auto plain = make_qat(graph, options)->deployed(learnt->weights);
    ASSERT_TRUE(plain);
    DeployedModel file(plain->graph);
    size_t different = 0;
    std::set<std::vector<uint8_t>> answers;
    for (size_t i = 0; i < 1024; ++i) {
      const auto y = file.run(recorder->inputs.data() + i * 784 * 4);
      ASSERT_EQ(y.size(), 40u);
      different += std::memcmp(y.data(), recorder->outputs.data() + i * 40, 40) != 0;
      answers.emplace(y.begin(), y.end());
    }
    EXPECT_EQ(different, 0u) << (logits ? "logits" : "probabilities");
    EXPECT_GT(answers.size(), logits ? 500u : 20u) << "the model tells pictures apart";
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, QatExact,
                         testing::Values(Case{"cnn_8", trained_cnn, QatOptions::Ranges::moving_average, 8},
                                         Case{"cnn_4_learned", trained_cnn, QatOptions::Ranges::learned, 4},
                                         Case{"cnn_2", trained_cnn, QatOptions::Ranges::moving_average, 2},
                                         Case{"mlp_8_learned", trained_mlp, QatOptions::Ranges::learned, 8},
                                         Case{"mlp_4", trained_mlp, QatOptions::Ranges::moving_average, 4},
                                         Case{"mlp_ternary_learned", trained_mlp, QatOptions::Ranges::learned,
                                              kTernaryBits},
                                         Case{"cnn_3_short", trained_cnn, QatOptions::Ranges::moving_average, 3,
                                              QuantizeOptions::Io::int8, true},
                                         Case{"mlp_4_short_learned", trained_mlp, QatOptions::Ranges::learned, 4,
                                              QuantizeOptions::Io::float32, true},
                                         Case{"lstm_8", trained_lstm, QatOptions::Ranges::moving_average, 8},
                                         Case{"lstm_4_learned", trained_lstm, QatOptions::Ranges::learned, 4}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(QatExactValidation, AccuracyOfTrainingIsAccuracyOfTheFile) {
  for (const auto& [graph, io] : {std::pair{&trained_cnn(), QuantizeOptions::Io::float32},
                                  std::pair{&trained_lstm(), QuantizeOptions::Io::float32},
                                  std::pair{&trained_mlp(), QuantizeOptions::Io::int8}}) {
    QatOptions options;
    options.quantize.bits = 4;
    options.quantize.io = io;
    const auto qat = make_qat(*graph, options);
    Retraining how = a_retraining(2);
    how.validation = testing_set(1000);
    const auto result = retrain(*graph, how, {qat});
    ASSERT_TRUE(result) << result.error().to_string();
    options.quantize.io = QuantizeOptions::Io::float32;
    const auto deployed = make_qat(*graph, options)->deployed(result->weights);
    ASSERT_TRUE(deployed);
    const double file = static_cast<double>(correct(deployed->graph, how.validation)) / 1000;
    EXPECT_DOUBLE_EQ(result->epochs.back().val_accuracy, file);
    EXPECT_GT(file, 0.5);
    // And the types of inputs and outputs are those asked for.
    const auto asked = qat->deployed(result->weights);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->graph.at(asked->graph.inputs[0]).type, io == QuantizeOptions::Io::int8 ? DType::i8 : DType::f32);
  }
}

}  // namespace
}  // namespace thimble::test
