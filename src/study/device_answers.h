// What a model answers on another machine: its inputs travel there as arrays, thimble-run runs them, the bytes of its
// outputs come back. Studies, `eval` and `run` ask devices through here and score and show the answers by the code that
// does it for this machine's.
#pragma once

#include "device/remote.h"
#include "study/evaluate.h"

namespace thimble {

// At most so many bytes of one input in one file; more go in several.
inline constexpr int64_t kMostDeviceBytes = int64_t{64} << 20;

// inputs: per input of the graph, runs × its bytes. model_there: from Device::put. threads: 0 for as many as the device
// has cores. Returns, per output, runs × its bytes; the states of an LSTM start afresh at each run.
// Errors: those of Device, unsupported (element types that NumPy has no name for), io (other sizes come back).
Result<std::vector<std::vector<uint8_t>>> device_answers(Device& device, const std::string& model_there,
                                                         const Graph& graph,
                                                         const std::vector<std::span<const uint8_t>>& inputs,
                                                         int64_t runs, int threads);

// The seconds that each of `passes` passes over all runs takes there, after one that warms up; `inputs` must fit into
// one file (kMostDeviceBytes).
Result<std::vector<double>> device_passes(Device& device, const std::string& model_there, const Graph& graph,
                                          const std::vector<std::span<const uint8_t>>& inputs, int64_t runs,
                                          int threads, int64_t passes);

// As evaluate_model, with the answers of the device; options.threads: there, 0 for its cores.
Result<EvaluationResult> evaluate_on_device(Device& device, const std::string& model, const Graph& graph,
                                            const Dataset& set, const Feeding& feeding, const EvaluateOptions& options);

}  // namespace thimble
