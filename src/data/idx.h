// IDX, the format of MNIST and Fashion-MNIST: bytes 0 0 08 RANK, then RANK big-endian 32-bit sizes, then
// unsigned bytes (http://yann.lecun.com/exdb/mnist/). Plain or packed with gzip.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace thimble {

struct Idx {
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;
};

// One IDX file held in memory; `rank` is what is expected (3 for pictures, 1 for labels). Errors: bad_file with
// what was expected and found. At most 512 MiB are unpacked, and never more than the header announces.
Result<Idx> parse_idx(std::span<const uint8_t> file, int rank);
// The same from a file; errors name it.
Result<Idx> read_idx(const std::string& path, int rank);
// A picture file and its label file: counts must agree, labels must be below `label_names.size()`.
// Sample shape {height, width, 1}.
Result<Samples> read_idx_pair(const std::string& images, const std::string& labels, std::string set_name,
                              std::vector<std::string> label_names);

}  // namespace thimble
