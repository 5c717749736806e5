// What to train and how, as plain structs: the recipe fills them, the trainer reads them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/word.h"
#include "graph/graph.h"
#include "kernels/update.h"

namespace thimble {

// One layer. `word` is the layer word of the recipe (conv2d, dense, max_pool …), `size` its main
// value (filters, units, window, rate, slope). Fields that a word does not use keep their default.
struct LayerSpec {
  std::string word;
  std::string name;  // default: word and position, "dense_1"
  double size = 0;
  int kernel_h = 3, kernel_w = 3;
  int stride_h = 0, stride_w = 0;  // 0: the word's default (1; the window for pools)
  int window_h = 0, window_w = 0;  // pools
  int dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::valid;
  int groups = 1;
  int64_t depth_multiplier = 1;  // separable_conv2d
  bool bias = true;
  std::string activation;             // "" = linear
  double activation_alpha = -1;       // slope of leaky_relu, elu …; negative: the function's default
  std::string initializer;            // "" = glorot_uniform; "xavier:MAGNITUDE" …
  std::string recurrent_initializer;  // lstm, gru: "" = orthogonal
  bool return_sequences = false;
  double momentum = 0.99, epsilon = 1e-3;  // batch_norm, layer_norm
  bool norm_scale = true;                  // batch_norm: learns a factor per channel
  std::vector<int64_t> shape;              // reshape, zero_pad {top, bottom, left, right}
  // residual: one, or two with a shortcut in place of the input itself; parallel: several
  std::vector<std::vector<LayerSpec>> branches;
  bool split = false;  // parallel: each branch gets its share of the channels instead of all of them
};

struct ModelSpec {
  std::vector<int64_t> input;  // without the batch dimension
  std::vector<LayerSpec> layers;
  std::string file;                    // import instead: a float .tflite
  std::shared_ptr<const Graph> graph;  // the imported file, which the caller has read
  int trainable_layers = 0;            // imported: only the last N layers with weights (0 = all)
  // Transfer learning: `graph` is then what stands before its last layer with weights, or before `cut`
  // (train/new_head.h), and these layers follow it.
  std::vector<LayerSpec> new_head;
  std::string cut;                        // the tensor that new_head reads; "": found
  int frozen_layers = 0;                  // imported: the first N layers with weights stay as they are
  static constexpr int kAll = INT32_MAX;  // of frozen_layers
  // Or a named one, which expand_architecture (architecture.h) turns into layers.
  std::string architecture;
  double alpha = 1.0;     // width multiplier
  double momentum = 0.9;  // of its batch norms; lower than Keras's 0.99 so that short trainings settle
  int64_t classes = 0;
};

struct OptimizerSpec {
  UpdateRule rule = UpdateRule::adam;
  double learning_rate = 0.001;
  bool decoupled_weight_decay = false;                      // adamw, lion with decay
  std::map<std::string, double> parameters;                 // momentum, beta_1, epsilon … over the defaults of Keras
  double weight_decay = 0;                                  // decoupled, for every rule (Keras 3)
  double clipnorm = 0, clipvalue = 0, global_clipnorm = 0;  // 0 = off
};

// "adam" → rule and Keras defaults; did-you-mean on a miss. Names: sgd, rmsprop, adam, adamw,
// adadelta, adagrad, adamax, nadam, ftrl, lion.
Result<OptimizerSpec> make_optimizer(std::string_view name);
// Checks a parameter name and value against the rule and sets it.
Status set_optimizer_parameter(OptimizerSpec& spec, std::string_view key, double value);
std::vector<Word> optimizer_vocabulary();

struct ScheduleSpec {
  enum class Kind {
    constant,
    exponential,
    piecewise,
    polynomial,
    inverse_time,
    cosine,
    cosine_restarts
  } kind = Kind::constant;
  double warmup_epochs = 0;  // linear from 0 to the learning rate
  double decay_steps = 0;    // in epochs; 0: the whole training
  double decay_rate = 0.96;
  bool staircase = false;
  double end = 0;  // polynomial: final rate; cosine: alpha, final fraction
  double power = 1, t_mul = 2, m_mul = 1;
  std::vector<double> boundaries;  // piecewise, in epochs
  std::vector<double> values;      // piecewise: boundaries + 1 learning rates
};

// "cosine" → its kind. Errors: usage, with the word that was meant.
Result<ScheduleSpec::Kind> schedule_kind(std::string_view name);
std::vector<Word> schedule_vocabulary();

enum class LossChoice {
  automatic,
  sparse_categorical_crossentropy,
  categorical_crossentropy,
  binary_crossentropy,
  mse,
  mae,
  huber,
  kl_divergence
};
Result<LossChoice> loss_choice(std::string_view name);
const char* name(LossChoice loss);
std::vector<Word> loss_vocabulary();

struct EarlyStoppingSpec {
  bool on = false;
  std::string monitor = "val_loss";
  int patience = 10;
  double min_delta = 0;
  bool restore_best = true;
};

struct PlateauSpec {
  bool on = false;
  std::string monitor = "val_loss";
  double factor = 0.1, min_delta = 1e-4, min_lr = 0;
  int patience = 10, cooldown = 0;
};

struct ClassWeightSpec {
  bool balanced = false;                  // by how rare each class is
  std::map<std::string, double> weights;  // by name; classes left out: 1
  bool on() const { return balanced || !weights.empty(); }
};

struct TrainSpec {
  OptimizerSpec optimizer;
  ScheduleSpec schedule;
  LossChoice loss = LossChoice::automatic;
  double label_smoothing = 0;
  ClassWeightSpec class_weights;
  int64_t batch = 32;
  int epochs = 10;
  uint64_t seed = 1;
  double average = 0;  // decay of an exponential moving average of the weights, which is then the result; 0 = off
  EarlyStoppingSpec early_stopping;
  PlateauSpec plateau;
  bool keep_best = false;                     // the result is the epoch with the best monitored value
  std::string best_monitor = "val_accuracy";  // of numbers: val_loss
  std::string csv_log, tensorboard;           // files; "" = none
};

}  // namespace thimble
