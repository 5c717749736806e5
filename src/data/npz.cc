// The zip half of npy.h.
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/numbers.h"
#include "data/files.h"
#include "data/npy.h"

namespace thimble {
namespace {

uint32_t get16(const uint8_t* p) { return static_cast<uint32_t>(p[0] | p[1] << 8); }
uint32_t get32(const uint8_t* p) { return get16(p) | get16(p + 2) << 16; }
uint64_t get64(const uint8_t* p) { return get32(p) | static_cast<uint64_t>(get32(p + 4)) << 32; }

void put(std::vector<uint8_t>& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

struct Member {
  std::string name;
  uint32_t method = 0, crc = 0;
  uint64_t packed = 0, unpacked = 0, local = 0;
};

tl::unexpected<Error> damaged(std::string what) {
  return fail(ErrorCode::bad_file, format("npz archive: {}", what),
              "write it with numpy.savez or numpy.savez_compressed");
}

// The central directory; sizes above 4 GB use the zip64 extra field, which numpy always writes.
Result<std::vector<Member>> directory(std::span<const uint8_t> f) {
  if (f.size() < 22) return damaged("too short for a zip file");
  size_t end = f.size() - 22;
  const size_t stop = end > 65535 ? end - 65535 : 0;
  while (get32(&f[end]) != 0x06054b50) {
    if (end == stop) return damaged("no end of central directory: not a zip file, or truncated");
    --end;
  }
  const uint32_t count = get16(&f[end + 10]);
  uint64_t at = get32(&f[end + 16]);
  if (count > 10000) return damaged(format("{} members", count));
  std::vector<Member> out;
  for (uint32_t i = 0; i < count; ++i) {
    if (at > f.size() || f.size() - at < 46 || get32(&f[at]) != 0x02014b50)
      return damaged(format("directory entry {} is damaged", i));
    const uint8_t* p = &f[at];
    const size_t name = get16(p + 28), extra = get16(p + 30), comment = get16(p + 32);
    if (f.size() - at - 46 < name + extra + comment) return damaged(format("directory entry {} is truncated", i));
    Member m;
    m.method = get16(p + 10), m.crc = get32(p + 16), m.packed = get32(p + 20), m.unpacked = get32(p + 24),
    m.local = get32(p + 42);
    m.name.assign(reinterpret_cast<const char*>(p + 46), name);
    if (get16(p + 8) & 1) return damaged(format("member {} is encrypted", i));
    for (size_t e = 0; e + 4 <= extra;) {
      const uint8_t* x = p + 46 + name + e;
      const size_t size = get16(x + 2);
      if (e + 4 + size > extra) break;
      if (get16(x) == 1) {
        size_t o = 4;
        for (uint64_t* field : {&m.unpacked, &m.packed, &m.local})
          if (*field == 0xffffffffu && o + 8 <= 4 + size) *field = get64(x + o), o += 8;
      }
      e += 4 + size;
    }
    out.push_back(std::move(m));
    at += 46 + name + extra + comment;
  }
  return out;
}

Result<std::vector<uint8_t>> unpack(std::span<const uint8_t> f, const Member& m) {
  if (m.local > f.size() || f.size() - m.local < 30 || get32(&f[m.local]) != 0x04034b50)
    return damaged("a member's header is damaged");
  const size_t start = m.local + 30 + get16(&f[m.local + 26]) + get16(&f[m.local + 28]);
  if (start > f.size() || m.packed > f.size() - start) return damaged("a member reaches past the end of the file");
  if (m.method != 0 && m.method != 8)
    return damaged(format("compression method {} (stored and deflate are known)", m.method));
  ByteStream stream(f.subspan(start, m.packed),
                    m.method == 8 ? ByteStream::Packing::deflate : ByteStream::Packing::none);
  if (static_cast<int64_t>(m.unpacked) > stream.at_most())
    return damaged(format("a member claims {} bytes from {} packed ones", m.unpacked, m.packed));
  std::vector<uint8_t> out(m.unpacked);
  THIMBLE_ASSIGN(const size_t got, stream.read(out));
  uint8_t extra[1];
  THIMBLE_ASSIGN(const size_t more, stream.read(extra));
  if (got != out.size() || more || !stream.complete())
    return damaged(format("a member should unpack to {} bytes and does not", m.unpacked));
  if (crc32_z(0, out.data(), out.size()) != m.crc) return damaged("a member's check sum is wrong");
  return out;
}

}  // namespace

Result<std::map<std::string, NpyArray>> parse_npz(std::span<const uint8_t> file) {
  THIMBLE_ASSIGN(const std::vector<Member> members, directory(file));
  std::map<std::string, NpyArray> out;
  int64_t total = 0;
  for (const Member& m : members) {
    if (m.name.size() < 4 || m.name.substr(m.name.size() - 4) != ".npy") continue;
    if (m.unpacked > static_cast<uint64_t>(kMaxDataBytes) ||
        !checked_add(total, static_cast<int64_t>(m.unpacked), &total) || total > kMaxDataBytes)
      return damaged(format("more than {} bytes in all when unpacked", kMaxDataBytes));
    const std::string name = m.name.substr(0, m.name.size() - 4);
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, unpack(file, m));
    auto array = parse_npy(bytes);
    if (!array) return with_context(std::move(array).error(), format("array {}", name));
    out.insert_or_assign(name, std::move(*array));
  }
  return out;
}

Status write_npz(const std::string& path, const std::map<std::string, NpyArray>& arrays) {
  std::vector<uint8_t> out, central;
  for (const auto& [name, array] : arrays) {
    const std::vector<uint8_t> data = npy_bytes(array.dtype, array.shape, array.bytes);
    const std::string file = name + ".npy";
    if (out.size() + data.size() > 0xfffffff0u - 65536)
      return fail(ErrorCode::unsupported, format("{}: more than 4 GB in one .npz", path), "write several files");
    const size_t local = out.size();
    const auto common = [&](std::vector<uint8_t>& to) {  // version 2.0, no flags, stored, 1980-01-01
      put(to, 20, 2), put(to, 0, 2), put(to, 0, 2), put(to, 0, 2), put(to, 0x21, 2);
      put(to, crc32_z(0, data.data(), data.size()), 4), put(to, data.size(), 4), put(to, data.size(), 4),
          put(to, file.size(), 2), put(to, 0, 2);
    };
    put(out, 0x04034b50, 4);
    common(out);
    out.insert(out.end(), file.begin(), file.end());
    out.insert(out.end(), data.begin(), data.end());
    put(central, 0x02014b50, 4), put(central, 20, 2);
    common(central);
    put(central, 0, 2), put(central, 0, 2), put(central, 0, 2), put(central, 0, 4), put(central, local, 4);
    central.insert(central.end(), file.begin(), file.end());
  }
  const size_t start = out.size();
  out.insert(out.end(), central.begin(), central.end());
  put(out, 0x06054b50, 4), put(out, 0, 2), put(out, 0, 2), put(out, arrays.size(), 2), put(out, arrays.size(), 2);
  put(out, central.size(), 4), put(out, start, 4), put(out, 0, 2);
  return write_whole_file(path, out);
}

}  // namespace thimble
