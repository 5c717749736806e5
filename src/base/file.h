// Files: reading with a size cap, read-only mapping, and writing that leaves either the whole new
// file or the old one. Errors name the path and say what to do; a missing file gets the most
// similar name that stands beside it.
//
// Codes: bad_file for what is missing, a directory, not a regular file or over the cap; io for
// permission, a full disk and everything else that the system refuses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

inline constexpr int64_t kMaxFileBytes = int64_t{512} << 20;  // default cap for files from outside

// Reads a whole regular file of at most max_bytes.
Result<std::vector<uint8_t>> read_file(const std::string& path, int64_t max_bytes = kMaxFileBytes);
// The same as text (bytes unchanged).
Result<std::string> read_text_file(const std::string& path, int64_t max_bytes = kMaxFileBytes);

// `length` bytes at `offset` of a regular file below `folder`, for paths that a model's file names: relative, of plain
// names between slashes (no "..", no drive, no backslash), and neither a link nor, the file itself, linked elsewhere.
// Errors: also bad_file for such a path, and where the file is too short.
Result<std::vector<uint8_t>> read_file_inside(const std::string& folder, const std::string& path, int64_t offset,
                                              int64_t length);

// A read-only view of a regular file, unmapped by the destructor. The view is page aligned. The file
// must not be truncated by another process while mapped.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path, int64_t max_bytes = kMaxFileBytes);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Writes a temporary file in the same directory, syncs it, renames it to `path` and syncs the
// directory: after a crash the old or the new file stands there, whole. On failure the temporary is
// removed. A symbolic link is followed; a device or pipe is written directly.
Status write_file_atomic(const std::string& path, std::span<const uint8_t> bytes);
Status write_file_atomic(const std::string& path, std::string_view text);

// Makes a directory and its parents; one that stands there already is fine.
Status make_directories(const std::string& path);

bool file_exists(const std::string& path);       // a regular file (links followed)
bool directory_exists(const std::string& path);  // a directory (links followed)

// Names in a directory, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(const std::string& path);

// "a/b/c.png" -> "a/b" ("." without a slash), "c.png", ".png" (empty without a dot), "a/b/c".
std::string directory_of(std::string_view path);
std::string file_name_of(std::string_view path);
std::string extension_of(std::string_view path);
std::string without_extension(std::string_view path);
// "a" + "b" -> "a/b"; an absolute second part stands alone.
std::string join_path(std::string_view directory, std::string_view name);

// The error for a path that does not exist, with the most similar name beside it as the hint.
Error missing_file_error(const std::string& path);

}  // namespace thimble
