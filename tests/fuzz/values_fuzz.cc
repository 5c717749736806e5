// Any bytes as a model that is planned while it runs, fed zeros and ones: refused, or run until it ends, its operators
// are too many or the deadline passes; and run again, from the plans that are kept.
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "api/model_runner.h"

namespace {

constexpr int64_t kMostBytes = 1 << 20;

void run(thimble::ModelRunner& runner, int value) {
  const thimble::Graph& edges = runner.edges();
  std::vector<std::vector<uint8_t>> arrays;
  for (const thimble::TensorId t : edges.inputs) {
    if (edges.at(t).bytes() > kMostBytes) return;
    arrays.emplace_back(static_cast<size_t>(edges.at(t).bytes()), uint8_t{0});
    if (!arrays.back().empty()) arrays.back()[0] = static_cast<uint8_t>(value);
  }
  std::vector<thimble::FedInput> inputs;
  for (size_t i = 0; i < arrays.size(); ++i) inputs.push_back({edges.at(edges.inputs[i]).shape, arrays[i]});
  const auto ran = runner.run(inputs, {.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20)});
  if (!ran) return;
  for (size_t i = 0; i < edges.outputs.size(); ++i)
    if (static_cast<int64_t>(runner.output_bytes(i).size()) != runner.output(i).bytes()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto runner = thimble::ModelRunner::open(thimble::Data::copy({data, size}), "fuzz", {.max_arena_bytes = kMostBytes});
  if (!runner) return 0;
  for (const int value : {0, 1, 1}) run(**runner, value);
  return 0;
}
