// What a network's last layer says about what it learns, before it is built.
#pragma once

#include <optional>

#include "data/dataset.h"
#include "train/spec.h"

namespace thimble {

struct LastLayer {
  std::string word;        // of the last layer that computes: "dense", "conv2d" …; "" where it is not known
  std::string activation;  // behind it: "softmax", "relu" …; "" is linear
  int64_t outputs = 0;     // units or filters; 0 where they are not known
};
LastLayer last_layer(const ModelSpec& spec);

// What loss and last layer say the targets are: true for classes (softmax, one sigmoid, or a loss of classes), false
// for numbers (a loss of numbers with one output, or one output that is not a probability); nullopt: neither says, the
// data decide.
std::optional<bool> implies_classes(const ModelSpec& spec, LossChoice loss);

}  // namespace thimble
