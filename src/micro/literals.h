// Numbers as C literals.
#pragma once

#include <cstdint>
#include <string>

namespace thimble::micro {

// The shortest decimals that give the same float back, with the suffix f; INFINITY and NAN of <math.h>.
std::string literal(float value);
std::string literal(int64_t value);   // INT32_MIN and the like are written so that C reads them as what they are
std::string literal(uint32_t value);  // with the suffix u

// `static const TYPE NAME[COUNT] THIMBLE_FLASH = {…};`, at most 116 columns wide.
template <class T>
std::string array(const std::string& type, const std::string& name, const T* values, int64_t count);

}  // namespace thimble::micro
