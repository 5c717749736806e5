// Any bytes as an .onnx: refused, or a graph that verifies, also without its transpositions, and that can be written
// and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "formats/onnx/onnx.h"
#include "passes/sink_transposes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = thimble::read_checked_onnx({data, size});
  if (!model) return 0;
  if (model->graph.outputs.empty()) std::abort();
  if (!thimble::verify(model->graph)) std::abort();
  const auto sunk = thimble::sink_transposes(*model);
  if (!sunk) std::abort();
  const auto file = thimble::write_onnx(sunk->graph);
  if (file && !thimble::read_checked_onnx(*file)) std::abort();
  return 0;
}
