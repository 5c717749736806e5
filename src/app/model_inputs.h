// How data gets into a model: the preprocessing that a model carries, or the default rule for
// foreign ones, and files (pictures, .npy arrays) turned into the bytes of its inputs.
#pragma once

#include "api/load.h"
#include "app/command.h"
#include "data/feeding.h"
#include "graph/graph.h"

namespace thimble::app {

// The model's own `thimble.preprocess`. Without it: 0..1 for float inputs, raw bytes for uint8, and
// for int8 the input's scale and zero point applied to 0..1; *stated then says so in one sentence.
// `scale` ("0..1", "-1..1", "none"; empty: not given) overrides both. Errors: usage, bad_file.
Result<Feeding> feeding_of(const Graph& graph, const std::string& scale, std::string* stated);

// Some runs' worth of one input: `runs` times the tensor's bytes.
struct Feed {
  std::vector<uint8_t> bytes;
  int64_t runs = 0;
  std::vector<std::string> names;  // one per run where they come from a picture
};

// A .npy file for a tensor. Its shape must be the tensor's (dimensions of 1 aside), or have a leading
// N more, or N in place of a batch of 1: then it is N runs. The element type must be the tensor's;
// floats are also converted, and quantised for integer inputs.
Status append_npy(const std::string& path, const Tensor& tensor, Feed* feed);

// A picture for a tensor of shape [1, H, W, C], [1, H, W] or [1, n·n], resized as Pillow does
// (bilinear) when its size differs; `handwriting` brings it to MNIST's convention instead.
Status append_picture(const std::string& path, const Tensor& tensor, const Feeding& feeding, bool handwriting,
                      Feed* feed);

// The counter-based rule: element i of input `stream` is random_bits(seed, stream, i); integers take
// its low bits, float32 is 2·u − 1 with u the 53 high bits as [0, 1).
Status fill_random(uint64_t seed, uint64_t stream, const Tensor& tensor, std::span<uint8_t> memory);

// NumPy's name of an element type without byte order ("f4", "i1"); empty where NumPy has none.
std::string npy_type(DType type);

}  // namespace thimble::app
