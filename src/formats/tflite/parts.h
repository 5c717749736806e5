// What the bytes of a .tflite file are spent on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace thimble {

// The parts add up to the size of the file: a byte that several tables share counts once.
struct TfliteParts {
  int64_t total = 0;
  int64_t data = 0;               // buffers of constants
  int64_t duplicate_buffers = 0;  // buffers with the content of an earlier one
  int64_t unused_buffers = 0;     // buffers that neither a tensor nor a metadata entry names
  int64_t sparse_index = 0;       // where the values of sparse constants belong
  int64_t scales = 0, zero_points = 0, min_max = 0;
  int64_t shapes = 0;
  int64_t names = 0;      // of tensors, graph, signatures, and the description
  int64_t metadata = 0;   // buffers of metadata entries and their keys
  int64_t attached = 0;   // files appended for metadata tools (formats/tflite/attached.h)
  int64_t structure = 0;  // tables, operators, alignment: the rest

  int64_t subgraphs = 0;
  // Constants stored sparse: how many, their share of `data`, and what they would take dense.
  int64_t sparse_tensors = 0, sparse_values = 0, sparse_dense_bytes = 0;
  std::vector<std::string> metadata_keys;
};

// Errors: bad_file (damaged).
Result<TfliteParts> tflite_parts(std::span<const uint8_t> file);

}  // namespace thimble
