// What a model's Feeding says, once more in TFLite's own metadata, so that TensorFlow's Task Library, MediaPipe and
// Android Studio feed a file of ours as Thimble does and name its answers.
#pragma once

#include "graph/graph.h"

namespace thimble {

// Puts TFLITE_METADATA and the attached labels.txt into a graph that says how it is fed (`thimble.preprocess`), in
// place of what Thimble put there before: for pictures, size and colours; the normalisation, where one pair or a pair
// for each entry of the last dimension says it; the names of the classes, where each has an output. What a model brings
// along from elsewhere stays as it is, and a model that does not say how it is fed gets nothing. Both numbers of
// NormalizationOptions are in the units that Feeding has: pictures 0 … 255.
void describe_for_others(Graph* graph);

}  // namespace thimble
