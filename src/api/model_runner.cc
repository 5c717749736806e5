#include "api/model_runner.h"

#include <algorithm>
#include <cstring>

#include "base/numbers.h"
#include "formats/model_file.h"
#include "passes/arena.h"
#include "passes/pipeline.h"
#include "passes/tidy_import.h"
#include "runtime/limits.h"

namespace thimble {
namespace {

// What is kept of runs before; beyond it everything is forgotten.
constexpr int64_t kMostKeptBytes = int64_t{256} << 20, kMostKeptParts = 4096;

// Whether the run may go on: a session looks between its steps, and a stage may have none.
Status within(const RunLimits& limits) {
  if (limits.cancel && limits.cancel->load(std::memory_order_relaxed))
    return fail(ErrorCode::interrupted, "the run was cancelled while the model was read for it");
  if (limits.deadline && std::chrono::steady_clock::now() >= *limits.deadline)
    return fail(ErrorCode::interrupted, "the deadline passed while the model was read for it",
                "give the run more time");
  return {};
}

bool same(const Data& a, const Data& b) {
  return a.size == b.size && (a.size == 0 || std::memcmp(a.bytes, b.bytes, a.size) == 0);
}

}  // namespace

// A stage, planned.
struct ModelRunner::Part {
  std::unique_ptr<Session> session;
  std::vector<Slot> inputs, outputs;
  std::vector<std::pair<TensorId, std::string>> variables;  // tensors of the program's graph
  int64_t macs = 0;
};

// How far the model has been read for the values so far.
struct ModelRunner::Point {
  bool read = false;
  std::unique_ptr<Part> part;                                 // what is run here; null: nothing
  Slot asked = -1;                                            // the value that decides how it goes on
  std::vector<std::pair<Data, std::unique_ptr<Point>>> next;  // by that value
  std::vector<StagedOutput> outputs;                          // where nothing is asked any more
};

// Gives the reader what it asks for: first the values that have been found by programs of runs before.
class ModelRunner::Values final : public RunTimeValues {
 public:
  Values(ModelRunner& runner, Point* at, std::vector<Data> answers, const RunLimits& limits)
      : runner_(runner), at_(at), answers_(std::move(answers)), limits_(limits) {}

  Result<Data> value(std::unique_ptr<Stage> stage, Slot slot) override {
    THIMBLE_TRY(within(limits_));
    if (given_ < answers_.size()) return answers_[given_++];
    std::unique_ptr<Part> part;
    if (stage) {
      THIMBLE_ASSIGN(part, runner_.plan(std::move(*stage)));
      THIMBLE_TRY(runner_.run_part(*part, limits_));
    }
    THIMBLE_ASSIGN(Data value, runner_.held(slot));
    at_->part = std::move(part);
    at_->asked = slot;
    at_->read = true;
    at_->next.emplace_back(value, std::make_unique<Point>());
    at_ = at_->next.back().second.get();
    return value;
  }

  Point* at() const { return at_; }

 private:
  ModelRunner& runner_;
  Point* at_;
  const std::vector<Data> answers_;
  const RunLimits& limits_;
  size_t given_ = 0;
};

ModelRunner::ModelRunner() = default;
ModelRunner::~ModelRunner() = default;

Result<std::unique_ptr<ModelRunner>> ModelRunner::open(Data file, std::string name, const PlanOptions& options,
                                                       std::string signature, CustomOperators custom) {
  std::unique_ptr<ModelRunner> runner(new ModelRunner);
  auto edges = read_model_edges({file.bytes, file.size}, name, signature);
  if (!edges) return with_context(std::move(edges).error(), name);
  runner->edges_ = std::move(*edges);
  runner->file_ = std::move(file);
  runner->name_ = std::move(name);
  runner->signature_ = std::move(signature);
  runner->custom_ = std::move(custom);
  runner->options_ = options;
  if (options.threads > 1) {
    THIMBLE_ASSIGN(runner->pool_, ThreadPool::create(options.threads));
  }
  for (const TensorId t : runner->edges_.outputs) {
    runner->outputs_.push_back(runner->edges_.at(t));
    runner->outputs_.back().data = {};
  }
  return runner;
}

Status ModelRunner::expect_room(std::span<const Shape> inputs) const {
  const bool usual = options_.max_arena_bytes == PlanOptions{}.max_arena_bytes;
  const int64_t limit = usual ? arena_limit() : options_.max_arena_bytes;
  int64_t total = 0;
  for (size_t i = 0; i < inputs.size() && i < edges_.inputs.size(); ++i)
    if (!checked_add(total, byte_size(edges_.at(edges_.inputs[i]).type, inputs[i]), &total)) total = INT64_MAX;
  if (total > limit) return arena_too_large("the model's inputs take", total, limit);
  return {};
}

Status ModelRunner::run(std::span<const FedInput> inputs, const RunLimits& limits) {
  if (inputs.size() != edges_.inputs.size())
    return fail(ErrorCode::usage, format("{} arrays for {} inputs", inputs.size(), edges_.inputs.size()));
  if (kept_bytes_ > kMostKeptBytes || kept_parts_ > kMostKeptParts) {
    roots_.clear();
    kept_bytes_ = kept_parts_ = 0;
  }
  arena_bytes_ = macs_ = 0;
  held_.clear();
  std::vector<Shape> shapes;
  bool as_declared = true;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& x = edges_.at(edges_.inputs[i]);
    if (static_cast<int64_t>(inputs[i].bytes.size()) != byte_size(x.type, inputs[i].shape))
      return fail(ErrorCode::usage, format("input {} {}: an array of the shape {} with {} bytes", i, x.to_string(),
                                           inputs[i].shape.to_string(), inputs[i].bytes.size()));
    shapes.push_back(inputs[i].shape);
    as_declared = as_declared && x.shape == inputs[i].shape && !x.batch_unknown && !x.free_dims;
    held_[static_cast<Slot>(i)] = Data::copy(inputs[i].bytes);
  }
  known_.clear();
  if (!as_declared)
    for (const Shape& shape : shapes) known_.push_back({.shape = shape, .value = {}});

