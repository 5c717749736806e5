// Resizing with stated semantics. Coordinates are those of pixel areas: pixel i covers i … i + 1.
#pragma once

#include <cstdint>

#include "data/picture.h"

namespace thimble {

// As tf.image.resize(method="bilinear", antialias=False): the output pixel (y, x) is read at
// ((y + ½)·H/h − ½, (x + ½)·W/w − ½), clamped to the picture, without smoothing when shrinking. Rounds to nearest.
Picture resize_bilinear(const Picture& in, int64_t height, int64_t width);
// As Pillow's Image.resize(…, BILINEAR), byte for byte: a triangle filter as wide as the step when shrinking; rows
// first, then columns, weights of 22 fractional bits, both passes rounded to bytes.
Picture resize_antialias(const Picture& in, int64_t height, int64_t width);
// As Pillow's Image.resize(…, BOX): the mean over the area that an output pixel covers.
Picture resize_area(const Picture& in, int64_t height, int64_t width);

}  // namespace thimble
