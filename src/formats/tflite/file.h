// A .tflite file whose tables have all been looked at: what every reader of the format begins with. Nothing of the file
// is used before one walk over all its tables has found every offset, length and alignment sound.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "formats/tflite/table.h"

namespace thimble::tflite {

class TfliteFile {
 public:
  static constexpr size_t kMaxBytes = size_t{512} << 20;

  // `owner` keeps `bytes` alive (null: the caller does). A base that is not aligned to 16 bytes is copied once.
  explicit TfliteFile(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner = nullptr);
  TfliteFile(const TfliteFile&) = delete;
  TfliteFile& operator=(const TfliteFile&) = delete;

  // Identifier, root and every table. A file may share tables, but not so many times that walking it takes far longer
  // than its size says (a few hundred bytes can name one table a million times): visits are counted.
  // Errors: bad_file (damaged), unsupported (another schema version, more bytes than kMaxBytes).
  Status open();

  const Table& model() const { return model_; }
  std::span<const uint8_t> bytes() const { return bytes_; }
  // Keeps bytes() alive; null where that is the caller's affair.
  const std::shared_ptr<const void>& owner() const { return owner_; }
  // Whether everything read so far was sound. Errors: bad_file at `where`.
  Status sound(const std::string& where) const;

 private:
  std::span<const uint8_t> bytes_;
  std::shared_ptr<const void> owner_;
  std::optional<flatbuffers::Verifier> verifier_;
  Damage damage_;
  Table model_;
};

}  // namespace thimble::tflite
