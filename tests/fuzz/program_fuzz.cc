// Any bytes as a .tflite whose network is then run: refused, or planned (or found too large) and run, by the fast paths
// and by the references, with recurrent layers as loops and as layers, on zeros, ones and the largest numbers. What the
// reader accepts does not trap later.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "formats/tflite/tflite.h"
#include "ops/check.h"
#include "passes/pipeline.h"
#include "passes/raise_loops.h"
#include "runtime/program.h"

namespace {

constexpr int64_t kMostMacs = 1 << 22, kMostBytes = 1 << 22;

void run(thimble::Graph graph, bool reference_only) {
  auto program =
      thimble::Program::plan(std::move(graph), {.reference_only = reference_only, .max_arena_bytes = kMostBytes});
  if (!program) return;
  auto session = thimble::Session::create(*program);
  if (!session) return;
  for (const int value : {0, 1, 0x7f}) {
    for (size_t i = 0; i < (*session)->graph().inputs.size(); ++i) {
      const auto memory = (*session)->input(i);
      if (!memory.empty()) std::memset(memory.data(), value, memory.size());
    }
    (*session)->run();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = thimble::read_tflite({data, size});
  if (!graph) return 0;
  const auto total = thimble::cost(*graph);
  if (!total || total->macs > kMostMacs) return 0;
  run(*graph, true);
  if (auto checked = thimble::check(*graph))
    if (auto raised = thimble::raise_loops(std::move(*checked))) run(std::move(raised->graph), false);
  auto prepared = thimble::prepare_for_inference(*graph);
  if (prepared) run(std::move(prepared->graph), false);
  return 0;
}
