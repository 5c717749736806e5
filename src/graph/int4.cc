#include "graph/int4.h"

namespace thimble {

Data pack_int4(std::span<const int8_t> values) {
  std::vector<uint8_t> bytes((values.size() + 1) / 2, 0);
  for (size_t i = 0; i < values.size(); ++i)
    bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] | ((values[i] & 15) << (i % 2 * 4)));
  return Data::copy(bytes);
}

std::vector<int8_t> unpack_int4(std::span<const uint8_t> bytes, int64_t count) {
  std::vector<int8_t> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    const int half = bytes[i / 2] >> (i % 2 * 4) & 15;
    values[i] = static_cast<int8_t>(half >= 8 ? half - 16 : half);
  }
  return values;
}

Tensor as_int4(const Tensor& int8) {
  Tensor packed = int8;
  packed.type = DType::i4;
  packed.data = pack_int4(int8.data.as<int8_t>());
  return packed;
}

int widen_int4(Graph& graph) {
  int count = 0;
  for (Tensor& tensor : graph.tensors) {
    if (tensor.type != DType::i4 || !tensor.constant()) continue;
    if (static_cast<int64_t>(tensor.data.size) < tensor.bytes()) continue;  // the verifier refuses it
    const std::vector<int8_t> values = unpack_int4({tensor.data.bytes, tensor.data.size}, tensor.shape.elements());
    tensor.type = DType::i8;
    tensor.data = Data::of(std::span<const int8_t>(values));
    ++count;
  }
  return count;
}

}  // namespace thimble
