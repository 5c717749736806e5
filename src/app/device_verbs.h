// `bench`, `eval` and `run` with --device: the same verb on another machine. thimble-run, which is what runs there, has
// none of it: commands.cc gives the table to the program that has devices.
#pragma once

#include <span>

#include "app/command.h"
#include "data/dataset.h"
#include "data/feeding.h"
#include "study/evaluate.h"

namespace thimble::app {

struct DeviceVerbs {
  // --device WORD; what is no device is refused while the command line is read (exit code 2). `to` stays empty for
  // "host".
  void (*declare)(Options& options, std::string* to);
  // thimble-run bench there, and what it printed: its model is called `model` again.
  Status (*bench)(const std::string& device, const std::string& model, const std::vector<std::string>& arguments,
                  const std::string& profile_file, const Context& context);
  // As evaluate_model, answered there.
  Result<EvaluationResult> (*evaluate)(const std::string& device, const std::string& model, const Graph& graph,
                                       const Dataset& set, const Feeding& feeding, const EvaluateOptions& options,
                                       const Context& context);
  // Per output of the graph, runs × its bytes; inputs: runs × theirs.
  Result<std::vector<std::vector<uint8_t>>> (*answers)(const std::string& device, const std::string& model,
                                                       const Graph& graph,
                                                       const std::vector<std::span<const uint8_t>>& inputs,
                                                       int64_t runs, const Context& context);
};

extern const DeviceVerbs kDeviceVerbs;
// Null where the program has no devices.
const DeviceVerbs* device_verbs();

}  // namespace thimble::app
