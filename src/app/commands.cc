#include "app/commands.h"
#include "app/device_verbs.h"

namespace thimble::app {
namespace {

// THIMBLE_DEVICE_PROGRAM: those of thimble-run, the program that is copied to a device.
constexpr CommandRow kCommands[] = {
#ifndef THIMBLE_DEVICE_PROGRAM
    {"study", "train, compress, measure and report: the main job", define_study},
    {"train", "train a recipe's model", define_train},
#endif
    {"eval", "accuracy of a model on a data set, with confusion matrix and interval", define_eval},
    {"run", "run a model on pictures, arrays or random numbers", define_run},
    {"bench", "how fast: latency, percentiles, time per operator, memory", define_bench},
    {"inspect", "look inside a model: operators, shapes, sizes, memory plan", define_inspect},
#ifndef THIMBLE_DEVICE_PROGRAM
    {"check", "every problem of a model at once: can it run, or be written?", define_check},
    {"diff", "two models on the same inputs: the first tensor where they part", define_diff},
    {"quantize", "make a model smaller: float16, dynamic range or int8", define_quantize},
    {"compress", "the smallest model within a goal, found by itself", define_compress},
    {"prune", "train most weights of a model to zero", define_prune},
    {"cluster", "train the weights of a model to few different values", define_cluster},
    {"distill", "train a model with another one as its teacher", define_distill},
    {"shrink", "fewer channels in a float model: structured pruning and training", define_shrink},
    {"squeeze", "fewer bytes, identical outputs: lossless, on any .tflite", define_squeeze},
    {"convert", "the same model in another format: .tflite, .onnx, .thim", define_convert},
    {"pack", "write a model as a packed file (.thim), or unpack it", define_pack},
    {"export", "write a model as C for microcontrollers: Arduino, Zephyr, ESP-IDF …", define_export},
    {"fit", "which boards a model fits as C: flash, memory, time", define_fit},
    {"data", "list, show and prepare data sets", define_data},
    {"device", "other machines that studies measure on: what they are; clean up there", define_device},
    {"offload", "answer on the device or send the input away: where the network decides", define_offload},
    {"ops", "table of operators and what each can do", define_ops},
    {"words", "what a recipe can say: layers, optimisers, keys, presets …", define_words},
    {"completion", "completion script for bash, zsh or fish", define_completion},
#endif
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

const DeviceVerbs* device_verbs() {
#ifndef THIMBLE_DEVICE_PROGRAM
  return &kDeviceVerbs;
#else
  return nullptr;
#endif
}

const CommandRow* find_command(std::string_view name) {
  for (const CommandRow& row : kCommands)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace thimble::app
