#include "data/sha256.h"

#include <sodium/crypto_hash_sha256.h>

#include <array>

#include "base/hash.h"

namespace thimble {

std::string sha256_hex(std::span<const uint8_t> bytes) {
  std::array<uint8_t, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  return hex(std::span<const uint8_t>(digest));
}

std::string sha256_hex(std::string_view text) {
  return sha256_hex(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace thimble
