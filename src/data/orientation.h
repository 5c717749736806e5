// Which way up a photograph is meant to be seen: EXIF's orientation (CIPA DC-008, tag 0x0112).
#pragma once

#include <cstdint>
#include <span>

#include "data/picture.h"

namespace thimble {

// 1 … 8 from the EXIF block of a JPEG (APP1), a PNG (eXIf) or a WebP (EXIF); 1 when there is none or it is damaged.
int exif_orientation(std::span<const uint8_t> file);
// Turns and mirrors as EXIF asks: orientation 5 … 8 exchange the sides.
Picture oriented(Picture in, int orientation);

}  // namespace thimble
