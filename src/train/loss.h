// Which loss a model is trained with, and what predictions are worth: the same formulas for the
// training graph, for validation and for `thimble eval`.
#pragma once

#include "data/dataset.h"
#include "ops/loss/loss.h"
#include "train/model.h"
#include "train/trainer.h"

namespace thimble {

// How predictions are judged: the fused form from logits, or one of the plain ones.
struct LossPlan {
  bool from_logits = false;  // softmax_crossentropy on Model::logits
  LossAttrs attrs;           // of the plain form on Model::output; also what evaluate() uses
  bool classes = false;      // int32 labels, accuracy is defined
  bool one_hot = false;      // labels are given as distributions (categorical, binary with classes …)
  // Of each class, where some count more in training (class_weights.h): targets are then rows of the weighted
  // distribution (cross-entropy), or the loss multiplies (binary).
  std::vector<float> class_weights;
  bool integer_labels() const { return classes && !one_hot && class_weights.empty() && is_classification(attrs.kind); }
};

// Chooses for the last activation and the data (automatic), or checks the user's choice.
Result<LossPlan> plan_loss(LossChoice choice, double label_smoothing, const Model& model, const Dataset& data);

// Sums over rows of `width` outputs. Labels or targets as in Batch.
struct LossSum {
  double loss = 0;
  int64_t correct = 0, rows = 0;
};
void add_losses(const LossPlan& plan, const float* outputs, int64_t rows, int64_t width, const int32_t* labels,
                const float* targets, LossSum* sum);
// The class with the largest output; ties go to the lower index.
int64_t arg_max(const float* outputs, int64_t width);

}  // namespace thimble
