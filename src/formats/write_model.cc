// Apart from reading, so that what only reads links no writer.
#include "formats/model_file.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"

namespace thimble {

Result<std::vector<uint8_t>> write_model(const Graph& graph, std::string_view path) {
  if (is_onnx_name(path)) return write_onnx(graph);
  if (!is_packed_name(path)) return write_tflite(graph);
  THIMBLE_ASSIGN(PackedModel packed, write_thim(graph));
  return std::move(packed.bytes);
}

}  // namespace thimble