  auto root = std::ranges::find(roots_, shapes, [](const auto& r) -> const std::vector<Shape>& { return r.first; });
  if (root == roots_.end()) root = roots_.emplace(roots_.end(), shapes, std::make_unique<Point>());
  Point* at = root->second.get();
  std::vector<Data> answers;
  while (at->read) {
    if (at->part) THIMBLE_TRY(run_part(*at->part, limits));
    if (at->asked < 0) return take_outputs(*at);
    THIMBLE_ASSIGN(const Data value, held(at->asked));
    answers.push_back(value);
    auto next = std::ranges::find_if(at->next, [&](const auto& n) { return same(n.first, value); });
    if (next == at->next.end()) next = at->next.emplace(at->next.end(), value, std::make_unique<Point>());
    at = next->second.get();
  }
  return read_on(at, std::move(answers), limits);
}

// Reads the model again: up to `from` with what is known, then with what its parts compute.
Status ModelRunner::read_on(Point* from, std::vector<Data> answers, const RunLimits& limits) {
  Values values(*this, from, std::move(answers), limits);
  auto model =
      read_staged_model({file_.bytes, file_.size}, file_.owner, name_, {known_, signature_, nullptr, &custom_}, values);
  if (!model) return with_context(std::move(model).error(), name_);
  Point* end = values.at();
  THIMBLE_ASSIGN(end->part, plan(std::move(model->last)));
  end->outputs = std::move(model->outputs);
  end->read = true;
  THIMBLE_TRY(run_part(*end->part, limits));
  return take_outputs(*end);
}

Result<std::unique_ptr<ModelRunner::Part>> ModelRunner::plan(Stage stage) {
  auto part = std::make_unique<Part>();
  for (const Resolved& node : stage.checked.nodes)
    if (__builtin_add_overflow(part->macs, node.macs, &part->macs)) part->macs = INT64_MAX;
  if (is_onnx({file_.bytes, file_.size}, name_)) {
    THIMBLE_ASSIGN(stage.checked, tidy_import(std::move(stage.checked)));
  }
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(stage.checked)));
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), options_));
  ++planned_, ++kept_parts_;
  kept_bytes_ += program->arena().bytes + program->prepacked_bytes();
  const Graph& graph = program->graph();
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    if (graph.tensors[t].variable) part->variables.emplace_back(static_cast<TensorId>(t), graph.tensors[t].name);
  THIMBLE_ASSIGN(part->session, Session::create(std::move(program), pool_));
  part->inputs = std::move(stage.inputs);
  part->outputs = std::move(stage.outputs);
  return part;
}

Status ModelRunner::run_part(Part& part, const RunLimits& limits) {
  Session& session = *part.session;
  arena_bytes_ = std::max(arena_bytes_, session.program().arena().bytes);
  if (__builtin_add_overflow(macs_, part.macs, &macs_)) macs_ = INT64_MAX;
  for (size_t i = 0; i < part.inputs.size(); ++i) {
    THIMBLE_ASSIGN(const Data value, held(part.inputs[i]));
    const std::span<uint8_t> memory = session.input(i);
    if (!memory.empty()) std::memcpy(memory.data(), value.bytes, std::min(memory.size(), value.size));
  }
  session.reset_variables();
  for (const auto& [tensor, name] : part.variables) {
    const auto value = variables_.find(name);
    const std::span<uint8_t> memory = session.tensor(tensor);
    if (value != variables_.end() && value->second.size == memory.size() && !memory.empty())
      std::memcpy(memory.data(), value->second.bytes, memory.size());
  }
  THIMBLE_TRY(session.run(nullptr, limits));
  for (size_t i = 0; i < part.outputs.size(); ++i) held_[part.outputs[i]] = Data::copy(session.output(i));
  for (const auto& [tensor, name] : part.variables) variables_[name] = Data::copy(session.tensor(tensor));
  return {};
}

Status ModelRunner::take_outputs(const Point& end) {
  outputs_.clear();
  for (const StagedOutput& output : end.outputs) {
    outputs_.push_back(output.tensor);
    if (output.tensor.constant()) continue;
    outputs_.back().variable = false;
    THIMBLE_ASSIGN(outputs_.back().data, held(output.slot));
  }
  return {};
}

Result<Data> ModelRunner::held(Slot slot) const {
  const auto at = held_.find(slot);
  if (at == held_.end()) return fail(ErrorCode::internal, format("slot {} holds nothing", slot));
  return at->second;
}

}  // namespace thimble
