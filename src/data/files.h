// Whole files and compressed streams as bounded memory: every size that a file claims is checked against
// what the file can hold before memory is taken for it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace thimble {

inline constexpr int64_t kMaxDataBytes = int64_t{512} << 20;  // cap of any file or any unpacked stream

// The whole file. Errors: bad_file (missing, a folder, larger than `cap`), io (no permission, read error).
Result<std::vector<uint8_t>> read_whole_file(const std::string& path, int64_t cap = kMaxDataBytes);
// Writes atomically: temporary file beside it, then rename. Errors: io.
Status write_whole_file(const std::string& path, std::span<const uint8_t> bytes);

// Reads bytes that may be packed. The input must outlive the stream.
class ByteStream {
 public:
  enum class Packing { none, gzip, deflate };
  ByteStream(std::span<const uint8_t> input, Packing packing);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Fills `out` as far as the stream goes; returns how much. Errors: bad_file when the packing is damaged.
  Result<size_t> read(std::span<uint8_t> out);
  // Upper bound of what is still to come: deflate never expands more than 1032 to 1.
  int64_t at_most() const;
  // The end of the stream was reached and its check sum holds: false for a truncated one.
  bool complete() const { return packing_ == Packing::none ? input_.empty() : complete_; }

 private:
  struct Inflate;
  std::span<const uint8_t> input_;
  Packing packing_;
  Inflate* inflate_ = nullptr;
  bool ended_ = false, complete_ = false;
};

// gzip by its two magic bytes, else none.
ByteStream::Packing packing_of(std::span<const uint8_t> bytes);

}  // namespace thimble
