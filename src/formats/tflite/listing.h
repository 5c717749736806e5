// What stands in a .tflite file, as far as it can be said without running it: every subgraph and signature, and which
// operators have no support. For files that read_tflite refuses, and for what it leaves out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace thimble {

struct ListedTensor {
  std::string name, type;      // "float32", "string"
  std::vector<int64_t> shape;  // -1: any size
  std::optional<DType> dtype;  // of the type; none: Thimble lacks it
};

struct ListedOperator {
  std::string name;  // "CONV_2D", "custom operator "MyOp""
  int version = 1;
  std::vector<Op> read_as;               // what it is in a graph: none, one, or for PACK two
  bool supported = true;                 // there is a rule for it, and it computes in the types of its tensors
  std::vector<int32_t> inputs, outputs;  // of the subgraph; -1: an optional input left out
};

struct ListedPort {
  std::string name;  // the signature's
  int32_t tensor = 0;
};

struct ListedSignature {
  std::string key;
  int64_t subgraph = 0;
  std::vector<ListedPort> inputs, outputs;
};

struct ListedSubgraph {
  std::string name;
  std::vector<ListedTensor> tensors;
  std::vector<int32_t> inputs, outputs;
  std::vector<ListedOperator> operators;
};

struct TfliteListing {
  std::vector<ListedSubgraph> subgraphs;
  std::vector<ListedSignature> signatures;

  int64_t operators() const;  // of all subgraphs
  int64_t supported() const;
};

// Numbers of tensors and subgraphs are in range. Errors: bad_file (damaged), unsupported (too long, another schema).
Result<TfliteListing> list_tflite(std::span<const uint8_t> file);

}  // namespace thimble
