// Named architectures: a name, a width and an input become a list of layers, so that everything after
// (training, compression, reports) treats them as if the recipe had written the layers out.
#pragma once

#include "train/spec.h"

namespace thimble {

// What a table of src/train/architectures/ builds from.
struct ArchitectureRequest {
  double alpha = 1;  // width multiplier
  int64_t height = 0, width = 0, channels = 0;
  int64_t classes = 0;
  double momentum = 0.9;  // of every batch norm
  int spared = 0;         // of the first stride-2 steps, how many stay at stride 1 (spared_strides)
};

struct Architecture {
  const char* name;
  const char* about;
  int halvings;  // stride-2 steps of the published form that small pictures may spare
  std::vector<LayerSpec> (*layers)(const ArchitectureRequest&);
  int64_t least_side = 1;  // of the picture
};
const std::vector<Architecture>& architectures();
std::vector<std::string> architecture_names();

// How many of the first `halvings` stride-2 steps become stride 1, so that a small picture still has at least 2×2
// places before the last layer: 28×28 and 32×32 spare 1 of MobileNet's 5, 64×64 and larger none.
int spared_strides(int64_t height, int64_t width, int halvings);

// Fills spec->layers from spec->architecture, alpha, momentum, input and classes. Errors: usage (unknown name with a
// did-you-mean, an input that is no picture or too small, no classes, a width that leaves no channel).
Status expand_architecture(ModelSpec* spec);

}  // namespace thimble
