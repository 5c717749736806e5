// Any bytes as TFLite's metadata entry and as an attached archive: refused, or read without harm.
#include <cstddef>
#include <cstdint>

#include "formats/tflite/attached.h"
#include "formats/tflite/model_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)thimble::read_tflite_metadata({reinterpret_cast<const char*>(data), size});
  for (const thimble::AttachedFile& file : thimble::attached_list({data, size}))
    if (!file.bytes.empty()) (void)file.bytes.back();
  (void)thimble::attached_files({data, size}, 100);
  return 0;
}
