// A fixed partition of rows for partial sums: it depends on the shape alone, never on threads.
#pragma once

#include <algorithm>
#include <cstdint>

namespace thimble {

struct Chunks {
  Chunks() = default;
  explicit Chunks(int64_t all) : rows(all), count(std::clamp<int64_t>(all / 128, 1, 64)) {}
  int64_t begin(int64_t chunk) const { return rows * chunk / count; }
  int64_t size(int64_t chunk) const { return begin(chunk + 1) - begin(chunk); }

  int64_t rows = 0, count = 1;
};

}  // namespace thimble
