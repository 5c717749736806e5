// Runs any model, also one whose values decide shapes or which operators run: shapes are known when it is fed, and the
// model is read for them; where an operator asks for a value, what comes before it is run, and reading goes on. What
// has been read is kept by the shapes and values that it was read for (docs/notes/values-that-decide-shapes.md).
#pragma once

#include <map>

#include "api/load.h"
#include "formats/stages.h"
#include "runtime/program.h"

namespace thimble {

// An array for an input: its own shape, and its elements in the input's type.
struct FedInput {
  Shape shape;
  std::span<const uint8_t> bytes;
};

class ModelRunner {
 public:
  // The model in the bytes of `file`, which errors call `name`; `signature`: whose subgraph is meant (empty: the usual
  // one). Errors: those of reading inputs and outputs; others when it runs.
  static Result<std::unique_ptr<ModelRunner>> open(Data file, std::string name, const PlanOptions& options = {},
                                                   std::string signature = {}, CustomOperators custom = {});
  ~ModelRunner();

  // Inputs and outputs as the file declares them, names and metadata; no nodes.
  const Graph& edges() const { return edges_; }

  // Whether arrays of these shapes may be made: they fit into the working memory that a model may take. To be asked
  // before memory is taken for them. Errors: unsupported.
  Status expect_room(std::span<const Shape> inputs) const;

  // One run. Errors: usage (arrays that do not fit the inputs), those of reading, planning and running.
  Status run(std::span<const FedInput> inputs, const RunLimits& limits = {});
  // Of the last run, until the next: with its own shape.
  const Tensor& output(size_t i) const { return outputs_[i]; }
  std::span<const uint8_t> output_bytes(size_t i) const { return {outputs_[i].data.bytes, outputs_[i].data.size}; }
  // States back to their initial values.
  void reset_variables() { variables_.clear(); }

  // Working memory and multiply-accumulates of the stages that the last run went through.
  int64_t arena_bytes() const { return arena_bytes_; }
  int64_t macs() const { return macs_; }
  // How many programs have been planned so far: a run whose shapes and deciding values are known plans none.
  int64_t planned() const { return planned_; }

 private:
  struct Part;
  struct Point;
  class Values;
  ModelRunner();
  Result<std::unique_ptr<Part>> plan(Stage stage);
  Status run_part(Part& part, const RunLimits& limits);
  Status read_on(Point* from, std::vector<Data> answers, const RunLimits& limits);
  Status take_outputs(const Point& end);
  Result<Data> held(Slot slot) const;

  Data file_;
  std::string name_, signature_;
  CustomOperators custom_;
  PlanOptions options_;
  Graph edges_;
  std::shared_ptr<ThreadPool> pool_;
  std::vector<std::pair<std::vector<Shape>, std::unique_ptr<Point>>> roots_;  // by the shapes of the inputs
  std::vector<KnownInput> known_;                                             // of this run
  std::map<Slot, Data> held_;
  std::map<std::string, Data> variables_;
  std::vector<Tensor> outputs_;
  int64_t arena_bytes_ = 0, macs_ = 0, planned_ = 0, kept_bytes_ = 0, kept_parts_ = 0;
};

}  // namespace thimble
