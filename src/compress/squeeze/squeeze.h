// A smaller model file that computes the same, bit for bit: what nothing needs goes, what is there twice is stored
// once, channels that hold one number move into biases; then both files are run side by side.
#pragma once

#include "compress/squeeze/channels.h"
#include "compress/squeeze/prove_equal.h"
#include "formats/tflite/parts.h"

namespace thimble {

struct SqueezeOptions {
  bool channels = true;  // remove channels
  // Names of tensors inside the model (inputs and outputs keep theirs): all of it; the first of those that converters
  // join with ";" where several operators were fused; none.
  enum class Names { keep, first, none } names = Names::first;
  bool keep_metadata = false;  // also the entries that only describe how the file was made
  bool packed = false;         // write a packed file (.thim) in place of a .tflite
  // Store weights with many zeros as sparse tensors where that makes the .tflite smaller. A file that has sparse
  // tensors keeps them without this.
  bool sparse = false;
  ProofOptions proof;
};

// Weights of the squeezed graph, for a .tflite with sparse tensors: what each takes dense and in the file.
struct SqueezedWeights {
  std::string name, type;
  int64_t elements = 0, zeros = 0, bytes_dense = 0, bytes = 0;
  bool sparse = false;
  std::string why;  // how it is stored, or why dense
};

struct Squeezed {
  Graph graph;                // as read back from `file`
  std::vector<uint8_t> file;  // the original bytes where nothing could be gained and the format stays
  TfliteParts before, after;
  int64_t macs_before = 0, macs_after = 0;
  int64_t nodes_before = 0, nodes_after = 0, tensors_before = 0, tensors_after = 0;
  int64_t merged_constants = 0;
  SqueezedChannels channels;
  std::vector<SqueezedWeights> weights;  // where sparse tensors were asked for
  int64_t bytes_without_sparse = 0;      // of the same .tflite with dense constants; 0 where none is sparse
  std::vector<std::string> dropped_metadata, kept_metadata;
  std::vector<std::string> notes;  // what was not possible and why
  Proof proof;
};

// `file`: any .tflite of one subgraph that Thimble can read, or a packed file (whose parts are not told apart before).
// Errors: bad_file, unsupported (several subgraphs, an operator that Thimble lacks), and internal where the outputs
// differ, with the first difference: then nothing may be written.
Result<Squeezed> squeeze(std::span<const uint8_t> file, const SqueezeOptions& options = {});

// Metadata entries that describe how a file was made and that no runtime reads to run it.
bool is_build_metadata(const std::string& key);

}  // namespace thimble
