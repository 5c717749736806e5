// A trained float model goes on learning, with techniques that make it smaller: what every compression that trains
// (pruning, clustering, distillation, quantisation-aware training, fine-tuning after channels are removed) is built on.
#pragma once

#include "train/model.h"
#include "train/trainer.h"

namespace thimble {

// The data, and how to learn from them.
struct Retraining {
  Dataset train, validation;  // validation may be empty
  Feeding feeding;
  Augment augment;
  TrainSpec spec;
  int threads = 1;
  std::string checkpoint;  // file; "" = none
  bool resume = false;     // go on from `checkpoint`; a finished one gives its result without training
  TrainHooks hooks;
};

struct Retrained {
  Graph graph;  // float32, as given but with the new weights (of the epoch to keep, or their average)
  std::vector<EpochRecord> epochs;
  Weights weights;           // the same, and what techniques trained besides: Qat::deployed makes its graph of it
  bool interrupted = false;  // by a hook: the state is in the checkpoint, the graph is what there was by then
  double seconds = 0;
};

// What part of the learning rate of a training from nothing the further training of a technique needs: "shrink",
// "prune", "cluster", "qat", "distill", "continue". What takes much away has much to learn again.
double usual_rate(std::string_view technique);

// A training specification for a few more epochs on a trained model: that of `base` (data order, batch, optimiser,
// loss) with this learning rate, cosine decay to 0, and nothing that picks one of the epochs (a technique may only have
// reached its goal in the last one).
TrainSpec fine_tuning(const TrainSpec& base, int epochs, double learning_rate);

// Trains the float inference graph (batch normalisation folded; as deployable_graph or read_tflite give it). Names,
// metadata, signature and everything that is not trained are kept; a model that scales its answers learns targets
// scaled alike (train/answer_scale.h), and `weights` are those behind its answers. Weights and biases of dense,
// convolution and LSTM layers and slopes of PReLU are trained. Errors: unsupported (a quantised model, several inputs),
// and those of train().
Result<Retrained> retrain(const Graph& float_graph, const Retraining& how, const Techniques& techniques = {});

}  // namespace thimble
