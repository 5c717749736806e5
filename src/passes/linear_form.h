// What stands before an activation, as products with constant matrices: Σ xᵢ · Wᵢᵀ + bias.
#pragma once

#include "passes/element_origins.h"

namespace thimble {

struct LinearTerm {
  Elements x;            // [rows, inputs]
  std::vector<float> w;  // [columns, inputs]
  friend bool operator==(const LinearTerm&, const LinearTerm&) = default;
};

struct LinearForm {
  std::vector<LinearTerm> terms;  // without those whose x is 0
  std::vector<float> bias;        // [columns]
};

// Of `values` [rows, columns], through fully_connected nodes, additions and what only moves elements. None where
// anything else is in between, or a row has other weights than the next.
std::optional<LinearForm> linear_form(const Graph& graph, ElementOrigins& origins, const Elements& values,
                                      int64_t columns);

// The operand of an elementwise node at the places that `y` are of its output; empty where they do not stand one to
// one.
Elements operand_at(const Graph& graph, ElementOrigins& origins, const Node& node, size_t input, const ElementRows& y,
                    int64_t columns);

}  // namespace thimble
