#include <bit>
#include <cstring>
#include <utility>

#include "ops/lsh_projection/lsh_projection.h"

namespace thimble {
namespace {

constexpr uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

uint64_t word(const uint8_t* at) {
  uint64_t v;
  std::memcpy(&v, at, 8);
  return v;
}
uint64_t half(const uint8_t* at) {
  uint32_t v;
  std::memcpy(&v, at, 4);
  return v;
}
uint64_t mixed(uint64_t v) { return v ^ (v >> 47); }

uint64_t joined(uint64_t u, uint64_t v, uint64_t factor) {
  uint64_t a = (u ^ v) * factor;
  a ^= a >> 47;
  uint64_t b = (v ^ a) * factor;
  b ^= b >> 47;
  return b * factor;
}

uint64_t up_to_16(const uint8_t* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  if (n >= 8) {
    const uint64_t a = word(s) + k2, b = word(s + n - 8);
    return joined(std::rotr(b, 37) * factor + a, (std::rotr(a, 25) + b) * factor, factor);
  }
  if (n >= 4) return joined(n + (half(s) << 3), half(s + n - 4), factor);
  if (n == 0) return k2;
  const uint32_t y = s[0] + (static_cast<uint32_t>(s[n >> 1]) << 8);
  const uint32_t z = static_cast<uint32_t>(n) + (static_cast<uint32_t>(s[n - 1]) << 2);
  return mixed(y * k2 ^ z * k0) * k2;
}

uint64_t up_to_32(const uint8_t* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  const uint64_t a = word(s) * k1, b = word(s + 8), c = word(s + n - 8) * factor, d = word(s + n - 16) * k2;
  return joined(std::rotr(a + b, 43) + std::rotr(c, 30) + d, a + std::rotr(b + k2, 18) + c, factor);
}

uint64_t up_to_64(const uint8_t* s, size_t n) {
  const uint64_t factor = k2 + n * 2;
  const uint64_t a = word(s) * k2, b = word(s + 8), c = word(s + n - 8) * factor, d = word(s + n - 16) * k2;
  const uint64_t y = std::rotr(a + b, 43) + std::rotr(c, 30) + d;
  const uint64_t z = joined(y, a + std::rotr(b + k2, 18) + c, factor);
  const uint64_t e = word(s + 16) * factor, f = word(s + 24);
  const uint64_t g = (y + word(s + n - 32)) * factor, h = (z + word(s + n - 24)) * factor;
  return joined(std::rotr(e + f, 43) + std::rotr(g, 30) + h, e + std::rotr(f + a, 18) + g, factor);
}

struct Pair {
  uint64_t first = 0, second = 0;
};

// Of 32 bytes, with two seeds.
Pair weak(const uint8_t* s, uint64_t a, uint64_t b) {
  const uint64_t w = word(s), x = word(s + 8), y = word(s + 16), z = word(s + 24);
  a += w;
  b = std::rotr(b + a + z, 21);
  const uint64_t c = a;
  a += x + y;
  b += std::rotr(a, 44);
  return {a + z, b + c};
}

}  // namespace

uint64_t fingerprint(const uint8_t* s, size_t n) {
  if (n <= 16) return up_to_16(s, n);
  if (n <= 32) return up_to_32(s, n);
  if (n <= 64) return up_to_64(s, n);
  constexpr uint64_t seed = 81;
  uint64_t x = seed, y = seed * k1 + 113, z = mixed(y * k2 + 113) * k2;
  Pair v, w;
  x = x * k2 + word(s);
  const uint8_t* end = s + (n - 1) / 64 * 64;
  const uint8_t* last = end + ((n - 1) & 63) - 63;
  do {
    x = std::rotr(x + y + v.first + word(s + 8), 37) * k1;
    y = std::rotr(y + v.second + word(s + 48), 42) * k1;
    x ^= w.second;
    y += v.first + word(s + 40);
    z = std::rotr(z + w.first, 33) * k1;
    v = weak(s, v.second * k1, x + w.first);
    w = weak(s + 32, z + w.second, y + word(s + 16));
    std::swap(z, x);
    s += 64;
  } while (s != end);
  const uint64_t factor = k1 + ((z & 0xff) << 1);
  s = last;
  w.first += (n - 1) & 63;
  v.first += w.first;
  w.first += v.first;
  x = std::rotr(x + y + v.first + word(s + 8), 37) * factor;
  y = std::rotr(y + v.second + word(s + 48), 42) * factor;
  x ^= w.second * 9;
  y += v.first * 9 + word(s + 40);
  z = std::rotr(z + w.first, 33) * factor;
  v = weak(s, v.second * factor, x + w.first);
  w = weak(s + 32, z + w.second, y + word(s + 16));
  std::swap(z, x);
  return joined(joined(v.first, w.first, factor) + mixed(y) * k0 + z, joined(v.second, w.second, factor) + x, factor);
}

}  // namespace thimble
