// A model whose values decide shapes, as it is read while it runs: stages, each a graph of its own that is run before
// the rest is read, since what follows hangs on a value that the stage computes
// (docs/notes/values-that-decide-shapes.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ops/check.h"

namespace thimble {

// A number for what is handed from stage to stage: input i of the file is slot i.
using Slot = int32_t;

// Operators between two values that are asked for. Run in their order, the stages of a model compute each of its
// operators once. The name of a variable is that of its memory, which all stages share and which outlives a run.
struct Stage {
  Checked checked;
  std::vector<Slot> inputs, outputs;  // of each input and output of the graph
};

// Where a reader gets values from that only a run has.
class RunTimeValues {
 public:
  RunTimeValues() = default;
  RunTimeValues(const RunTimeValues&) = delete;
  RunTimeValues& operator=(const RunTimeValues&) = delete;
  virtual ~RunTimeValues() = default;
  // Runs the stage (null: nothing is to be run first) and gives the value of `slot`: a fed input, or an output of this
  // stage or an earlier one.
  virtual Result<Data> value(std::unique_ptr<Stage> stage, Slot slot) = 0;
};

// An output of the file.
struct StagedOutput {
  Tensor tensor;   // name, type, shape, scale, and its data where it is constant
  Slot slot = -1;  // otherwise: what holds it when the last stage has run
};

// What reading to the end has left.
struct StagedModel {
  Stage last;
  std::vector<StagedOutput> outputs;  // in the order of the file
};

}  // namespace thimble
