// Chains of operators that run row by row: of a tensor between two of them only those rows are there that the next one
// looks at, and the last one's output may be written over tensors whose rows have been read.
//
// A chain goes through the rows of its last output, `step` at a time. Each step asks for the rows under its windows,
// from operator to operator back to tensors that are there whole; then the operators make what is missing, first to
// last. The loops are those of micro/kernels/rows.h.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ops/check.h"

namespace thimble::micro {

// How one operator works on rows (axis 1) of images [1, h, w, c].
struct RowOperator {
  thimble_axis window{};  // its output rows over those of the inputs below
  // Several rows in one call, whose plan has another `h`; else a call for each row, and `row` is its plan.
  bool several = false;
  std::vector<size_t> inputs;  // those that it reads by rows
  Resolved row;
};

// One for each node; none where the operator needs more than rows. `windows`: what the emit functions said
// (EmitContext::windows).
std::vector<std::optional<RowOperator>> row_operators(const Checked& checked,
                                                      std::span<const std::optional<thimble_axis>> windows);

// A tensor that is there whole and read by rows, or all of it for every row.
struct WholeRows {
  TensorId tensor = kNoTensor;
  int64_t bytes = 0;  // of a row
  int64_t all = 0;    // of the tensor, where each row reads all of it; else 0
};

// One operator of a chain, without its graph.
struct RowStage {
  thimble_axis window{};
  bool several = false;
  int64_t bytes = 0;             // of an output row
  int64_t input_bytes = 0;       // of an input row
  int64_t pixels = 1, work = 0;  // of an output row; multiply-accumulates of a pixel
  std::vector<WholeRows> whole;
};

// Where the last output may lie in memory against a tensor that is read by rows meanwhile: its first byte at most
// `most`, or at least `least`, bytes behind the tensor's. No limit where most ≥ least.
struct RowDistance {
  TensorId tensor = kNoTensor;
  int64_t most = 0, least = 0;
};

// What running a chain takes.
struct RowRun {
  std::vector<int64_t> lines;  // bytes that are kept of each stage's output but the last one's
  std::vector<char> idle;      // per stage: in some step it has nothing to do
  std::vector<RowDistance> distances;
  int64_t overhead = 0;  // roughly, in instructions, beyond whole tensors
};

// Goes through all steps. from_the_end: the last rows first.
RowRun run_by_rows(std::span<const RowStage> stages, int64_t step, bool from_the_end);

struct RowChain {
  std::vector<NodeId> nodes;  // each but the last gives a tensor that only the next one reads
  int64_t step = 1;           // rows of the last output at a time
  bool from_the_end = false;
  RowRun run;
};

// The input through which `node` reads what `before` gives; −1 where it does not, or where others read it, too.
int row_link(const Graph& graph, std::span<const int> use_counts, NodeId before, NodeId node);

std::vector<RowStage> row_stages(const Checked& checked, std::span<const std::optional<RowOperator>> operators,
                                 std::span<const NodeId> nodes);

}  // namespace thimble::micro
