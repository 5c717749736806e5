// Constants that a file holds as float16 behind a DEQUANTIZE, seen as the float32 constants that they are, and put
// back. Private to the compress room.
#pragma once

#include <map>
#include <string>

#include "graph/graph.h"

namespace thimble::compress {

// The names of a constant and of its widened form, by the mark that stands for both between the two calls.
struct Float16Names {
  std::string stored, widened, node;
};
using Float16Marks = std::map<std::string, Float16Names>;

// Replaces each DEQUANTIZE of a float16 constant by a float32 constant whose name is a mark.
Float16Marks widen_float16(Graph& graph);
// The reverse, for all constants that bear a mark, whole or sliced: their values are those of float16 still.
void narrow_float16(Graph& graph, const Float16Marks& marks);

}  // namespace thimble::compress
