// What the nodes of a quantised network ask of values: to which integers floats go, and what leaves values as they are.
#pragma once

#include <cmath>
#include <optional>

#include "graph/graph.h"

namespace thimble {

// How values lie in integers.
struct Format {
  explicit Format(const Tensor& t) : type(t.type), quant(t.quant) {}
  Format(DType t, float scale, int32_t zero) : type(t), quant{{scale}, {zero}, 0} {}
  friend bool operator==(const Format&, const Format&) = default;

  DType type;
  Quantization quant;
};

// That of a tensor, in integers of 8 bits as `bytes` (int8 or uint8), whose zero points are 128 apart.
Format format_of(const Tensor& t, DType bytes);

// Whether a tensor is of integers with a scale that operators compute with (int32: constants alone).
bool integers(const Tensor& t);

// A clamp to constants.
struct Clamp {
  size_t input = 0;  // of which input
  float low = -INFINITY, high = INFINITY;
  Activation activation = Activation::none;  // that it is
};
std::optional<Clamp> clamp_of(const Graph& graph, const Node& node);

// Whether the values of the output are values of the first input (of a concatenation: of any), or what a padding says.
bool moves_values(const Node& node);

struct Demand {
  // Of each float tensor that is only quantised, always alike, be it behind operators that move, clamp or choose its
  // values: to which integers.
  std::vector<std::optional<Format>> format;
  std::vector<char> only_maxima;  // whether its values, moved at most, are only read by max_pool
};
Demand demand_of(const Graph& graph, DType bytes);

}  // namespace thimble
