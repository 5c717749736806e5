// Quantisation-aware training, bit-exact: the integer graph itself runs beside the float one. Before each
// step the current weights are quantised by the same code as on export, the integer graph runs the batch,
// and its integers take the place of every quantised weight and activation in the float training graph
// (operator fake_quantize); gradients pass straight through. What is learned from is what will be deployed,
// byte for byte, and validation runs the integer graph.
//
//   THIMBLE_ASSIGN(auto qat, Qat::make(float_graph, options, samples));
//   options.techniques = {prune, cluster, qat};                       // after others that look for weights
//   THIMBLE_ASSIGN(const TrainResult trained, train(spec, …));        // spec.graph is float_graph
//   THIMBLE_ASSIGN(const Quantized integer, qat->deployed(trained.weights));
#pragma once

#include "compress/quantize/quantize.h"
#include "train/technique.h"

namespace thimble {

struct QatOptions {
  // Form of the result: layers (the others stay float, and train as such), bits, layer_bits,
  // per_tensor_weights, io. `to` is int8. The calibration gives the first ranges.
  QuantizeOptions quantize;
  // Ranges of activations: moving averages of each batch's least and greatest value with weights scaled
  // to what they are at each step; or scales of both learned by gradient (LSQ), as multiples of the
  // initial ones, zero points fixed.
  enum class Ranges { moving_average, learned } ranges = Ranges::moving_average;
  double decay = 0.99;   // of the moving averages
  double freeze = 0.25;  // moving averages stand still in this last part of the training
};

class QatModel;

class Qat final : public Technique {
 public:
  // `float_graph`: an inference graph with batch normalisation folded, as read_tflite or deployable_graph
  // give it; the model in training must be imported from it (ModelSpec::graph). `samples`, as in quantize(),
  // are kept: ranges inside fused operators (LSTM cells) are measured again during training.
  // Errors: those of quantize() and import_model.
  static Result<std::shared_ptr<Qat>> make(const Graph& float_graph, const QatOptions& options,
                                           const CalibrationSamples& samples);
  ~Qat() override;

  // The integer graph of trained weights (TrainResult::weights: parameters, ranges and learned scales), with
  // sizes and reasons as from quantize().
  Result<Quantized> deployed(const Weights& weights) const;

  std::string describe() const override;
  Status rewrite(Model& model) override;
  Status begin(FitView& fit) override;
  Status before_step(FitView& fit) override;
  Status after_step(FitView& fit) override;
  Result<std::optional<Graph>> inference_graph(const Weights& weights, int64_t batch) override;

 private:
  Qat();
  class Rewriter;
  struct Site;  // one fake_quantize of the training graph
  struct State;
  Weights current(FitView& fit) const;
  Status recalibrate(FitView& fit);

  std::unique_ptr<State> state_;
};

}  // namespace thimble
