// The integer model that belongs to float weights in training: which names carry its ranges and learned
// scales, and how to build it for any batch size. Private to the compress room.
#pragma once

#include "compress/qat/qat.h"
#include "compress/quantize/int8_plan.h"
#include "train/inference_form.h"

namespace thimble {

// A weight of the model in training and the constants of the inference graph that are made of it: one, or
// the four gates of an LSTM matrix, each a part of it.
struct QatWeight {
  size_t node = 0, input = 0;                    // in the model's graph
  std::string name;                              // of the tensor there
  std::vector<std::pair<size_t, size_t>> parts;  // (node, input) in the inference graph
  int64_t scales = 1, inner = 1;                 // as of fake_quantize
  int bits = 8;
};

// One that is computed: the model's tensor, and the one that stands for it in the inference graph.
struct QatActivation {
  TensorId tensor = kNoTensor, source = kNoTensor;
  bool all_readers = false;  // computed in int8: a float reader sees the integers' values as well
  bool watched = true;       // false: only moves values, which are exact already
};

class QatModel {
 public:
  struct Built {
    Graph source;  // float inference graph with these weights
    compress::Int8Layout layout;
    compress::Int8Graph made;
  };

  static Result<std::unique_ptr<QatModel>> make(const Graph& float_graph, const QatOptions& options,
                                                const CalibrationSamples& samples);

  const QatOptions& options() const { return options_; }
  // Weights that are missing are the original ones; so are ranges and scales.
  Result<Built> build(const Weights& weights, int64_t batch, QuantizeOptions::Io io) const;
  // What of the model's graph is quantised. `model` is in training: the one that was given, imported at `batch`;
  // `built` is of the same batch. Errors: internal (another model).
  Result<std::vector<QatWeight>> weights(const Model& model, const Built& built, int64_t batch) const;
  Result<std::vector<QatActivation>> activations(const Model& model, const Built& built, int64_t batch) const;

  // ---- names of what training keeps beside the weights ----
  static std::string range_name(const std::string& tensor) { return tensor + "/range"; }
  static std::string inner_name(const std::string& node) { return node + "/inner_ranges"; }
  static std::string learned_name(const std::string& tensor) { return tensor + "/learned_scale"; }
  // The tensor whose learned scale an activation of the inference graph has; empty if its scale is fixed.
  std::string scale_owner(const Built& built, TensorId source) const;

  // Ranges that no tensor of the training graph shows: of values inside fused nodes and of tensors that
  // exist in the inference graph only. By the name of the statistic; first values, or measured anew.
  struct HiddenRange {
    bool inside_node = false;
    std::vector<float> values;
  };
  using HiddenRanges = std::map<std::string, HiddenRange>;
  const HiddenRanges& hidden_ranges() const { return hidden_; }
  Result<HiddenRanges> measure_hidden(const Weights& weights) const;
  ValueRange initial_range(const std::string& tensor) const;

 private:
  // The model at a batch size, as the trainer imports it, and the inference graph that belongs to it.
  struct Form {
    Model model;
    InferenceForm inference;
  };
  Result<const Form*> form(int64_t batch) const;
  // The form of the model in training, which techniques may have added to.
  Result<const Form*> form_of(const Model& model, int64_t batch) const;
  Result<Graph> float_graph(const Weights& weights, int64_t batch) const;
  CalibratedRanges ranges(const Graph& source, const compress::Int8Layout& layout, const Weights& weights) const;
  void apply_learned(const Graph& source, const compress::Int8Layout& layout, const Weights& weights,
                     compress::Int8Plan& plan) const;
  Result<HiddenRanges> hidden_of(const Graph& source, const compress::Int8Layout& layout,
                                 const CalibratedRanges& ranges) const;
  Status find_learned(const Built& built);

  QatOptions options_;
  ModelSpec spec_;
  CalibrationSamples samples_;
  mutable std::map<int64_t, Form> forms_;
  std::map<std::string, ValueRange> initial_;             // per tensor of the inference graph
  std::map<std::string, std::vector<ValueRange>> inner_;  // per node of it
  HiddenRanges hidden_;
  // Learned scales of weights: constant → its original scales and where its factors are.
  struct Factors {
    std::string parameter;
    size_t at = 0;
    std::vector<float> base;
  };
  std::map<std::string, Factors> learned_;
  std::map<std::string, bool> per_channel_;  // constants with several scales: what was so at first stays so
};

// `graph` with float32 inputs and outputs, converted where they are integers.
Graph with_float_ends(Graph graph);

}  // namespace thimble
