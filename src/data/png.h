// Small pictures as PNG bytes: what the report embeds and the contact sheet writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/picture.h"

namespace thimble {

// PNG (ISO/IEC 15948), 8 bits, grey or RGB, one deflate stream. Errors: out_of_memory, usage for an empty picture.
Result<std::vector<uint8_t>> encode_png(const Picture& picture);

}  // namespace thimble
