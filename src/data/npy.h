// NumPy's .npy (format versions 1 to 3) and .npz (zip of .npy; stored or deflated), read and written.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html ; zip: PKWARE APPNOTE 6.3.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

// One array in C order, little endian. dtype as NumPy spells it without the byte order: f2 f4 f8 i1 u1 i2 u2 i4 u4 i8
// u8 b1.
struct NpyArray {
  std::string dtype;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;

  int64_t elements() const;
  // Values as floats (f8 and 64-bit integers rounded), and as 64-bit integers (only integer and bool types).
  std::vector<float> as_floats() const;
  Result<std::vector<int64_t>> as_integers() const;
};
// Bytes of one element; 0 for a dtype that is not known.
int64_t npy_item_size(std::string_view dtype);

// Fortran order is turned into C order, big endian into little. Errors: bad_file (header, dtype, sizes, trailing
// bytes).
Result<NpyArray> parse_npy(std::span<const uint8_t> file);
Result<NpyArray> read_npy(const std::string& path);
// Version 1.0, C order. Writes atomically.
std::vector<uint8_t> npy_bytes(std::string_view dtype, const std::vector<int64_t>& shape,
                               std::span<const uint8_t> data);
Status write_npy(const std::string& path, std::string_view dtype, const std::vector<int64_t>& shape,
                 std::span<const uint8_t> data);

// Arrays by name without ".npy". At most 512 MiB are unpacked in all; member names are never used as paths.
Result<std::map<std::string, NpyArray>> parse_npz(std::span<const uint8_t> file);
// Stored (not packed), as np.savez.
Status write_npz(const std::string& path, const std::map<std::string, NpyArray>& arrays);

}  // namespace thimble
