// Distillation: a network learns from the answers of another one as well as from the labels.
//
// The teacher runs on each batch before the step; its softened answer goes into the loss through a variable of the
// training graph. With classes, temperature T and weight α (Hinton, Vinyals and Dean, "Distilling the Knowledge in a
// Neural Network", 2015):
//   loss = (1 − α) · hard + α · T² · H(softmax(teacher logits / T), softmax(student logits / T))
// H is the cross-entropy, mean over the batch; T² keeps its gradient the size of the hard loss's. A network with one
// sigmoid at the end uses sigmoid and binary cross-entropy in place of softmax. Without classes:
//   loss = (1 − α) · hard + α · mean((teacher output − student output)²)
// Feature matching adds weight · mean((teacher tensor − student tensor)²) for a pair of tensors of equal shape.
#pragma once

#include "runtime/program.h"
#include "train/technique.h"

namespace thimble {

struct DistillOptions {
  std::shared_ptr<const Graph> teacher;  // inference graph: float32, or quantised throughout
  std::string teacher_name;              // for descriptions
  double temperature = 4;                // above 0
  double alpha = 0.7;                    // 0 … 1: how much of the loss is the teacher's
  // Feature matching: names of tensors between the layers; empty: none.
  std::string student_feature, teacher_feature;
  double feature_weight = 1;
  int threads = 1;
};

Status check(const DistillOptions& options);  // errors: usage

class Distillation final : public Technique {
 public:
  explicit Distillation(DistillOptions options) : options_(std::move(options)) {}
  ~Distillation() override;

  std::string describe() const override;
  // Errors: usage (another number of classes or inputs, an unknown feature, shapes that differ), unsupported.
  Result<TensorId> extend_loss(Builder& b, const Model& model, TensorId loss) override;
  Status before_step(FitView& fit) override;

 private:
  enum class Answer { softmax, sigmoid, values };
  // The teacher's graph in the batch of the training, with the tensors that are read as its outputs.
  Status plan_teacher(int64_t batch, int64_t inputs);
  Status add_feature(Builder& b, const Model& model, TensorId* loss);
  void read(size_t output, std::span<float> to);

  DistillOptions options_;
  Answer answer_ = Answer::values;
  std::unique_ptr<Session> session_;
  TensorId soft_ = kNoTensor, feature_ = kNoTensor;  // variables of the training graph
  std::vector<float> values_;
};

}  // namespace thimble
