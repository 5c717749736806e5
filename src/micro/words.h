// How things of a graph are called in C.
#pragma once

#include <string>
#include <vector>

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
// Of a tensor or a node, for comments: the last of the names that converters string together; of a long path its end.
std::string short_name(const std::string& name);
// Text in a comment, a string or a file of properties: one line of ASCII that ends none of them.
std::string harmless(std::string text);
// A call, or another list in brackets: HEAD, the items, END; broken into lines of at most 116 columns.
std::string wrapped(const std::string& head, const std::vector<std::string>& items, const std::string& end);
// The lines that declare a static arena, aligned as the macros of the network say.
std::string static_arena(const std::string& macro);

}  // namespace thimble::micro
