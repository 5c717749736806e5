// From the trained model to a variant's float model: the trainings that its [[variant]] table asks for, one after the
// other, each with a checkpoint of its own, so that an interrupted study loses no finished one.
#pragma once

#include <map>

#include "compress/retrain.h"
#include "study/session_data.h"
#include "study/study.h"

namespace thimble {

// What all variants of one trained model share.
struct StageContext {
  const Recipe& recipe;
  const StudyData& data;
  const StudyHooks& hooks;
  int threads = 1;
  bool resume = false;
  uint64_t seed = 1;
  std::string label;        // "seed 1": in progress lines
  std::string checkpoints;  // folder
  std::string tag;          // "seed1": checkpoints are FOLDER/VARIANT.TAG.STAGE.ckpt
};

// A variant on its way: the model, and what the next stages and the report must know.
struct Staged {
  Graph graph;
  bool pruned = false, clustered = false;  // zeros, and equal weights, that later stages keep
  bool per_channel = false;                // how clustered
  std::optional<Quantized> quantized;      // after quantisation-aware training; `graph` is what it was made of
  std::vector<std::string> summary;        // "prune 80 %", "cluster 16"
  std::vector<std::string> settings;       // one sentence per stage
  std::vector<std::vector<EpochRecord>> epochs;
  std::vector<std::string> stage_names;  // of each training in `epochs`

  void add_training(std::string stage, std::vector<EpochRecord> records) {
    stage_names.push_back(std::move(stage));
    epochs.push_back(std::move(records));
  }
};

// The training of a stage: fine_tuning() of the recipe's [train] with the stage's own settings.
TrainSpec stage_training(const TrainSpec& base, const char* name, const StageTraining& stage, uint64_t seed);

class VariantStages {
 public:
  // trained: the deployable float graph.
  VariantStages(StageContext context, const Graph& trained);

  // Runs the stages of one variant. What it made is remembered for later variants that start from it or learn from it.
  // Errors: those of retrain(), with the stage's name; interrupted.
  Result<Staged> run(const VariantSpec& spec);

 private:
  Status distil_alone(const VariantSpec& spec, Staged* s);
  // Trains another architecture from nothing; `stage` names it: "network" or "student".
  Status train_network(const VariantSpec& spec, const char* stage, const NetworkStage& network, Staged* s);
  // Trains on with nothing changed: what a technique that trains on is to be compared with.
  Status go_on(const VariantSpec& spec, Staged* s);
  Status shrink(const VariantSpec& spec, Staged* s);
  Status prune(const VariantSpec& spec, Staged* s);
  Status cluster(const VariantSpec& spec, Staged* s);
  Status qat(const VariantSpec& spec, Staged* s);
  Status search(const VariantSpec& spec, Staged* s);

  // One training of the variant's model with these techniques; a teacher and what must be kept are added.
  Status retrained(const VariantSpec& spec, const char* stage, const StageTraining& training, Techniques techniques,
                   Staged* s, Weights* weights = nullptr);
  Result<Techniques> companions(const VariantSpec& spec, const Staged& s);
  Retraining retraining(const VariantSpec& spec, const char* stage, const StageTraining& training) const;
  Techniques keepers(const Staged& s) const;
  Result<std::shared_ptr<Technique>> teacher(const DistillStage& stage);
  std::string checkpoint(const VariantSpec& spec, const char* stage) const;
  std::string label(const VariantSpec& spec, const char* stage) const;

  StageContext context_;
  Staged trained_;
  std::map<std::string, Staged> made_;
};

}  // namespace thimble
