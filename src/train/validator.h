// What a model in training is worth on samples that it does not learn from.
#pragma once

#include <memory>
#include <optional>

#include "data/batches.h"
#include "runtime/program.h"
#include "train/loss.h"
#include "train/trainer.h"

namespace thimble {

class Validator {
 public:
  // Plans the inference form of the model on batches of up to 128. Nothing to do for an empty set.
  Status prepare(const ModelSpec& spec, const Dataset& set, const Feeding& feeding, const LossPlan& loss,
                 const TrainOptions& options, std::shared_ptr<ThreadPool> pool);
  bool on() const { return batches_.has_value(); }

  // Loss and accuracy with these weights; of the graph that a technique would deploy, where one says so.
  Result<Evaluation> run(const Weights& weights);

 private:
  Status plan(Graph graph);

  Model model_;
  LossPlan loss_;
  Techniques techniques_;
  int threads_ = 1;
  std::shared_ptr<ThreadPool> pool_;
  std::unique_ptr<Session> session_;
  std::optional<Batches> batches_;
  int64_t batch_ = 0;
  std::vector<int32_t> labels_;
  std::vector<float> targets_;
};

}  // namespace thimble
