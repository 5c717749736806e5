// SHA-256 (FIPS 180-4, libsodium) for identities that are printed and compared: a recipe's, a training's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace thimble {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const uint8_t> bytes);
std::string sha256_hex(std::string_view text);

}  // namespace thimble
