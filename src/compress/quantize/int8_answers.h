// Integer models of regressions that answer in the units of their targets (train/answer_scale.h).
#pragma once

#include "graph/graph.h"
#include "train/answer_scale.h"

namespace thimble::compress {

// Whether answers are in a unit so small (farads, 1e-12) that the scales of the last layer's integers would be below
// those that quantising allows.
bool has_tiny_unit(const AnswerScale& scale);

// Whether an integer answer would lose precision that a float one keeps: its range must include 0, which is far from
// what it says, columns of different size would share one scale, or the unit is tiny. Then the scale is a float MUL and
// ADD at the end.
bool wants_float_answer(const AnswerScale& scale);

// `graph`: integers, made of the network behind the answers. The last dense layer's scales and biases take the answers'
// scale (its integers stay), or float32 answers get a MUL and an ADD. `scale_bits` as in QuantizeOptions.
// Errors: unsupported (integer answers that nothing can take the scale of).
Status put_int8_answers(Graph& graph, const AnswerScale& scale, int scale_bits);

}  // namespace thimble::compress
