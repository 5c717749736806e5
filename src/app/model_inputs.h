// Files as a model's inputs: samples (pictures, sounds, arrays, tables, folders) through the model's feeding, and
// arrays of a tensor's own values.
#pragma once

#include "api/load.h"
#include "app/command.h"
#include "graph/graph.h"
#include "study/model_feeding.h"

namespace thimble::app {

// Some runs' worth of one input: `runs` times the tensor's bytes.
struct Feed {
  std::vector<uint8_t> bytes;
  int64_t runs = 0;
  std::vector<std::string> names;  // one per run: its file, "x.npy[3]"
};

struct GatheredFeed {
  Feed feed;
  std::vector<std::string> notes;    // for stderr: how the samples are fed where the model does not say it, …
  std::vector<std::string> columns;  // in: columns of .csv files that are the inputs; empty: the model's
};

// Samples for the input of a model that has one, as `eval` takes them: pictures, sounds, folders of them, .npy and .npz
// (bytes as pictures, others as numbers; integers and float64 of the input's own type as its values), .csv (all
// columns, or all but the last where that is one more than the model takes). Errors: bad_file, usage (another number of
// values), unsupported (inputs of free sizes).
Status gather(const std::vector<std::string>& files, const Graph& graph, const FeedingOverrides& overrides,
              GatheredFeed* out);

struct GatheredFeeds {
  std::vector<Feed> feeds;  // one per input; `runs` 0 where no file is left for it
  std::vector<std::string> notes;
};

// For any model: as `gather` where it has one input, else an array for each input in their order (append_npy).
// columns: of .csv files, as GatheredFeed. Errors: also usage (more files than inputs).
Status gather_all(const std::vector<std::string>& files, const Graph& graph, const FeedingOverrides& overrides,
                  const std::vector<std::string>& columns, GatheredFeeds* out);

// A .npy file of a tensor's own values. Its shape must be the tensor's (dimensions of 1 aside), or have a leading
// N more, or N in place of a batch of 1: then it is N runs. The element type must be the tensor's;
// floats are also converted, and quantised for integer inputs.
Status append_npy(const std::string& path, const Tensor& tensor, Feed* feed);

// The numpy type of a .npy file that holds such values: bfloat16 goes as float32. Empty: there is none.
std::string written_as(DType type);

// The shape that an input with free dimensions takes for the runs of a .npy file, or for a picture: their sizes there.
// An array may lack the batch of 1, or have a leading N more or N in its place: N runs, or, where that size is free and
// the array is to be fed `whole`, a batch of N. Errors: bad_file.
Result<Shape> fed_shape(const std::string& path, const Tensor& tensor, bool whole = false);

// The counter-based rule: element i of input `stream` is random_bits(seed, stream, i); integers take
// its low bits, float32 is 2·u − 1 with u the 53 high bits as [0, 1).
Status fill_random(uint64_t seed, uint64_t stream, const Tensor& tensor, std::span<uint8_t> memory);

}  // namespace thimble::app
