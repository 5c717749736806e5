// Any bytes as a picture, then through the handwriting preprocessing: refused, or 28 × 28 bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/handwriting.h"
#include "data/picture.h"
#include "data/resize.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto picture = thimble::decode_picture({data, size}, {512, 65536});
  if (!picture) return 0;
  if (static_cast<int64_t>(picture->pixels.size()) != picture->height * picture->width * picture->channels)
    std::abort();
  if (thimble::prepare_handwriting(*picture).size() != 784) std::abort();
  (void)thimble::resize_antialias(*picture, 5, 7);
  (void)thimble::resize_bilinear(*picture, 7, 5);
  return 0;
}
