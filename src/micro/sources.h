// The project's own headers that an exported package ships, as text: the C99 kernels of operators (src/ops/*/kernel.h)
// and what they include. Made by cmake/embed.cmake.
#pragma once

#include <cstddef>
#include <string_view>

namespace thimble::micro {

struct Source {
  std::string_view path;  // under src/
  std::string_view text;
};
extern const Source kSources[];
extern const size_t kSourceCount;

}  // namespace thimble::micro
