// Separates ink from paper: the first half of handwriting.h's preprocessing. All planes are height × width floats.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/picture.h"

namespace thimble {

struct Plane {
  int64_t height = 0, width = 0;
  std::vector<float> v;
  float& at(int64_t y, int64_t x) { return v[static_cast<size_t>(y * width + x)]; }
  float at(int64_t y, int64_t x) const { return v[static_cast<size_t>(y * width + x)]; }
};

// How much darker (or lighter, whichever the ink is) than the paper around it each pixel is, relative to that paper:
// uneven light cancels. Also `noise`, the deviation of bare paper, and the threshold that parts ink from paper.
struct Ink {
  Plane strength;  // 0: paper; about 1: black on white
  float noise = 0, threshold = 0;
};
// smooth: the paper's light changes slowly (a surface and a wide mean); stepped: hard shadows, so everything dark and
// narrower than about a third of the picture is ink.
enum class Paper { smooth, stepped };
// dark_ink: decided from the picture when not given.
Ink separate_ink(const Picture& picture, Paper paper_kind = Paper::smooth, std::optional<bool> dark_ink = {});

// Erases (strength 0) a frame, shadow or table edge that runs along a whole side of the picture: outermost lines of
// which four fifths are ink, when there are fewer than a fifth of the side.
void trim_frame(Ink& ink);

struct Box {
  int64_t top = 0, left = 0, bottom = 0, right = 0;  // bottom and right are one past the end
  bool empty() const { return bottom <= top || right <= left; }
  int64_t height() const { return bottom - top; }
  int64_t width() const { return right - left; }
};

// Marks (1) the pixels above the threshold that belong to the writing: connected pieces, without specks, frames and
// shadows at the picture's edge, ruled lines. Returns their bounding box (empty: no ink).
Box find_writing(const Ink& ink, std::vector<uint8_t>& mask);

// Signed Euclidean distance of pixel centres to the edge of the mask: positive inside (Felzenszwalb and Huttenlocher,
// "Distance transforms of sampled functions", 2012).
Plane signed_distance(const std::vector<uint8_t>& mask, int64_t height, int64_t width);

}  // namespace thimble
