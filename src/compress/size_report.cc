#include "compress/size_report.h"

#include <zlib.h>

#include <algorithm>
#include <map>

#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"

namespace thimble {

std::string unchanged_reason(const Tensor& t) {
  const bool whole = t.type == DType::i32 || t.type == DType::i64;
  if (whole && !t.quant.empty()) return "bias: int32, the type of the accumulator";
  if (whole) return "not a weight: shape, axis or index data";
  if (t.shape.elements() <= 1) return "a single value";
  return format("{} before and after", name(t.type));
}

std::vector<TensorSize> constant_sizes(const Graph& before, const Graph& after) {
  std::map<std::string, int64_t> was;
  for (const Tensor& t : before.tensors)
    if (t.constant()) was[t.name] = t.bytes();
  std::vector<TensorSize> sizes;
  for (const Tensor& t : after.tensors) {
    if (!t.constant()) continue;
    const auto it = was.find(t.name);
    const int64_t old = it == was.end() ? t.bytes() : it->second;
    sizes.push_back({t.name, old, t.bytes(), t.type, t.bytes() < old ? "" : unchanged_reason(t)});
  }
  return sizes;
}

Result<int64_t> deflated_bytes(std::span<const uint8_t> bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::vector<uint8_t> out(size);
  const int rc = compress2(out.data(), &size, bytes.data(), static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  if (rc != Z_OK) return fail(ErrorCode::internal, format("zlib cannot deflate {} bytes (code {})", bytes.size(), rc));
  return static_cast<int64_t>(size);
}

ValueCounts count_values(const Tensor& tensor) {
  const int64_t width = bits(tensor.type);
  const auto n = static_cast<size_t>(tensor.shape.elements());
  ValueCounts counts{.elements = tensor.shape.elements()};
  if (width < 1 || width > 64 || (n * static_cast<size_t>(width) + 7) / 8 > tensor.data.size) return counts;
  const bool is_float = tensor.type == DType::f32 || tensor.type == DType::f16 || tensor.type == DType::f64;
  const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  // The sign of a zero does not matter; a single zero point may stand for 0.
  const uint64_t sign = is_float ? uint64_t{1} << (width - 1) : 0;
  const int64_t zero_point = tensor.quant.zero_point.size() == 1 ? tensor.quant.zero_point[0] : 0;
  const uint64_t zero = is_float ? 0 : static_cast<uint64_t>(zero_point) & mask;
  std::vector<uint64_t> values(n);
  for (size_t i = 0; i < n; ++i) {
    const size_t first = i * static_cast<size_t>(width);
    uint64_t v = 0;
    if (width >= 8) {
      for (size_t b = 0; b < static_cast<size_t>(width) / 8; ++b)
        v |= uint64_t{tensor.data.bytes[first / 8 + b]} << 8 * b;
    } else {
      v = static_cast<uint64_t>(tensor.data.bytes[first / 8] >> (first % 8));
    }
    v &= mask;
    if (sign && v == sign) v = 0;
    counts.zeros += v == zero;
    values[i] = v;
  }
  std::ranges::sort(values);
  counts.distinct = std::unique(values.begin(), values.end()) - values.begin();
  return counts;
}

double sparsity(const Graph& graph) {
  int64_t zeros = 0, elements = 0;
  for (const Tensor& t : graph.tensors) {
    if (!t.constant() || t.shape.rank() < 2) continue;
    if (t.type != DType::f32 && t.type != DType::f16 && t.quant.empty()) continue;
    const ValueCounts counts = count_values(t);
    zeros += counts.zeros;
    elements += counts.elements;
  }
  return elements > 0 ? static_cast<double>(zeros) / static_cast<double>(elements) : 0;
}

Result<SizeReport> size_report(const Graph& graph, std::span<const TensorSize> sizes) {
  SizeReport report;
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, write_tflite(graph));
  report.file_bytes = static_cast<int64_t>(file.size());
  THIMBLE_ASSIGN(report.file_deflated, deflated_bytes(file));

  std::map<std::string, size_t> place;  // one line per name: copies of a constant count together
  for (const TensorSize& s : sizes) {
    if (!place.try_emplace(s.name, report.tensors.size()).second) continue;
    report.tensors.push_back({.name = s.name, .type = s.type, .before = s.before, .why = s.why});
  }
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.constant()) continue;
    const auto [it, fresh] = place.try_emplace(tensor.name, report.tensors.size());
    if (fresh) {
      report.tensors.push_back({.name = tensor.name, .type = tensor.type, .before = tensor.bytes()});
      report.tensors.back().why = sizes.empty() ? "the model as it was trained or imported" : "added by quantisation";
    }
    TensorBytes& line = report.tensors[it->second];
    const auto raw = static_cast<int64_t>(tensor.data.size);
    line.raw += raw;
    line.file += raw + static_cast<int64_t>(tensor.name.size() + 12 * tensor.quant.scale.size());
    THIMBLE_ASSIGN(const int64_t deflated, deflated_bytes({tensor.data.bytes, tensor.data.size}));
    line.deflated += deflated;
    const ValueCounts counts = count_values(tensor);
    line.elements += counts.elements;
    line.zeros += counts.zeros;
    line.distinct = std::max(line.distinct, counts.distinct);
    report.weight_bytes += raw;
    report.weight_deflated += deflated;
  }
  THIMBLE_ASSIGN(const PackedModel packed, write_thim(graph));
  report.file_packed = static_cast<int64_t>(packed.bytes.size());
  for (const ThimTensor& t : packed.account.tensors)
    if (const auto it = place.find(t.name); it != place.end()) {
      TensorBytes& line = report.tensors[it->second];
      line.packed += t.coded_bytes;
      line.packed_how = t.coding;
    }
  std::ranges::stable_sort(report.tensors, [](const TensorBytes& a, const TensorBytes& b) { return a.file > b.file; });
  return report;
}

}  // namespace thimble
