// Brings a picture of one handwritten digit (photograph, scan, paint program) to MNIST's convention: light ink on
// black, 28×28, the digit fitted into 20×20 with its aspect kept and placed by its centre of mass (LeCun et al.,
// "Gradient- based learning applied to document recognition", 1998, section III.A), strokes as thick as MNIST's.
#pragma once

#include <cstdint>
#include <vector>

#include "data/picture.h"

namespace thimble {

// 28 × 28 bytes; all 0 for a picture without ink. A 28×28 picture that is already light on a black border is taken as
// it is. Steps: uneven light divided out, polarity decided, ink separated from noise, specks, frames and ruled lines
// left out, stroke width brought near MNIST's, fitted, centred. Dark on light and light on dark, any colour, any size.
std::vector<uint8_t> prepare_handwriting(const Picture& picture);

// Mean stroke width of a 28×28 picture in pixels (twice the area over the outline); 0 without ink. For tests and
// tuning.
float stroke_width(const uint8_t* picture_28x28);

}  // namespace thimble
