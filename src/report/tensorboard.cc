// Wire format: tensorflow/core/util/event.proto and summary.proto (Event{wall_time=1 double, step=2
// int64, file_version=3 string, summary=5}, Summary{value=1}, Value{tag=1, simple_value=2 float}).
#include "report/tensorboard.h"

#include <array>
#include <bit>

#include "base/format.h"

namespace thimble {

namespace {
constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);  // reflected Castagnoli
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

template <class T>
void append_little(std::string& out, T number) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((number >> (8 * i)) & 0xff);
}

// TFRecord stores a rotated and shifted CRC, so that a CRC of data that holds CRCs stays useful.
uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

void append_varint(std::string& out, uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}
void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  append_varint(out, field << 3 | 2);
  append_varint(out, bytes.size());
  out += bytes;
}
void append_wall_time(std::string& out, double wall_time) {
  append_varint(out, 1 << 3 | 1);
  append_little(out, std::bit_cast<uint64_t>(wall_time));
}
}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::string tfrecord(std::string_view payload) {
  std::string out;
  append_little(out, static_cast<uint64_t>(payload.size()));
  append_little(out, masked_crc(out));
  out += payload;
  append_little(out, masked_crc(payload));
  return out;
}

std::string tensorboard_header(double wall_time) {
  std::string event;
  append_wall_time(event, wall_time);
  append_bytes(event, 3, "brain.Event:2");
  return tfrecord(event);
}

std::string tensorboard_scalars(int64_t step, double wall_time,
                                const std::vector<std::pair<std::string, double>>& scalars) {
  std::string summary;
  for (const auto& [tag, number] : scalars) {
    std::string value;
    append_bytes(value, 1, tag);
    append_varint(value, 2 << 3 | 5);
    append_little(value, std::bit_cast<uint32_t>(static_cast<float>(number)));
    append_bytes(summary, 1, value);
  }
  std::string event;
  append_wall_time(event, wall_time);
  append_varint(event, 2 << 3);
  append_varint(event, static_cast<uint64_t>(step));
  append_bytes(event, 5, summary);
  return tfrecord(event);
}

std::string tensorboard_file_name(double wall_time, std::string_view host) {
  std::string safe;
  for (char c : host)
    safe += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ? c : '_';
  return format("events.out.tfevents.{:010d}.{}", static_cast<int64_t>(wall_time), safe);
}

}  // namespace thimble
