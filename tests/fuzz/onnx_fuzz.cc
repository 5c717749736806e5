// Any bytes as an .onnx: refused, or a graph that verifies, also tidied (without transpositions, in integers), and that
// can be written and read again. Reading on behind what is refused finds the same graph, or what was refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "formats/onnx/onnx.h"
#include "passes/tidy_import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = thimble::read_checked_onnx({data, size});
  thimble::Refusals refused;
  const auto partly = thimble::read_checked_onnx({data, size}, nullptr, {}, {.folder = "", .refused = &refused});
  if (partly && !thimble::verify(partly->graph)) std::abort();
  if (model.has_value() != (partly && refused.empty())) std::abort();
  if (!model) return 0;
  if (model->graph.outputs.empty()) std::abort();
  if (!thimble::verify(model->graph)) std::abort();
  const auto tidy = thimble::tidy_import(*model);
  if (!tidy) std::abort();
  const auto file = thimble::write_onnx(tidy->graph);
  if (file && !thimble::read_checked_onnx(*file)) std::abort();
  if (file.has_value() != thimble::without_onnx(tidy->graph).empty()) std::abort();
  return 0;
}
