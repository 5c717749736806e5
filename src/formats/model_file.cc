#include "formats/model_file.h"

#include <algorithm>

#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"

namespace thimble {
namespace {

// Something else that people have at hand, recognised by its first bytes.
const char* looks_like(std::span<const uint8_t> bytes) {
  const auto starts = [&](std::string_view magic) {
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin(),
                                                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  if (starts("\x89PNG") || starts("\xff\xd8\xff") || starts("BM")) return "a picture";
  if (starts("\x89HDF")) return "a Keras HDF5 file";
  if (starts("PK\x03\x04")) return "a zip archive (a .keras file)";
  if (starts("\x93NUMPY")) return "a NumPy array";
  if (starts("\x08") && bytes.size() > 4 && bytes[2] == 0x12) return "an ONNX file";
  return nullptr;
}

}  // namespace

Result<Graph> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner) {
  if (bytes.empty()) return fail(ErrorCode::bad_file, "the file is empty");
  auto graph = is_thim(bytes) ? read_thim(bytes) : read_tflite(bytes, std::move(owner));
  if (!graph && graph.error().code == ErrorCode::bad_file)
    if (const char* other = looks_like(bytes))
      graph.error().hint = format("this looks like {}; give a .tflite or .thim file", other);
  return graph;
}

bool is_packed_name(std::string_view path) { return path.size() > 5 && path.ends_with(".thim"); }

Result<std::vector<uint8_t>> write_model(const Graph& graph, std::string_view path) {
  if (!is_packed_name(path)) return write_tflite(graph);
  THIMBLE_ASSIGN(PackedModel packed, write_thim(graph));
  return std::move(packed.bytes);
}

}  // namespace thimble
