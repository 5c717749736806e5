// The one rule for how a model is fed, which every command and study asks:
//   1. what the user says (--scale, --features, --handwriting, --labels);
//   2. what the file says: `thimble.preprocess`, else TFLite's own metadata (normalisation, label file);
//   3. else pictures and other byte arrays as 0..1 for float inputs, as raw bytes for uint8 inputs, and through the
//      input's own scale and zero point after 0..1 for other integers; tables and other float samples as they are;
//      micro_speech's bytes as its own example feeds them: an int8 input gets its int8, a float input 0 … 26.
// How sounds become numbers is never guessed: 1 or 2 says it.
// What is not the model's own is stated in one line.
#pragma once

#include <optional>

#include "data/dataset.h"
#include "data/feeding.h"
#include "graph/graph.h"

namespace thimble {

struct FeedingOverrides {
  std::string scale;                             // "0..1", "-1..1", "standard", "none"; empty: not given
  SoundFeatures features = SoundFeatures::none;  // how sounds become inputs; none: not given
  std::optional<bool> handwriting;               // empty: not given
  std::vector<std::string> labels;               // names of the outputs; empty: not given
  bool measure = true;  // a scale that the model has no numbers for is measured on the samples, else refused
};

struct ModelFeeding {
  Feeding feeding;
  std::string stated;    // one line where the feeding is not the model's own; else empty
  bool to_keep = false;  // a file that is written from the model shall say it: the user did, or nothing else does
};

// samples: what goes in (its storage and values decide between pictures and numbers, and "standard" measures them where
// the model carries no numbers of its own). Floats for a model that was trained on bytes: values of 0 … 255 are pixels
// and are scaled, others go in as they are; either is stated.
// Errors: usage (an unknown scale; numbers for another number of columns), bad_file (damaged metadata).
Result<ModelFeeding> feeding_of(const Graph& graph, const Dataset& samples, const FeedingOverrides& overrides);

// What the file says, empty where it says nothing. The labels of TFLite's metadata come from its attached file.
Result<std::optional<Feeding>> own_feeding(const Graph& graph);

// How sounds become inputs, said by the user or the model; none: by neither.
SoundFeatures features_of(const FeedingOverrides& overrides, const std::optional<Feeding>& own);

// The shape of one sample of an input: without the batch of 1.
std::vector<int64_t> sample_dims(const Tensor& input);

// {height, width, channels} of the pictures that an input takes: [1, H, W, 1 or 3], [1, H, W], [1, n·n].
// Errors: usage for other shapes, unsupported for free sizes.
Result<std::vector<int64_t>> picture_shape(const Tensor& input);

// A text file of names, one a line; a byte-order mark and carriage returns are left out. Errors: bad_file (missing, or
// not UTF-8: with the line).
Result<std::vector<std::string>> read_labels(const std::string& path);

// The same of a file attached to the model; empty where it has none of this name. Errors: bad_file (damaged).
Result<std::vector<std::string>> attached_labels(const Graph& graph, const std::string& name);

// Writes the feeding into what will be a file, where it is to be kept, also in the words of other tools (model_note.h).
void keep_feeding(const ModelFeeding& fed, Graph* graph);

}  // namespace thimble
