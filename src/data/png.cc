#include "data/png.h"

#include <zlib.h>

#include <array>

namespace thimble {
namespace {

void put_u32(std::vector<uint8_t>& out, uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(v >> shift));
}

void put_chunk(std::vector<uint8_t>& out, const char* type, const std::vector<uint8_t>& data) {
  put_u32(out, static_cast<uint32_t>(data.size()));
  const size_t start = out.size();
  out.insert(out.end(), type, type + 4);
  out.insert(out.end(), data.begin(), data.end());
  put_u32(out, static_cast<uint32_t>(crc32(0, out.data() + start, static_cast<uInt>(out.size() - start))));
}

}  // namespace

Result<std::vector<uint8_t>> encode_png(const Picture& p) {
  if (p.height < 1 || p.width < 1 || (p.channels != 1 && p.channels != 3) || p.height > 65535 || p.width > 65535)
    return fail(ErrorCode::usage, format("a PNG of {}×{}×{} cannot be written", p.height, p.width, p.channels));
  // Every row with filter 0 (none), or 1 (left neighbour) which suits photographs.
  const int64_t row = p.width * p.channels;
  const bool large = row * p.height > 4096;
  std::vector<uint8_t> raw;
  raw.reserve(static_cast<size_t>((row + 1) * p.height));
  for (int64_t y = 0; y < p.height; ++y) {
    const uint8_t* in = p.pixels.data() + y * row;
    raw.push_back(large ? 1 : 0);
    for (int64_t i = 0; i < row; ++i)
      raw.push_back(static_cast<uint8_t>(large && i >= p.channels ? in[i] - in[i - p.channels] : in[i]));
  }
  uLongf packed_size = compressBound(static_cast<uLong>(raw.size()));
  std::vector<uint8_t> packed(packed_size);
  if (compress2(packed.data(), &packed_size, raw.data(), static_cast<uLong>(raw.size()), 9) != Z_OK)
    return fail(ErrorCode::out_of_memory, "no memory to write a PNG");
  packed.resize(packed_size);
  std::vector<uint8_t> out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, header;
  put_u32(header, static_cast<uint32_t>(p.width));
  put_u32(header, static_cast<uint32_t>(p.height));
  const std::array<uint8_t, 5> kind = {8, static_cast<uint8_t>(p.channels == 3 ? 2 : 0), 0, 0, 0};
  header.insert(header.end(), kind.begin(), kind.end());
  put_chunk(out, "IHDR", header);
  put_chunk(out, "IDAT", packed);
  put_chunk(out, "IEND", {});
  return out;
}

}  // namespace thimble
