#include "formats/thim/keys.h"

#include <cstring>

namespace thimble::thim {
namespace {

template <class T>
void load(const Data& data, std::vector<int32_t>* keys) {
  for (size_t i = 0; i < keys->size(); ++i) {
    T value;  // data of a damaged or foreign file need not be aligned
    std::memcpy(&value, data.bytes + i * sizeof(T), sizeof(T));
    (*keys)[i] = static_cast<int32_t>(value);
  }
}

uint32_t pattern_of(DType type, int32_t key) {
  return is_float(type) ? float_pattern(type, key) : static_cast<uint32_t>(key);
}

template <class T>
void store(DType type, const std::vector<int32_t>& keys, uint8_t* bytes) {
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto value = static_cast<T>(pattern_of(type, keys[i]));
    std::memcpy(bytes + i * sizeof(T), &value, sizeof(T));
  }
}

Data empty_data(int64_t bytes) {
  Data data = Data::copy({});
  if (bytes == 0) return data;
  const std::vector<uint8_t> zeros(static_cast<size_t>(bytes));
  return Data::copy(zeros);
}

uint8_t* writable(Data& data) { return const_cast<uint8_t*>(data.bytes); }  // made here, not yet given out

}  // namespace

bool has_keys(DType type) { return bits(type) <= 32; }
bool is_float(DType type) { return type == DType::f32 || type == DType::f16; }
int mantissa_bits(DType type) { return type == DType::f32 ? 23 : 10; }

void key_range(DType type, int64_t* least, int64_t* greatest) {
  const bool without_sign = type == DType::u8 || type == DType::boolean || type == DType::u16;
  const int64_t half = int64_t{1} << (bits(type) - 1);
  *least = without_sign ? 0 : -half;
  *greatest = without_sign ? 2 * half - 1 : half - 1;
}

int32_t float_key(DType type, uint32_t pattern) {
  if (type == DType::f16) {
    const auto s = static_cast<int16_t>(pattern);
    return s < 0 ? static_cast<int16_t>(s ^ 0x7fff) : s;
  }
  const auto s = static_cast<int32_t>(pattern);
  return s < 0 ? s ^ 0x7fffffff : s;
}

uint32_t float_pattern(DType type, int32_t key) {
  if (type == DType::f16) return static_cast<uint16_t>(key < 0 ? key ^ 0x7fff : key);
  return static_cast<uint32_t>(key < 0 ? key ^ 0x7fffffff : key);
}

bool keys_of(const Tensor& tensor, std::vector<int32_t>* keys) {
  const auto n = static_cast<size_t>(tensor.shape.elements());
  keys->resize(n);
  switch (tensor.type) {
    case DType::i8: load<int8_t>(tensor.data, keys); break;
    case DType::u8:
    case DType::boolean: load<uint8_t>(tensor.data, keys); break;
    case DType::i16: load<int16_t>(tensor.data, keys); break;
    case DType::u16:
    case DType::f16: load<uint16_t>(tensor.data, keys); break;
    case DType::i4:
      for (size_t i = 0; i < n; ++i) {
        const int nibble = (tensor.data.bytes[i / 2] >> (i % 2 * 4)) & 15;
        (*keys)[i] = nibble < 8 ? nibble : nibble - 16;
      }
      return n % 2 == 0 || (tensor.data.bytes[n / 2] >> 4) == 0;
    default: load<int32_t>(tensor.data, keys); break;
  }
  if (is_float(tensor.type))
    for (int32_t& key : *keys) key = float_key(tensor.type, static_cast<uint32_t>(key));
  return true;
}

Data data_of(const Tensor& tensor, const std::vector<int32_t>& keys) {
  Data data = empty_data(tensor.bytes());
  uint8_t* bytes = writable(data);
  if (tensor.type == DType::i4) {
    for (size_t i = 0; i < keys.size(); ++i)
      bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] | ((keys[i] & 15) << (i % 2 * 4)));
    return data;
  }
  switch (bits(tensor.type)) {
    case 8: store<uint8_t>(tensor.type, keys, bytes); break;
    case 16: store<uint16_t>(tensor.type, keys, bytes); break;
    default: store<uint32_t>(tensor.type, keys, bytes); break;
  }
  return data;
}

Data filled(const Tensor& tensor, int32_t key) {
  Data data = empty_data(tensor.bytes());
  uint8_t* bytes = writable(data);
  const uint32_t pattern = pattern_of(tensor.type, key);
  const auto n = static_cast<size_t>(tensor.shape.elements());
  if (tensor.type == DType::i4) {
    for (size_t i = 0; i < n; ++i) bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] | ((pattern & 15) << (i % 2 * 4)));
    return data;
  }
  const auto width = static_cast<size_t>(bits(tensor.type) / 8);
  for (size_t i = 0; i < n; ++i)
    for (size_t b = 0; b < width; ++b) bytes[i * width + b] = static_cast<uint8_t>(pattern >> (8 * b));
  return data;
}

}  // namespace thimble::thim
