// Made pictures and a small network for tests of training: nothing is read from disk.
#pragma once

#include "base/random.h"
#include "data/dataset.h"
#include "train/spec.h"

namespace thimble::test {

// 12×12 grey pictures of four classes (a bar: lying, standing, rising, falling) with noise.
inline Dataset pictures(int64_t count, uint64_t seed) {
  auto samples = std::make_shared<Samples>();
  samples->name = "bars";
  samples->sample_shape = {12, 12, 1};
  samples->storage = Storage::bytes;
  samples->count = count;
  samples->classes = 4;
  samples->label_names = {"lying", "standing", "rising", "falling"};
  Random random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random.below(4));
    const auto offset = static_cast<int>(random.below(7)) - 3;
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 12; ++x) {
        const int at = label == 0 ? y - 6 : label == 1 ? x - 6 : label == 2 ? x + y - 11 : x - y;
        const int value = (at - offset == 0 || at - offset == 1 ? 180 : 30) + static_cast<int>(random.below(60));
        samples->bytes.push_back(static_cast<uint8_t>(value));
      }
    samples->labels.push_back(label);
  }
  return Dataset(samples);
}

inline ModelSpec picture_network() {
  ModelSpec spec;
  spec.input = {12, 12, 1};
  spec.layers = {{.word = "conv2d", .size = 8, .padding = Padding::same, .activation = "relu"},
                 {.word = "batch_norm"},
                 {.word = "depthwise_conv2d", .size = 2, .padding = Padding::same},
                 {.word = "batch_norm"},
                 {.word = "relu6"},
                 {.word = "conv2d", .size = 12, .kernel_h = 1, .kernel_w = 1, .activation = "relu"},
                 {.word = "max_pool", .size = 2},
                 {.word = "dropout", .size = 0.25},
                 {.word = "average_pool", .size = 2, .stride_h = 1, .stride_w = 1},
                 {.word = "flatten", .size = 1},
                 {.word = "dense", .size = 20, .activation = "tanh"},
                 {.word = "dropout", .size = 0.3},
                 {.word = "dense", .size = 4, .activation = "softmax"}};
  return spec;
}

}  // namespace thimble::test
