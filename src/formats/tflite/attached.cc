#include "formats/tflite/attached.h"

#include <algorithm>
#include <cstring>

namespace thimble {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50;
constexpr size_t kEndSize = 22, kEntrySize = 46, kLocalSize = 30, kMaxComment = 65535, kDeflate = 8;

uint32_t u32(std::span<const uint8_t> file, size_t at) {
  uint32_t v;
  std::memcpy(&v, file.data() + at, 4);
  return v;
}
size_t u16(std::span<const uint8_t> file, size_t at) { return file[at] + size_t{256} * file[at + 1]; }

struct Archive {
  size_t begin = 0, directory = 0, end = 0;  // first file, central directory, its end record
  size_t shift = 0;                          // what stored offsets are short of
};

// The directory that an end record at `end` describes; false where it is not one.
bool read_archive(std::span<const uint8_t> file, size_t end, Archive* a) {
  const size_t size = u32(file, end + 12), offset = u32(file, end + 16);
  if (size > end || offset > end - size || size < kEntrySize) return false;
  *a = {end, end - size, end, end - size - offset};
  for (size_t at = a->directory; at < end;) {
    if (end - at < kEntrySize || u32(file, at) != kEntry) return false;
    const size_t local = a->shift + u32(file, at + 42);
    if (local + 4 > a->directory || u32(file, local) != kLocal) return false;
    a->begin = std::min(a->begin, local);
    at += kEntrySize + u16(file, at + 28) + u16(file, at + 30) + u16(file, at + 32);
  }
  return true;
}

bool find_archive(std::span<const uint8_t> file, Archive* a) {
  if (file.size() < kEndSize) return false;
  const size_t last = file.size() - kEndSize, first = last > kMaxComment ? last - kMaxComment : 0;
  for (size_t at = last + 1; at-- > first;)
    if (u32(file, at) == kEnd && at + kEndSize + u16(file, at + 20) == file.size() && read_archive(file, at, a))
      return true;
  return false;
}

}  // namespace

std::vector<AttachedFile> attached_list(std::span<const uint8_t> archive) {
  Archive a;
  std::vector<AttachedFile> all;
  if (!find_archive(archive, &a)) return all;
  for (size_t at = a.directory; at < a.end;) {
    const size_t name = u16(archive, at + 28), rest = u16(archive, at + 30) + u16(archive, at + 32);
    if (a.end - at < kEntrySize + name) break;
    AttachedFile file;
    file.name.assign(reinterpret_cast<const char*>(archive.data() + at + kEntrySize), name);
    file.deflated = u16(archive, at + 10) == kDeflate;
    file.crc = u32(archive, at + 16);
    file.unpacked = u32(archive, at + 24);
    const size_t packed = u32(archive, at + 20), local = a.shift + u32(archive, at + 42);  // read_archive checked it
    const size_t begin = archive.size() - local < kLocalSize
                             ? archive.size()
                             : local + kLocalSize + u16(archive, local + 26) + u16(archive, local + 28);
    if ((file.deflated || u16(archive, at + 10) == 0) && begin <= archive.size() && archive.size() - begin >= packed)
      file.bytes = archive.subspan(begin, packed);
    all.push_back(std::move(file));
    at += kEntrySize + name + rest;
  }
  return all;
}

size_t attached_begin(std::span<const uint8_t> file) {
  Archive a;
  return find_archive(file, &a) ? a.begin : file.size();
}

std::vector<uint8_t> attached_files(std::span<const uint8_t> file, size_t model_bytes) {
  Archive a;
  if (!find_archive(file, &a)) return {};
  std::vector<uint8_t> bytes(file.begin() + static_cast<std::ptrdiff_t>(a.begin), file.end());
  // An offset counted from the old file's start becomes one from the new file's.
  const auto moved = [&](size_t at, size_t stored) {
    const auto v = static_cast<uint32_t>(stored + a.shift - a.begin + model_bytes);
    std::memcpy(bytes.data() + (at - a.begin), &v, 4);
  };
  for (size_t at = a.directory; at < a.end;) {
    moved(at + 42, u32(file, at + 42));
    at += kEntrySize + u16(file, at + 28) + u16(file, at + 30) + u16(file, at + 32);
  }
  moved(a.end + 16, u32(file, a.end + 16));
  return bytes;
}

}  // namespace thimble
