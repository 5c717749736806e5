#include "compress/size_report.h"

#include <zlib.h>

#include <algorithm>
#include <map>

#include "formats/tflite/tflite.h"

namespace thimble {

Result<int64_t> deflated_bytes(std::span<const uint8_t> bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::vector<uint8_t> out(size);
  const int rc = compress2(out.data(), &size, bytes.data(), static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  if (rc != Z_OK) return fail(ErrorCode::internal, format("zlib cannot deflate {} bytes (code {})", bytes.size(), rc));
  return static_cast<int64_t>(size);
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
    report.weight_bytes += raw;
    report.weight_deflated += deflated;
  }
  std::ranges::stable_sort(report.tensors, [](const TensorBytes& a, const TensorBytes& b) { return a.file > b.file; });
  return report;
}

}  // namespace thimble
