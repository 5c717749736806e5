// Checksums of our own files: fast, they find damage, not an attacker. (SHA-256 is in data/sha256.h.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace thimble {

// XXH64 of the published specification; `seed` lets pieces be chained.
uint64_t checksum64(std::span<const uint8_t> bytes, uint64_t seed = 0);
uint64_t checksum64(std::string_view text, uint64_t seed = 0);

// CRC-32 of the published polynomial (ISO 3309, as in zip and PNG): finds every burst of up to 32 changed bits.
uint32_t crc32(std::span<const uint8_t> bytes);

// Lower-case hexadecimal text.
std::string hex(std::span<const uint8_t> bytes);
std::string hex(uint64_t number);  // 16 digits

}  // namespace thimble
