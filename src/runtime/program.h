// Graph → Program → Session. A Program is the plan for this machine: a flat list of steps with
// everything bound but addresses, and one arena layout. Sessions of one program may run in
// different threads; each has its own arena. Running allocates nothing and takes no lock.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "base/thread_pool.h"
#include "passes/schedule.h"
#include "runtime/lower.h"

namespace thimble {

struct PlanOptions {
  int threads = 1;
  bool reference_only = false;  // every operator by its scalar reference
  ConstantForm weights = ConstantForm::automatic;
  int64_t max_arena_bytes = int64_t{4} << 30;
};

class Program {
 public:
  // Lowers every node and lays out the arena. A graph is checked first.
  static Result<std::shared_ptr<const Program>> plan(Checked checked, const PlanOptions& options = {});
  static Result<std::shared_ptr<const Program>> plan(Graph graph, const PlanOptions& options = {});

  const Graph& graph() const { return checked_.graph; }
  const std::vector<StepPlan>& steps() const { return steps_; }
  // Working memory of the steps, by the numbers that their fixups use.
  const std::vector<int64_t>& scratch_offsets() const { return layout_.scratch; }
  const ArenaPlan& arena() const { return layout_.arena; }
  int threads() const { return threads_; }
  int64_t prepacked_bytes() const { return prepacked_bytes_; }
  // Whether a tensor's int8 values lie as unsigned q + 128 (runtime/sign_bits.h); never inputs and outputs.
  bool flipped(TensorId tensor) const { return flipped_[static_cast<size_t>(tensor)]; }
  // Where a tensor lies: an arena offset, or −1 with *constant set to its bytes.
  int64_t place(TensorId tensor, const uint8_t** constant) const;

 private:
  void count_in_steps();

  Checked checked_;
  std::vector<StepPlan> steps_;
  std::vector<Data> constants_;
  Schedule schedule_;  // lifetimes of storages in steps
  MemoryLayout layout_;
  std::vector<bool> flipped_;
  int threads_ = 1;
  int64_t prepacked_bytes_ = 0;
  friend class Session;
};

// A readable listing: what runs, in how many parts, for which node, and from which places to which.
std::string dump(const Program& program);

// When a run ends early, between two steps: with an Error, its outputs undefined, its states as the last step left
// them.
struct RunLimits {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  const std::atomic<bool>* cancel = nullptr;  // set from another thread
};

// Time per step, summed over runs.
struct Profile {
  std::vector<uint64_t> step_ns;
  uint64_t runs = 0;
};

class Session {
 public:
  // `pool` may be shared between sessions that do not run at the same time; when null and the
  // program was planned for several threads, the session makes its own.
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const Program> program,
                                                 std::shared_ptr<ThreadPool> pool = nullptr);
  ~Session();

  const Program& program() const { return *program_; }
  const Graph& graph() const { return program_->graph(); }
  // Bytes of the i-th graph input (to fill before each run) and output (valid until the next run).
  std::span<uint8_t> input(size_t i) { return tensor(graph().inputs[i]); }
  std::span<const uint8_t> output(size_t i) { return tensor(graph().outputs[i]); }
  // Any tensor's memory. Activations are valid only while their lifetime lasts, and int8 ones may lie flipped
  // (Program::flipped); variables always.
  std::span<uint8_t> tensor(TensorId id);

  // Fails where an operand asks for what is not there (an index outside its axis: bad_file) and at the limits
  // (interrupted). Without limits, and with operands that are known beforehand, it cannot fail.
  Status run(Profile* profile = nullptr, const RunLimits& limits = {}) {
    return run_steps(0, steps_.size(), profile, limits);
  }
  // Only steps [first, last): training holds the update back until the loss is known to be finite.
  Status run_steps(size_t first, size_t last, Profile* profile = nullptr, const RunLimits& limits = {});
  size_t step_count() const { return steps_.size(); }
  // All variables as one run of bytes (what a checkpoint saves).
  std::span<uint8_t> variables() { return {arena_, static_cast<size_t>(program_->arena().variable_bytes)}; }
  // Variables back to their initial values (LSTM state, weights in training).
  void reset_variables();

 private:
  Session() = default;
  Status stopped(size_t step);
  struct Step {
    RunFn run;
    const void* params;
    int parts;
  };
  std::shared_ptr<const Program> program_;
  std::shared_ptr<ThreadPool> pool_;
  uint8_t* arena_ = nullptr;
  std::vector<std::max_align_t> params_;
  std::vector<Step> steps_;
  RunFault fault_;
};

}  // namespace thimble
