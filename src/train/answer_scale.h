// A regression's model answers in the units of its targets ("250,000 euros"), but learns them scaled to about −2 … 2
// (Feeding::target_mean, target_deviation). So the scaling is part of the network: of its last dense layer's weights
// and biases where all columns share a deviation (a power of two, so that nothing is rounded), else a MUL and an ADD
// behind it. Whoever trains the model further takes it out before and puts it back after. The model's metadata says
// that it is there.
#pragma once

#include "data/feeding.h"
#include "graph/graph.h"
#include "train/spec.h"

namespace thimble {

struct AnswerScale {
  std::vector<float> mean, deviation;  // per target column; answer = network · deviation + mean
  std::string metadata;                // what take_answer_scale found, which put_answer_scale restores

  bool on() const { return !mean.empty(); }
  bool one_deviation() const;
  // Within four deviations of 0 for every column: an int8 answer, whose range must include 0, keeps its precision.
  bool near_zero() const;
};

// Of targets that the feeding scales.
AnswerScale answer_scale(const Feeding& feeding);
// Of a model whose metadata says that it scales its answers; else one that is not on().
AnswerScale answer_scale(const Graph& graph);

// Whether the network's last layer gives any number: nothing but what moves values stands behind a dense or convolution
// layer without activation (an imported graph: it ends in such a dense layer). Only such networks can learn scaled
// targets.
bool has_linear_answer(const ModelSpec& spec);

// The network behind the answers: the scale that its metadata tells of leaves the graph and the metadata, and `feeding`
// (may be null) scales targets so. One that is not on(): nothing to do. Errors: unsupported where the last layers are
// not those that put_answer_scale left.
Result<AnswerScale> take_answer_scale(Graph& graph, Feeding* feeding = nullptr);
// The same with a scale that is not in the metadata.
Status remove_answer_scale(Graph& graph, const AnswerScale& scale);
// The other way; float32 or integer models with a float32 output. Errors: internal (shapes).
Status put_answer_scale(Graph& graph, const AnswerScale& scale);
// The scale as a MUL and an ADD behind the float32 output, whatever stands before.
Status append_answer_scale(Graph& graph, const AnswerScale& scale);

}  // namespace thimble
