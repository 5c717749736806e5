#include "study/recipe_keys.h"

#include <algorithm>

#include "study/recipe.h"
#include "study/toml_reader.h"

namespace thimble {
namespace {

// Every table that a recipe can have is there, so that its reader asks for every key; what it says does not matter.
constexpr const char* kSpecimen = R"([study]
[data]
set = "csv:a"
split = {}
augment = {}
task = "regression"
header = true
[model]
input = [8, 8, 1]
layers = [ { conv2d = 1 }, { residual = [ { dense = 1 } ], shortcut = [] }, { parallel = [ [] ] } ]
[train]
optimizer = { adam = 0.001 }
schedule = { cosine = {} }
early_stopping = {}
reduce_on_plateau = {}
[[variant]]
[measure]
[sweep]
variants = ["float32"]
)";

struct Sentence {
  const char* path;
  const char* about;
};
constexpr Sentence kSentences[] = {
    {"study.name", "names the output folder out/NAME and the models"},
    {"study.title", "heading of the report"},
    {"study.seed", "of weights, data order, augmentation, dropout and shuffled splits; default 1"},
    {"study.repeats", "trainings with seeds seed, seed + 1, …; tables show mean ± deviation"},
    {"study.variants", "names of the variants to make, with what they start from"},
    {"data.set", "the data set: a name, or folder:, csv:, npz:, function: (thimble words datasets)"},
    {"data.split", "sizes of the parts: { train = N, validation = N, test = N }"},
    {"data.split.train", "samples to train on"},
    {"data.split.validation", "samples to choose by: the last ones of the training part"},
    {"data.split.test", "samples to measure on"},
    {"data.scale", "how values become inputs: \"0..1\", \"-1..1\", \"standard\" or \"none\""},
    {"data.augment", "changes of training pictures: { shift = 2, flip = true }"},
    {"data.augment.shift", "pixels to all sides"},
    {"data.augment.rotate", "degrees to both sides"},
    {"data.augment.scale", "fraction by which the size changes"},
    {"data.augment.shear", "fraction by which lines are slanted"},
    {"data.augment.elastic", "pixels by which places are moved smoothly"},
    {"data.augment.noise", "deviation, as a fraction of the range"},
    {"data.augment.erase", "probability that a rectangle is erased"},
    {"data.augment.thicken", "probability that strokes become thicker"},
    {"data.augment.flip", "half of the pictures mirrored"},
    {"data.extra_test", "further test sets, reported beside the first"},
    {"data.inputs", "csv: input columns; default: all but the target"},
    {"data.target", "csv: target column; default: the last"},
    {"data.categories", "csv: columns of numbers that are names: one input for each of their values"},
    {"data.task", "\"classification\" or \"regression\"; default: what loss and last layer say"},
    {"data.missing", "csv: \"drop\" the rows with missing values, \"mean\" or a number in their place"},
    {"data.decimal", "csv: \",\" or \".\"; default: recognised"},
    {"data.header", "csv: whether the first line names the columns; default: recognised"},
    {"data.skip_bad", "folder: files that cannot be read are passed over and counted"},
    {"data.features", "folder of sounds: \"mfcc_tiny\", \"lfbe_tiny\" or \"micro_speech\", how they become inputs"},
    {"data.handwriting", "folder: pictures are brought to MNIST's convention"},
    {"data.target_scale", "regression: \"standard\" (default) or \"none\"; answers are in the table's own units"},
    {"data.limit", "at most so many training samples; 0: all"},
    {"model.input", "shape of one sample: [784], [28, 28], [28, 28, 1]"},
    {"model.file", "a float .tflite to go on from, beside the recipe"},
    {"model.architecture", "a named network (thimble words architectures)"},
    {"model.alpha", "with an architecture: width multiplier"},
    {"model.classes", "with an architecture: outputs of the last layer"},
    {"model.momentum", "with an architecture: of its batch norms"},
    {"model.trainable_layers", "with a file: train only the last N layers that have weights; 0: all"},
    {"model.new_head", "with a file: new layers in place of its last ones, for other classes"},
    {"model.cut", "with new_head: the tensor of the file that the new layers read; default: found"},
    {"model.freeze", "with a file: \"all\" (only new_head learns), or the first N layers with weights stay"},
    {"model.layers", "the layers, first to last (thimble words layers)"},
    {"model.layers.*.name", "of the layer; default: its word and number, dense_1"},
    {"model.layers.*.kernel", "size of a convolution's window; default 3"},
    {"model.layers.*.stride", "steps of the window; default 1, of pools their window"},
    {"model.layers.*.dilation", "distance of the window's places; default 1"},
    {"model.layers.*.padding", "\"valid\" (default), or \"same\": the output is as large as the input"},
    {"model.layers.*.groups", "conv2d: groups of channels that do not see each other; default 1"},
    {"model.layers.*.depth_multiplier", "separable_conv2d: results per channel; default 1"},
    {"model.layers.*.bias", "whether a number is added to each output; default true"},
    {"model.layers.*.activation", "what follows the layer (thimble words activations)"},
    {"model.layers.*.alpha", "slope of leaky_relu, elu …"},
    {"model.layers.*.initializer", "first weights (thimble words initializers)"},
    {"model.layers.*.recurrent_initializer", "lstm, gru: first recurrent weights; default orthogonal"},
    {"model.layers.*.return_sequences", "lstm, gru: the whole sequence instead of its last step"},
    {"model.layers.*.split", "parallel: each branch gets its share of the channels"},
    {"model.layers.*.shortcut", "residual: layers that the input goes through before it is added"},
    {"model.layers.*.momentum", "batch_norm: of the running averages; default 0.99"},
    {"model.layers.*.scale", "batch_norm: false: without a factor per channel that is learned; default true"},
    {"model.layers.*.epsilon", "batch_norm, layer_norm: added to the variance; default 0.001"},
    {"train.optimizer", "a name, or { name = learning rate, parameter = value } (thimble words optimizers)"},
    {"train.schedule", "of the learning rate: a word, or { word = { … } } (thimble words schedules)"},
    {"train.schedule.*.warmup", "epochs in which the rate rises from 0"},
    {"train.schedule.*.decay_epochs", "epochs of the decay; default: the whole training"},
    {"train.schedule.*.decay_rate", "exponential, inverse_time: how strongly; default 0.96"},
    {"train.schedule.*.staircase", "exponential, inverse_time: in steps"},
    {"train.schedule.*.end", "polynomial: the last rate"},
    {"train.schedule.*.alpha", "cosine: the last rate as a fraction of the first"},
    {"train.schedule.*.power", "polynomial: 1 is a straight line"},
    {"train.schedule.*.t_mul", "cosine_restarts: each cosine so many times as long; default 2"},
    {"train.schedule.*.m_mul", "cosine_restarts: and so many times as high; default 1"},
    {"train.schedule.*.boundaries", "piecewise: epochs at which the rate changes"},
    {"train.schedule.*.values", "piecewise: the rates, one more than boundaries"},
    {"train.loss", "default: follows from the last layer and the data (thimble words losses)"},
    {"train.class_weight", "\"balanced\", or a weight by name: { cat = 2, dog = 1 }"},
    {"train.label_smoothing", "share of the target that goes to all classes; default 0"},
    {"train.batch", "samples per step; default 32"},
    {"train.epochs", "passes over the training part; default 10; 0: the first weights stay, for measuring"},
    {"train.average", "decay of a moving average of the weights, which is then the result; 0: off"},
    {"train.keep_best", "the result is the epoch with the best val_accuracy"},
    {"train.csv_log", "a file with a line per epoch"},
    {"train.tensorboard", "where TensorBoard's events go"},
    {"train.early_stopping", "{ monitor = \"val_loss\", patience = 10 }: stop when it no longer gets better"},
    {"train.early_stopping.monitor", "loss, accuracy, val_loss or val_accuracy"},
    {"train.early_stopping.patience", "epochs without a gain; default 10"},
    {"train.early_stopping.min_delta", "what counts as a gain; default 0"},
    {"train.early_stopping.restore_best", "the result is the best epoch; default true"},
    {"train.reduce_on_plateau", "{ factor = 0.1, patience = 10 }: a lower rate when it no longer gets better"},
    {"train.reduce_on_plateau.monitor", "loss, accuracy, val_loss or val_accuracy"},
    {"train.reduce_on_plateau.factor", "of the rate; default 0.1"},
    {"train.reduce_on_plateau.patience", "epochs without a gain; default 10"},
    {"train.reduce_on_plateau.min_delta", "what counts as a gain; default 0.0001"},
    {"train.reduce_on_plateau.min_lr", "the least rate; default 0"},
    {"train.reduce_on_plateau.cooldown", "epochs after a change in which none is counted; default 0"},
    {"variant", "one model that the study writes and measures: [[variant]] for each"},
    {"variant.name", "file name and column; default: what it is"},
    {"variant.from", "an earlier variant to start from; default: the trained model"},
    {"variant.format", "of its file: \"tflite\" (usual), \"onnx\" or \"thim\"; that file is what is measured"},
    {"variant.network", "another network, trained from nothing: { layers = [ … ] } or { architecture = NAME }"},
    {"variant.continue", "train on as the techniques do, without one: a fair baseline: { epochs = 4 }"},
    {"variant.shrink", "remove channels: { keep = 0.5 }"},
    {"variant.prune", "train weights to zero: { sparsity = 0.8 }"},
    {"variant.cluster", "train weights to few values: { clusters = 16 }"},
    {"variant.distill", "train with a teacher: { teacher = \"float32\" }"},
    {"variant.qat", "go on training in integers: { bits = 8 }"},
    {"variant.search", "all of these by itself: { accuracy_drop = 0.5 }"},
    {"variant.quantize", "without training: \"float16\", \"dynamic\", \"int8\", or a table"},
    {"measure.trials", "passes over the whole test set per variant; default 10"},
    {"measure.threads", "thread counts; the first one gives the latency of the tables; default [1]"},
    {"measure.allow_drop", "points of accuracy (regression: percent of the RMSE) that the file to ship may lose"},
    {"measure.boards", "what the variants take as C on these boards of `thimble fit`; \"all\", or FILE.toml"},
    {"measure.parameters_plus_kb", "a column of parameters + KB in the tables"},
    {"measure.continuous", "seconds of runs without a pause per variant, for CPU share and memory; default 0: a few"},
    {"measure.devices", "further machines: [\"ssh:pi@board\", \"qemu:pi4\"]; the host is always measured"},
    {"sweep", "\"key\" = [values]: one more training of all variants for each value"},
    {"sweep.mode", "\"one-at-a-time\" (default), \"grid\": every combination, \"off\": none"},
    {"sweep.variants", "variants made at each point; default: all"},
    {"preset", "[preset.NAME]: keys and values that --preset NAME sets"},
};

std::vector<KeyNote> asked_keys() {
  KeyRecorder recorder;
  const auto unused = parse_recipe(kSpecimen, {});
  static_cast<void>(unused);
  std::vector<KeyNote> notes = recorder.notes();
  const auto replace = [](std::string& text, const std::string& from, const std::string& to) {
    if (text.starts_with(from)) text = to + text.substr(from.size());
  };
  // The sections themselves say nothing; words of layers and of schedules have lists of their own.
  std::erase_if(notes, [](const KeyNote& note) {
    static constexpr const char* kSections[] = {"study", "data", "model", "train", "measure"};
    return std::ranges::find(kSections, note.path) != std::end(kSections);
  });
  for (KeyNote& note : notes) replace(note.path, "train.schedule.cosine.", "train.schedule.*.");
  std::erase_if(notes, [](const KeyNote& note) {
    static constexpr const char* kWords[] = {"conv2d", "residual", "parallel", "dense"};
    return std::ranges::any_of(kWords,
                               [&](const char* word) { return note.path == std::string("model.layers.*.") + word; });
  });
  return notes;
}

}  // namespace

std::vector<RecipeKey> recipe_keys() {
  std::vector<RecipeKey> keys;
  for (KeyNote& note : asked_keys()) {
    const auto row = std::ranges::find_if(kSentences, [&](const Sentence& s) { return note.path == s.path; });
    keys.push_back({note.path, note.takes, row == std::end(kSentences) ? "" : row->about});
  }
  return keys;
}

std::vector<std::string> sentences_without_key() {
  const std::vector<KeyNote> notes = asked_keys();
  std::vector<std::string> stale;
  for (const Sentence& s : kSentences)
    if (std::ranges::find(notes, std::string(s.path), &KeyNote::path) == notes.end()) stale.emplace_back(s.path);
  return stale;
}

}  // namespace thimble
