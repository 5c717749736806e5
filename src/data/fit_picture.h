// The one way from a picture of any size to the bytes that a model's input takes.
#pragma once

#include <cstdint>
#include <vector>

#include "data/picture.h"

namespace thimble {

// To `shape` = {height, width, 1 or 3}: channels first, then resize_antialias. With `handwriting` the picture is
// brought to MNIST's convention (handwriting.h) before.
Picture fitted_picture(const Picture& picture, const std::vector<int64_t>& shape, bool handwriting);

}  // namespace thimble
