#include "study/evaluate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "measure/units.h"
#include "ops/op.h"
#include "ops/operands.h"
#include "train/loss.h"

namespace thimble {

OutputKind output_kind(const Graph& graph, bool classes) {
  if (!classes) return OutputKind::values;
  const std::vector<NodeId> producers = graph.producers();
  TensorId t = graph.outputs[0];
  while (producers[static_cast<size_t>(t)] >= 0) {
    const Node& node = graph.nodes[static_cast<size_t>(producers[static_cast<size_t>(t)])];
    const OperandRule* rule = operands_of(node.op);
    if (!rule || node.inputs.empty()) break;
    if (rule->answer == Answer::probabilities) return OutputKind::probabilities;
    if (rule->answer == Answer::log_probabilities) return OutputKind::log_probabilities;
    if (!rule->transparent) break;
    t = node.inputs[0];
  }
  return OutputKind::scores;
}

SampleFeed::SampleFeed(const Tensor& input, Dataset set, Feeding feeding)
    : input_(input),
      set_(std::move(set)),
      feeding_(std::move(feeding)),
      values_(static_cast<size_t>(set_.sample_elements())) {}

void SampleFeed::put(int64_t i, std::span<uint8_t> memory) {
  feeding_.sample(set_, i, values_.data());
  fill_input(input_, values_, memory);
}

std::string npy_type(DType type) {
  switch (type) {
    case DType::f32: return "f4";
    case DType::f16: return "f2";
    case DType::f64: return "f8";
    case DType::i8: return "i1";
    case DType::u8: return "u1";
    case DType::i16: return "i2";
    case DType::u16: return "u2";
    case DType::i32: return "i4";
    case DType::u32: return "u4";
    case DType::i64: return "i8";
    case DType::u64: return "u8";
    case DType::boolean: return "b1";
    case DType::c64: return "c8";
    default: return {};
  }
}

Status refuse_free_dims(const Tensor& input) {
  if (!input.free_dims) return {};
  std::string dims;
  for (int d = 0; d < input.shape.rank(); ++d)
    dims += format("{}{}", d ? ", " : "", input.free_dims >> d & 1 ? -1 : input.shape[d]);
  return fail(
      ErrorCode::unsupported,
      format("the input \"{}\" takes any size ([{}]), and samples do not say which", input.name, dims),
      "`thimble run` takes the size of an array: --input 0=FILE.npy; or convert the model with a fixed size: in "
      "TensorFlow, tf.TensorSpec([1, height, width, channels])");
}

Status check_fits(const Graph& graph, const Dataset& set) {
  if (graph.inputs.size() != 1 || graph.outputs.empty())
    return fail(ErrorCode::usage, format("the model has {} inputs and {} outputs; evaluation needs one input",
                                         graph.inputs.size(), graph.outputs.size()));
  const Tensor& input = graph.at(graph.inputs[0]);
  THIMBLE_TRY(refuse_free_dims(input));
  if (input.shape.elements() != set.sample_elements())
    return fail(ErrorCode::usage,
                format("the model's input {} takes {} values, a sample of \"{}\" has {}", input.to_string(),
                       input.shape.elements(), set.name(), set.sample_elements()),
                "give a data set whose samples have as many values as the input, or another model");
  const int64_t width = graph.at(graph.outputs[0]).shape.elements();
  if (set.classes() == 0 && set.target_width() == 0) return {};  // to calibrate with
  if (set.classes() > 0 ? width < set.classes() && !(width == 1 && set.classes() == 2) : width < set.target_width())
    return fail(ErrorCode::usage,
                format("the model gives {} outputs, the set \"{}\" has {} {}", width, set.name(),
                       set.classes() > 0 ? set.classes() : set.target_width(),
                       set.classes() > 0 ? "classes" : "target columns"),
                "give a data set with as many as the model has outputs, or another model");
  return {};
}

namespace {

bool has_state(const Graph& graph) {
  return std::ranges::any_of(graph.tensors, [](const Tensor& t) { return t.variable; });
}

// Samples [begin, end) on one session.
Status run_range(Session& session, bool stateful, const Dataset& set, const Feeding& feeding, int64_t begin,
                 int64_t end, int64_t width, float* outputs, std::atomic<int64_t>& done,
                 const std::atomic<bool>& stop) {
  const Graph& graph = session.graph();
  const Tensor &input = graph.at(graph.inputs[0]), &output = graph.at(graph.outputs[0]);
  SampleFeed feed(input, set, feeding);
  for (int64_t i = begin; i < end && !stop.load(std::memory_order_relaxed); ++i) {
    feed.put(i, session.input(0));
    if (stateful) session.reset_variables();
    if (Status s = session.run(); !s) return with_context(std::move(s).error(), format("sample {}", i));
    read_output(output, session.output(0), {outputs + i * width, static_cast<size_t>(width)});
    done.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

double loss_of(OutputKind kind, const float* y, int64_t width, int32_t label) {
  if (width == 1) {
    const double p = std::clamp<double>(y[0], 1e-7, 1 - 1e-7);
    return -std::log(label ? p : 1 - p);
  }
  if (kind == OutputKind::probabilities) return -std::log(std::clamp<double>(y[label], 1e-7, 1));
  if (kind == OutputKind::log_probabilities) return -static_cast<double>(y[label]);
  double top = y[0], sum = 0;
  for (int64_t i = 1; i < width; ++i) top = std::max<double>(top, y[i]);
  for (int64_t i = 0; i < width; ++i) sum += std::exp(y[i] - top);
  return std::log(sum) + top - y[label];
}

}  // namespace

void score_outputs(const Graph& graph, const Dataset& set, EvaluationResult* r) {
  const bool classes = set.classes() > 0;
  const OutputKind kind = output_kind(graph, classes);
  if (classes)
    r->confusion.assign(static_cast<size_t>(set.classes()), std::vector<int64_t>(static_cast<size_t>(set.classes())));
  std::vector<float> said, truth;  // numbers: what belongs to a target column
  for (int64_t i = 0; i < r->n; ++i) {
    const float* y = r->outputs.data() + i * r->width;
    if (classes) {
      const int64_t guess =
          std::min<int64_t>(r->width == 1 ? (y[0] > 0.5f ? 1 : 0) : arg_max(y, r->width), set.classes() - 1);
      r->predictions.push_back(static_cast<int32_t>(guess));
      r->correct += guess == set.label(i);
      ++r->confusion[static_cast<size_t>(set.label(i))][static_cast<size_t>(guess)];
      r->loss += loss_of(kind, y, r->width, set.label(i));
    } else {
      said.insert(said.end(), y, y + set.target_width());
      truth.insert(truth.end(), set.target(i), set.target(i) + set.target_width());
    }
  }
  r->loss /= static_cast<double>(std::max<int64_t>(r->n, 1));
  if (!classes && r->n > 0) {
    r->regression = regression_score(said, truth, set.target_width());
    r->loss = r->regression.mse;
  }
  if (classes) r->accuracy = static_cast<double>(r->correct) / static_cast<double>(std::max<int64_t>(r->n, 1));
}

Result<EvaluationResult> evaluate_model(const Graph& graph, const Dataset& set, const Feeding& feeding,
                                        const EvaluateOptions& options) {
  THIMBLE_TRY(check_fits(graph, set));
  THIMBLE_ASSIGN(const auto program, Program::plan(graph));
  const int parts = static_cast<int>(std::clamp<int64_t>(options.threads, 1, std::max<int64_t>(set.size(), 1)));
  std::vector<std::unique_ptr<Session>> sessions;
  for (int p = 0; p < parts; ++p) {
    THIMBLE_ASSIGN(auto session, Session::create(program));
    sessions.push_back(std::move(session));
  }
  THIMBLE_ASSIGN(const auto pool, ThreadPool::create(parts));
  EvaluationResult result;
  result.n = set.size();
  result.width = graph.at(graph.outputs[0]).shape.elements();
  result.outputs.resize(static_cast<size_t>(result.n * result.width));
  const bool stateful = has_state(graph);
  std::atomic<int64_t> done{0};
  std::atomic<bool> stop{false};
  std::vector<Status> ended(static_cast<size_t>(parts));
  // In slices, so that progress and cancelling are looked at between them.
  const int64_t slice = std::max<int64_t>(512, parts * 64);
  for (int64_t begin = 0; begin < result.n && !stop; begin += slice) {
    const int64_t count = std::min(slice, result.n - begin);
    pool->run(parts, [&](int part) {
      const Range r = part_range(count, part, parts);
      ended[static_cast<size_t>(part)] =
          run_range(*sessions[static_cast<size_t>(part)], stateful, set, feeding, begin + r.begin, begin + r.end,
                    result.width, result.outputs.data(), done, stop);
    });
    for (Status& s : ended) THIMBLE_TRY(std::move(s));
    if (options.progress) options.progress(done, result.n);
    if (options.cancelled && options.cancelled()) stop = true;
  }
  if (stop)
    return fail(ErrorCode::interrupted, format("evaluation of \"{}\" was interrupted after {} of {} samples",
                                               set.name(), done.load(), result.n));
  score_outputs(graph, set, &result);
  return result;
}

std::string constant_warning(const EvaluationResult& result, const Dataset& set) {
  constexpr int64_t kFewest = 20;
  if (result.n < kFewest) return "";
  std::string found;
  if (set.classes() > 0) {
    std::vector<int64_t> counts(static_cast<size_t>(set.classes()));
    for (int64_t i = 0; i < result.n; ++i) ++counts[static_cast<size_t>(set.label(i))];
    const int64_t most = std::ranges::max(counts);
    const auto n = static_cast<double>(result.n), share = static_cast<double>(most) / n;
    if (most == result.n || static_cast<double>(result.correct - most) > std::sqrt(n * share * (1 - share))) return "";
    found = format("accuracy {}, the commonest class alone {}", format_percent(result.accuracy), format_percent(share));
  } else {
    if (!result.regression.present() || !(result.regression.r2 < 0.05)) return "";
    found = format("R² {}", format_number(result.regression.r2));
  }
  return format(
      "warning: on {} samples of {} the model is no better than a constant ({}): it is probably fed wrongly; --scale "
      "0..1, -1..1, standard or none changes how",
      result.n, set.name(), found);
}

}  // namespace thimble
