// The packed model file: a graph as an adaptive arithmetic coder writes it. docs/thim.md is its specification.
// Every graph that .tflite files give comes back the same from a packed file and runs to the same bits.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ops/check.h"

namespace thimble {

struct ThimOptions {
  // Names of tensors, nodes and signatures, and metadata other than thimble.preprocess. Without them, readers make
  // names up (input, conv2d_0, conv2d_0/weights …).
  bool names = false;
};

// Where the bytes of a packed file are.
struct ThimTensor {
  std::string name;
  DType type = DType::f32;
  int64_t elements = 0, raw_bytes = 0;
  double coded_bytes = 0;  // fractions: an arithmetic coder does not end at bytes
  std::string coding;      // "palette of 16 values, zeros as gaps"
};
struct ThimAccount {
  std::vector<ThimTensor> tensors;  // constants in the order of the file
  double data_bytes = 0;            // of those together
  double structure_bytes = 0;       // operators, attributes, shapes, wiring
  double scale_bytes = 0;           // scales and zero points
  double text_bytes = 0;            // names and metadata
  int64_t frame_bytes = 0;          // identifier, version, checksum
};

struct PackedModel {
  std::vector<uint8_t> bytes;
  ThimAccount account;
};

// Whether the bytes begin as a packed file does.
bool is_thim(std::span<const uint8_t> bytes);

// Errors: unsupported for an operator that packed files do not have (those of training).
Result<PackedModel> write_thim(const Graph& graph, const ThimOptions& options = {});

// Reads and verifies. Errors: bad_file for anything damaged (a changed or missing byte is found by the checksum),
// unsupported for a later version.
Result<Checked> read_checked_thim(std::span<const uint8_t> bytes);
// The graph alone.
Result<Graph> read_thim(std::span<const uint8_t> bytes);

}  // namespace thimble
