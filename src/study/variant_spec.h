// What a [[variant]] of a recipe asks for: the stages that make it from the trained model, in the order in which they
// run: (network or student) → shrink → prune → cluster → qat or quantize, each keeping what came before it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "compress/cluster/cluster.h"
#include "compress/mixed_precision/mixed_precision.h"
#include "compress/prune/prune.h"
#include "compress/qat/qat.h"
#include "compress/quantize/quantize.h"
#include "compress/shrink/shrink.h"
#include "study/compression.h"
#include "study/options/fields.h"
#include "train/spec.h"

namespace thimble {

// What a stage changes in the recipe's [train]; see fine_tuning() for the rest.
struct StageTraining {
  int epochs = 0;            // 0: a fifth of [train].epochs, from 1 to 10
  double learning_rate = 0;  // 0: usual_rate() of [train]'s
};

// Another architecture, trained from nothing with the whole [train] but for what `training` changes.
struct NetworkStage {
  std::vector<LayerSpec> layers;  // of `architecture` too, once the recipe has been read
  std::string architecture;       // a named one in place of layers
  double alpha = 1;               // its width multiplier
  StageTraining training;
  double decay_epochs = 0;  // length of the schedule; 0: [train]'s
  Form form;
};

// The same network trained on: the fair baseline of techniques that train on.
struct ContinueStage {
  StageTraining training;
  Form form;
};

// The texts of the following are read by complete() of options/stages.h.
struct ShrinkStage {
  std::optional<double> keep;
  ShrinkPlan plan;
  StageTraining training;  // after each round
  Form form;
};

struct PruneStage {
  std::optional<double> sparsity;
  std::string block, pattern;  // "1x4", "2:4"
  PruneOptions options;
  StageTraining training;
  Form form;
};

struct ClusterStage {
  ClusterOptions options;
  StageTraining training;
  Form form;
};

// Quantisation-aware training: what comes out is the integer model.
struct QatStage {
  QatOptions options;
  int64_t calibration_samples = 500;
  StageTraining training;
  Form form;
};

// Quantisation without training.
struct QuantizeStage {
  QuantizeOptions options;
  std::string calibration = "minmax";  // "percentile:99.9"
  int64_t calibration_samples = 500;
  std::string goal;                // of `mixed`
  std::optional<MixedGoal> mixed;  // bits per layer, chosen on validation samples among `widths`
  std::vector<int> widths{8, 4, 2};
  int64_t validate = 5000;
  bool implied_int8 = false;  // `to` need not be given
  Form form;
};

// A teacher for the variant's trainings; a training of its own where there is no other, or for a student.
struct DistillStage {
  std::string teacher;  // an earlier variant, or a .tflite file beside the recipe
  double temperature = 4, alpha = 0.7;
  std::string student_feature, teacher_feature;
  double feature_weight = 1;
  std::vector<LayerSpec> student;  // another architecture, trained from nothing with the whole [train]; empty: the same
  StageTraining training;
  Form form;
};

// The combination of all these that meets a goal, found by itself: the integer model.
struct SearchStage {
  CompressionGoal goal;
  int passes = kSearchPasses;  // samples to train on in all, as passes over the training part
  Form form;
};

// Endings of files that a variant may be written as; what is measured is that file, read again.
inline constexpr std::array<const char*, 3> kVariantFormats{"tflite", "onnx", "thim"};

struct VariantSpec {
  std::string name;
  std::string format = "tflite";  // of its file: one of kVariantFormats
  std::string from;               // an earlier variant whose float model this one starts from; empty: the trained model
  std::optional<NetworkStage> network;
  std::optional<DistillStage> distill;
  std::optional<ContinueStage> go_on;  // key: continue
  std::optional<ShrinkStage> shrink;
  std::optional<PruneStage> prune;
  std::optional<ClusterStage> cluster;
  std::optional<QatStage> qat;
  std::optional<SearchStage> search;  // in place of the other stages
  std::optional<QuantizeStage> quantize;

  std::string file_name() const { return name + "." + format; }
};

}  // namespace thimble
