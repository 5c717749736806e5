// What a model answers on a test set: the same code for `thimble eval` and for studies.
#pragma once

#include <functional>

#include "data/dataset.h"
#include "data/feeding.h"
#include "measure/regression.h"
#include "runtime/program.h"
#include "runtime/tensor_values.h"

namespace thimble {

// What the outputs mean, told from the operator that makes them.
enum class OutputKind { probabilities, log_probabilities, scores, values };
OutputKind output_kind(const Graph& graph, bool classes);

struct EvaluationResult {
  int64_t n = 0, correct = 0;
  int64_t width = 0;                            // outputs per sample
  double accuracy = -1, loss = 0;               // loss: cross-entropy for classes, mean squared error otherwise
  std::vector<float> outputs;                   // n × width, dequantised
  std::vector<int32_t> predictions;             // classes only
  std::vector<std::vector<int64_t>> confusion;  // [truth][prediction], classes only
  RegressionScore regression;                   // numbers only
};

struct EvaluateOptions {
  int threads = 1;  // independent sessions side by side; the result does not depend on it
  std::function<bool()> cancelled;
  std::function<void(int64_t done, int64_t total)> progress;
};

// Feeds sample i of `set` through `feeding` into input 0 (quantised where the input is an
// integer tensor). Errors: usage (the set does not fit the model), interrupted.
Result<EvaluationResult> evaluate_model(const Graph& graph, const Dataset& set, const Feeding& feeding,
                                        const EvaluateOptions& options = {});

// Fills predictions, confusion, accuracy, loss and errors from `n`, `width` and `outputs`: of the set's first n
// samples.
void score_outputs(const Graph& graph, const Dataset& set, EvaluationResult* result);

// A warning where the answers are no better than a constant: the commonest class, the mean of the targets. Mostly that
// means that the model is fed wrongly. Empty where they are better, and for fewer than 20 samples.
std::string constant_warning(const EvaluationResult& result, const Dataset& set);

// The samples of a set as the bytes of an input tensor. Every command and study puts samples into a finished network
// through here; training and calibration take floats, by Batches and calibration_samples.
class SampleFeed {
 public:
  SampleFeed(const Tensor& input, Dataset set, Feeding feeding);
  // memory: input.bytes() of it.
  void put(int64_t i, std::span<uint8_t> memory);

 private:
  Tensor input_;
  Dataset set_;
  Feeding feeding_;
  std::vector<float> values_;
};

// NumPy's name of an element type without byte order ("f4", "i1"); empty where NumPy has none.
std::string npy_type(DType type);

// Errors: unsupported, for an input of free height, width … (−1 in its shape signature), whose shape is a placeholder.
Status refuse_free_dims(const Tensor& input);
// Checks that the model's first input takes one sample of the set, and its first output what the set asks for.
Status check_fits(const Graph& graph, const Dataset& set);

}  // namespace thimble
