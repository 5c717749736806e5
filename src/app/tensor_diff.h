// Which tensors of two networks stand for the same value, and how far apart their values are.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace thimble::app {

// How B's axes lie where the two networks have pictures in different layouts: [n, c, h, w] beside [n, h, w, c].
enum class Layouts : uint8_t { same, b_channels_first, a_channels_first };

struct TensorPair {
  TensorId a = kNoTensor, b = kNoTensor;
  NodeId node = -1;     // of A that gives it; −1: an input
  bool by_name = true;  // else by the order of the operators
  bool output = false;  // of both networks
};

// Whether values of these shapes can be compared, and how; dimensions of 1 do not count.
std::optional<Layouts> layouts_of(const Shape& a, const Shape& b);

// Pairs in A's order: inputs, then what nodes give. Tensors of one name belong together; outputs by their position;
// between those, nodes of the same operator that give the same shape, in order.
std::vector<TensorPair> match_tensors(const Graph& a, const Graph& b);

// Real values: scale · (q − zero point), per axis too; integers without a scale as they are.
std::vector<double> real_values(const Tensor& tensor, std::span<const uint8_t> memory);

struct Bounds {
  std::optional<double> absolute, relative;  // of what the user says; neither: the usual ones
};

// Over all runs.
struct Difference {
  int64_t elements = 0, not_finite = 0;  // not_finite: NaN or an infinity in one and not in the other
  double largest = 0, magnitude = 0;     // of |a − b|, of |a|
  double signal = 0, noise = 0;          // sums of squares of a, of a − b
  bool channels_first = false;           // compared across layouts

  void add(std::span<const double> a, std::span<const double> b, const Shape& shape_a, const Shape& shape_b,
           Layouts layouts);
  double relative() const { return magnitude > 0 ? largest / magnitude : largest; }
  double decibels() const;  // infinity: no noise
};

// What may lie between them: 10⁻⁵ · max(1, max |a|) of floats, one quantum (the larger of two) of integers with a
// scale, nothing of other integers; else absolute + relative · max |a|.
double bound_of(const Tensor& a, const Tensor& b, const Difference& d, const Bounds& bounds);

}  // namespace thimble::app
