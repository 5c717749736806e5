// What makes quantised networks alike before their operators become integer ones.
#pragma once

#include "graph/graph.h"

namespace thimble {

// Integers that the graph is fed, and that all readers give one scale, moved at most, have it from the beginning.
void adopt_input_scales(Graph& graph);

// An addition behind a dense layer of integers, of one value per output, becomes its bias.
void join_biases(Graph& graph);

}  // namespace thimble
