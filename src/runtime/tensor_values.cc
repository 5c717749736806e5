#include "runtime/tensor_values.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"

namespace thimble {

namespace {

// The whole part, at most as far as T goes; 0 for what is no number.
template <class T>
T whole(float v) {
  constexpr auto lo = static_cast<double>(std::numeric_limits<T>::min());
  constexpr auto hi = static_cast<double>(std::numeric_limits<T>::max());
  if (!(v == v)) return 0;
  if (v <= lo) return std::numeric_limits<T>::min();
  return v >= hi ? std::numeric_limits<T>::max() : static_cast<T>(v);
}

// A float32 as bfloat16, to the nearest, the even one of two; NaN is kept.
uint16_t upper_half(float v) {
  const auto bits = std::bit_cast<uint32_t>(v);
  return static_cast<uint16_t>(v != v ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

void fill_input(const Tensor& tensor, std::span<const float> values, std::span<uint8_t> memory) {
  if (tensor.type == DType::f32) {
    if (!values.empty()) std::memcpy(memory.data(), values.data(), values.size_bytes());
    return;
  }
  const auto quantised = [&](float x, int32_t lo, int32_t hi) {
    const float scale = tensor.quant.empty() ? 1.0f : tensor.quant.scale[0];
    const int32_t zero = tensor.quant.empty() ? 0 : tensor.quant.zero_point[0];
    const double q = std::round(static_cast<double>(x / scale)) + zero;
    return static_cast<int32_t>(std::clamp<double>(q == q ? q : zero, lo, hi));
  };
  for (size_t i = 0; i < values.size(); ++i) switch (tensor.type) {
      case DType::i8:
        reinterpret_cast<int8_t*>(memory.data())[i] = static_cast<int8_t>(quantised(values[i], -128, 127));
        break;
      case DType::u8: memory[i] = static_cast<uint8_t>(quantised(values[i], 0, 255)); break;
      case DType::i16:
        reinterpret_cast<int16_t*>(memory.data())[i] = static_cast<int16_t>(quantised(values[i], -32768, 32767));
        break;
      case DType::i32: reinterpret_cast<int32_t*>(memory.data())[i] = whole<int32_t>(values[i]); break;
      case DType::i64: reinterpret_cast<int64_t*>(memory.data())[i] = whole<int64_t>(values[i]); break;
      case DType::boolean: memory[i] = values[i] != 0; break;
      case DType::f16: reinterpret_cast<uint16_t*>(memory.data())[i] = float_to_half(values[i]); break;
      case DType::bf16: reinterpret_cast<uint16_t*>(memory.data())[i] = upper_half(values[i]); break;
      case DType::u16: reinterpret_cast<uint16_t*>(memory.data())[i] = whole<uint16_t>(values[i]); break;
      case DType::u32: reinterpret_cast<uint32_t*>(memory.data())[i] = whole<uint32_t>(values[i]); break;
      case DType::u64: reinterpret_cast<uint64_t*>(memory.data())[i] = whole<uint64_t>(values[i]); break;
      case DType::f64: reinterpret_cast<double*>(memory.data())[i] = values[i]; break;
      case DType::c64: {
        auto* number = reinterpret_cast<float*>(memory.data()) + 2 * i;
        number[0] = values[i];
        number[1] = 0;
        break;
      }
      default: reinterpret_cast<float*>(memory.data())[i] = values[i]; break;
    }
}

void read_output(const Tensor& tensor, std::span<const uint8_t> memory, std::span<float> values) {
  const float scale = tensor.quant.empty() ? 1.0f : tensor.quant.scale[0];
  const int32_t zero = tensor.quant.empty() ? 0 : tensor.quant.zero_point[0];
  for (size_t i = 0; i < values.size(); ++i) switch (tensor.type) {
      case DType::i8:
        values[i] = scale * static_cast<float>(reinterpret_cast<const int8_t*>(memory.data())[i] - zero);
        break;
      case DType::u8: values[i] = scale * static_cast<float>(memory[i] - zero); break;
      case DType::i16:
        values[i] = scale * static_cast<float>(reinterpret_cast<const int16_t*>(memory.data())[i] - zero);
        break;
      case DType::i32: values[i] = static_cast<float>(reinterpret_cast<const int32_t*>(memory.data())[i]); break;
      case DType::i64: values[i] = static_cast<float>(reinterpret_cast<const int64_t*>(memory.data())[i]); break;
      case DType::boolean: values[i] = memory[i] ? 1.0f : 0.0f; break;
      case DType::f16: values[i] = half_to_float(reinterpret_cast<const uint16_t*>(memory.data())[i]); break;
      case DType::bf16:
        values[i] = std::bit_cast<float>(uint32_t{reinterpret_cast<const uint16_t*>(memory.data())[i]} << 16);
        break;
      case DType::u16: values[i] = reinterpret_cast<const uint16_t*>(memory.data())[i]; break;
      case DType::u32: values[i] = static_cast<float>(reinterpret_cast<const uint32_t*>(memory.data())[i]); break;
      case DType::u64: values[i] = static_cast<float>(reinterpret_cast<const uint64_t*>(memory.data())[i]); break;
      case DType::f64: values[i] = static_cast<float>(reinterpret_cast<const double*>(memory.data())[i]); break;
      case DType::c64: values[i] = reinterpret_cast<const float*>(memory.data())[2 * i]; break;
      default: values[i] = reinterpret_cast<const float*>(memory.data())[i]; break;
    }
}

}  // namespace thimble
