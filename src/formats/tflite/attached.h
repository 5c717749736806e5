// Files behind a model: TensorFlow's metadata tools append labels and vocabularies as a zip archive to the .tflite,
// where the metadata entry TFLITE_METADATA names them. Readers of models do not see them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thimble {

// Where the archive begins, or the size of the file where there is none. Source: PKWARE's APPNOTE, 4.3.
size_t attached_begin(std::span<const uint8_t> file);

// The archive of `file` made to follow `model_bytes` other bytes (its offsets count from the start of the file);
// empty where there is none.
std::vector<uint8_t> attached_files(std::span<const uint8_t> file, size_t model_bytes);

// A file of an archive as it is stored there; `bytes` views the archive.
struct AttachedFile {
  std::string name;
  bool deflated = false;  // else stored as it is
  std::span<const uint8_t> bytes;
  size_t unpacked = 0;  // bytes when unpacked
  uint32_t crc = 0;     // of those
};

// In the archive's order; files whose place is damaged, or which are packed otherwise, have no bytes.
std::vector<AttachedFile> attached_list(std::span<const uint8_t> archive);

}  // namespace thimble
