#include "study/evaluate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/half.h"
#include "measure/units.h"
#include "ops/op.h"
#include "train/loss.h"

namespace thimble {

OutputKind output_kind(const Graph& graph, bool classes) {
  if (!classes) return OutputKind::values;
  const std::vector<NodeId> producers = graph.producers();
  TensorId t = graph.outputs[0];
  while (producers[static_cast<size_t>(t)] >= 0) {
    const Node& node = graph.nodes[static_cast<size_t>(producers[static_cast<size_t>(t)])];
    if (node.op == Op::softmax || node.op == Op::sigmoid) return OutputKind::probabilities;
    if (node.op == Op::log_softmax) return OutputKind::log_probabilities;
    const bool transparent =
        node.op == Op::dequantize || node.op == Op::quantize || node.op == Op::reshape || node.op == Op::squeeze;
    if (!transparent || node.inputs.empty()) break;
    t = node.inputs[0];
  }
  return OutputKind::scores;
}

void fill_input(const Tensor& tensor, std::span<const float> values, std::span<uint8_t> memory) {
  const auto quantised = [&](float x, int32_t lo, int32_t hi) {
    const float scale = tensor.quant.empty() ? 1.0f : tensor.quant.scale[0];
    const int32_t zero = tensor.quant.empty() ? 0 : tensor.quant.zero_point[0];
    const double q = std::round(static_cast<double>(x / scale)) + zero;
    return static_cast<int32_t>(std::clamp<double>(q == q ? q : zero, lo, hi));
  };
  for (size_t i = 0; i < values.size(); ++i) switch (tensor.type) {
      case DType::i8:
        reinterpret_cast<int8_t*>(memory.data())[i] = static_cast<int8_t>(quantised(values[i], -128, 127));
        break;
      case DType::u8: memory[i] = static_cast<uint8_t>(quantised(values[i], 0, 255)); break;
      case DType::i16:
        reinterpret_cast<int16_t*>(memory.data())[i] = static_cast<int16_t>(quantised(values[i], -32768, 32767));
        break;
      case DType::i32: reinterpret_cast<int32_t*>(memory.data())[i] = static_cast<int32_t>(values[i]); break;
      case DType::f16: reinterpret_cast<uint16_t*>(memory.data())[i] = float_to_half(values[i]); break;
      default: reinterpret_cast<float*>(memory.data())[i] = values[i]; break;
    }
}

void read_output(const Tensor& tensor, std::span<const uint8_t> memory, std::span<float> values) {
  const float scale = tensor.quant.empty() ? 1.0f : tensor.quant.scale[0];
  const int32_t zero = tensor.quant.empty() ? 0 : tensor.quant.zero_point[0];
  for (size_t i = 0; i < values.size(); ++i) switch (tensor.type) {
      case DType::i8:
        values[i] = scale * static_cast<float>(reinterpret_cast<const int8_t*>(memory.data())[i] - zero);
        break;
      case DType::u8: values[i] = scale * static_cast<float>(memory[i] - zero); break;
      case DType::i16:
        values[i] = scale * static_cast<float>(reinterpret_cast<const int16_t*>(memory.data())[i] - zero);
        break;
      case DType::i32: values[i] = static_cast<float>(reinterpret_cast<const int32_t*>(memory.data())[i]); break;
      case DType::i64: values[i] = static_cast<float>(reinterpret_cast<const int64_t*>(memory.data())[i]); break;
      case DType::boolean: values[i] = memory[i] ? 1.0f : 0.0f; break;
      case DType::f16: values[i] = half_to_float(reinterpret_cast<const uint16_t*>(memory.data())[i]); break;
      default: values[i] = reinterpret_cast<const float*>(memory.data())[i]; break;
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
void run_range(Session& session, bool stateful, const Dataset& set, const Feeding& feeding, int64_t begin, int64_t end,
               int64_t width, float* outputs, std::atomic<int64_t>& done, const std::atomic<bool>& stop) {
  const Graph& graph = session.graph();
  const Tensor &input = graph.at(graph.inputs[0]), &output = graph.at(graph.outputs[0]);
  std::vector<float> sample(static_cast<size_t>(set.sample_elements()));
  for (int64_t i = begin; i < end && !stop.load(std::memory_order_relaxed); ++i) {
    feeding.sample(set, i, sample.data());
    fill_input(input, sample, session.input(0));
    if (stateful) session.reset_variables();
    session.run();
    read_output(output, session.output(0), {outputs + i * width, static_cast<size_t>(width)});
    done.fetch_add(1, std::memory_order_relaxed);
  }
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

void score(const Graph& graph, const Dataset& set, EvaluationResult* r) {
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

}  // namespace

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
  // In slices, so that progress and cancelling are looked at between them.
  const int64_t slice = std::max<int64_t>(512, parts * 64);
  for (int64_t begin = 0; begin < result.n && !stop; begin += slice) {
    const int64_t count = std::min(slice, result.n - begin);
    pool->run(parts, [&](int part) {
      const Range r = part_range(count, part, parts);
      run_range(*sessions[static_cast<size_t>(part)], stateful, set, feeding, begin + r.begin, begin + r.end,
                result.width, result.outputs.data(), done, stop);
    });
    if (options.progress) options.progress(done, result.n);
    if (options.cancelled && options.cancelled()) stop = true;
  }
  if (stop)
    return fail(ErrorCode::interrupted, format("evaluation of \"{}\" was interrupted after {} of {} samples",
                                               set.name(), done.load(), result.n));
  score(graph, set, &result);
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
