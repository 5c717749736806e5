// How things of a graph are called in C.
#pragma once

#include <string>

#include "graph/graph.h"

namespace thimble::micro {

// `int8_t`, `float` …
const char* c_type(DType type);
// Of a macro.
std::string capitals(std::string text);
// `int8 [1, 28, 28, 1]`
std::string spec(const Tensor& tensor);
// `INPUT`, or `INPUT_2` where there are several.
std::string numbered(const char* what, size_t i, size_t count);
// Text in a comment, a string or a file of properties: one line of ASCII that ends none of them.
std::string harmless(std::string text);
// The lines that declare a static arena, aligned as the macros of the network say.
std::string static_arena(const std::string& macro);

}  // namespace thimble::micro
