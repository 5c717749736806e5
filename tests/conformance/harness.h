// Shared by the conformance tests: running a model file on given inputs in one configuration
// (kernels × threads × reference only) and comparing outputs.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/file.h"
#include "formats/tflite/tflite.h"
#include "ops/check.h"
#include "runtime/program.h"

namespace thimble::test {

using Bytes = std::vector<uint8_t>;

struct RunMode {
  const char* name;
  bool reference_only;
  int threads;
};
inline constexpr RunMode kModes[] = {{"reference", true, 1}, {"fast", false, 1}, {"fast, 2 threads", false, 2}};

inline Result<Graph> read_model(const std::string& path) {
  THIMBLE_ASSIGN(const Bytes file, read_file(path));
  return read_tflite(file);
}

// Outputs of one run, inputs given in order.
inline Result<std::vector<Bytes>> run_graph(const Graph& graph, const std::vector<Bytes>& inputs, const RunMode& mode) {
  THIMBLE_ASSIGN(auto program, Program::plan(graph, {.threads = mode.threads, .reference_only = mode.reference_only}));
  THIMBLE_ASSIGN(auto session, Session::create(std::move(program)));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto memory = session->input(i);
    if (memory.size() != inputs[i].size())
      return fail(ErrorCode::usage,
                  format("input {} has {} bytes, the test gives {}", i, memory.size(), inputs[i].size()));
    if (!memory.empty()) std::memcpy(memory.data(), inputs[i].data(), memory.size());
  }
  THIMBLE_TRY(session->run());
  std::vector<Bytes> outputs;
  for (size_t i = 0; i < session->graph().outputs.size(); ++i) {
    const auto memory = session->output(i);
    outputs.emplace_back(memory.begin(), memory.end());
  }
  return outputs;
}

inline std::string difference_bytes(const Bytes& got, const Bytes& want) {
  if (got.size() != want.size()) return format("{} bytes, expected {}", got.size(), want.size());
  size_t wrong = 0, first = 0;
  for (size_t i = got.size(); i-- > 0;)
    if (got[i] != want[i]) ++wrong, first = i;
  if (!wrong) return "";
  return format("{} of {} bytes differ, the first at {}: {} instead of {}", wrong, got.size(), first,
                static_cast<int8_t>(got[first]), static_cast<int8_t>(want[first]));
}

// |difference| ≤ tolerance · max(1, max|want|); NaN equals NaN, infinities equal themselves.
inline std::string difference_floats(const Bytes& got, const Bytes& want, double tolerance) {
  if (got.size() != want.size()) return format("{} bytes, expected {}", got.size(), want.size());
  const auto* a = reinterpret_cast<const float*>(got.data());
  const auto* b = reinterpret_cast<const float*>(want.data());
  const size_t n = got.size() / 4;
  double range = 1, worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < n; ++i)
    if (std::isfinite(b[i])) range = std::max<double>(range, std::fabs(b[i]));
  for (size_t i = 0; i < n; ++i) {
    if ((std::isnan(a[i]) && std::isnan(b[i])) || a[i] == b[i]) continue;
    const double d = std::fabs(static_cast<double>(a[i]) - b[i]);
    if (!(d <= worst)) worst = std::isnan(d) ? INFINITY : d, at = i;
  }
  if (worst <= tolerance * range) return "";
  return format("element {} is {} instead of {} (allowed {})", at, a[at], b[at], tolerance * range);
}

}  // namespace thimble::test
