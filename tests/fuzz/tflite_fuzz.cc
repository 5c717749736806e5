// Any bytes as a .tflite: refused, or a listing of what is in it, and a graph that verifies and that can be written and
// read again. Reading on behind what is refused finds the same graph, or what was refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "formats/tflite/listing.h"
#include "formats/tflite/parts.h"
#include "formats/tflite/tflite.h"
#include "ops/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto parts = thimble::tflite_parts(bytes);
  if (parts && parts->total != static_cast<int64_t>(size)) std::abort();
  if (const auto listing = thimble::list_tflite(bytes); listing && listing->supported() > listing->operators())
    std::abort();
  const auto graph = thimble::read_tflite(bytes);
  thimble::Refusals refused;
  const auto partly = thimble::read_checked_tflite(bytes, nullptr, {.known = {}, .signature = {}, .refused = &refused});
  if (partly && !thimble::verify(partly->graph)) std::abort();
  if (graph.has_value() != (partly && refused.empty())) std::abort();
  if (!graph) return 0;
  if (graph->outputs.empty()) std::abort();
  if (!thimble::verify(*graph)) std::abort();
  for (const bool sparse : {false, true}) {
    const auto file = thimble::write_tflite(*graph, {.sparse = sparse});
    if (file && !thimble::read_tflite(*file)) std::abort();
    if (file.has_value() != thimble::without_tflite(*graph).empty()) std::abort();
  }
  return 0;
}
