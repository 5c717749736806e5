#include "compress/calibrate/calibrate.h"

#include <algorithm>
#include <cstring>

#include "compress/quantize/custom_quant.h"
#include "runtime/program.h"

namespace thimble {
namespace {

class Calibrator {
 public:
  Calibrator(const Graph& graph, const CalibrationRequest& request, const QuantizeOptions& options)
      : graph_(graph), request_(request), options_(options) {}

  Result<CalibratedRanges> run(const CalibrationSamples& samples) {
    for (TensorId t : graph_.inputs) {
      if (graph_.at(t).type != DType::f32)
        return fail(ErrorCode::unsupported,
                    format("input {} cannot be calibrated: samples are float32", graph_.at(t).to_string()));
      input_.resize(input_.size() + static_cast<size_t>(graph_.at(t).shape.elements()));
    }
    THIMBLE_ASSIGN(auto program, Program::plan(graph_));
    THIMBLE_ASSIGN(session_, Session::create(std::move(program)));
    order_observations();
    tensors_.resize(graph_.tensors.size());
    inner_.resize(graph_.nodes.size());
    THIMBLE_TRY(pass(samples));
    if (samples_ == 0)
      return fail(ErrorCode::usage, "int8 quantisation got no calibration samples",
                  "give a data set (--data) and at least one sample (--samples)");
    if (options_.calibration != Calibration::minmax) {
      for (Observer& o : tensors_) o.start_histogram();
      for (auto& list : inner_)
        for (Observer& o : list) o.start_histogram();
      THIMBLE_TRY(pass(samples));
    }
    CalibratedRanges ranges;
    ranges.samples = samples_;
    const auto range = [&](const Observer& o) { return o.range(options_.calibration, options_.percentile); };
    for (const Observer& o : tensors_) ranges.tensors.push_back(range(o));
    for (const auto& list : inner_) {
      auto& of_node = ranges.inner.emplace_back();
      for (const Observer& o : list) of_node.push_back(range(o));
    }
    return ranges;
  }

 private:
  // Memory of activations is used again, so a tensor is looked at right after the step that completes
  // it; a node without steps (a view of its input) right after the step before it.
  void order_observations() {
    const auto& steps = session_->program().steps();
    after_.resize(steps.size() + 1);  // [0]: before any step
    before_.resize(steps.size() + 1);
    std::vector<size_t> first(graph_.nodes.size(), SIZE_MAX), end(graph_.nodes.size(), 0);
    for (size_t s = 0; s < steps.size(); ++s) {
      const auto n = static_cast<size_t>(steps[s].node);
      first[n] = std::min(first[n], s);
      end[n] = s + 1;
    }
    for (TensorId t : graph_.inputs) watch(t, 0);
    size_t done = 0;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      done = std::max(done, end[n]);
      for (TensorId t : graph_.nodes[n].outputs) watch(t, done);
      if (request_.rules[n] && request_.rules[n]->observe && first[n] != SIZE_MAX) before_[first[n]].push_back(n);
    }
  }
  void watch(TensorId t, size_t when) {
    if (request_.watch[static_cast<size_t>(t)]) after_[when].push_back(t);
  }

  Status pass(const CalibrationSamples& samples) {
    for (int64_t i = 0; samples && samples(i, input_); ++i) {
      size_t at = 0;
      for (size_t k = 0; k < graph_.inputs.size(); ++k) {
        const auto memory = session_->input(k);
        if (!memory.empty()) std::memcpy(memory.data(), input_.data() + at, memory.size());
        at += static_cast<size_t>(graph_.at(graph_.inputs[k]).shape.elements());
      }
      session_->reset_variables();
      if (Status s = one_run(); !s) return with_context(std::move(s).error(), format("calibration sample {}", i));
      samples_ = i + 1;
    }
    return {};
  }

  Status one_run() {
    THIMBLE_TRY(look(0));
    for (size_t s = 0; s < session_->step_count(); ++s) {
      for (size_t n : before_[s]) THIMBLE_TRY(look_inside(n));
      THIMBLE_TRY(session_->run_steps(s, s + 1));
      THIMBLE_TRY(look(s + 1));
    }
    return {};
  }

  Status look(size_t when) {
    for (TensorId t : after_[when]) {
      const auto memory = session_->tensor(t);
      Observer& observer = tensors_[static_cast<size_t>(t)];
      observer.see({reinterpret_cast<const float*>(memory.data()), memory.size() / sizeof(float)});
      if (observer.non_finite())
        return fail(ErrorCode::usage, format("tensor {} holds a NaN or an infinity", graph_.at(t).to_string()),
                    "check the preprocessing of the calibration data and the model's weights");
    }
    return {};
  }

  Status look_inside(size_t n) {
    const Node& node = graph_.nodes[n];
    std::vector<TensorView> views;
    for (TensorId t : node.inputs) {
      TensorView& view = views.emplace_back();
      if (t == kNoTensor) continue;
      const Tensor& tensor = graph_.at(t);
      view = {tensor.type, tensor.shape, &tensor.quant, session_->tensor(t).data()};
    }
    ObserveContext ctx(graph_, node, views, inner_[n]);
    THIMBLE_TRY(request_.rules[n]->observe(ctx));
    for (size_t i = 0; i < inner_[n].size(); ++i)
      if (inner_[n][i].non_finite())
        return fail(ErrorCode::usage, format("inner value {} of node \"{}\" is a NaN or an infinity", i, node.name));
    return {};
  }

  const Graph& graph_;
  const CalibrationRequest& request_;
  const QuantizeOptions& options_;
  std::unique_ptr<Session> session_;
  std::vector<float> input_;
  std::vector<std::vector<TensorId>> after_;
  std::vector<std::vector<size_t>> before_;  // nodes that look at their own inputs before step s
  std::vector<Observer> tensors_;
  std::vector<std::vector<Observer>> inner_;
  int64_t samples_ = 0;
};

}  // namespace

Result<CalibratedRanges> calibrate(const Graph& graph, const CalibrationRequest& request,
                                   const QuantizeOptions& options, const CalibrationSamples& samples) {
  return Calibrator(graph, request, options).run(samples);
}

}  // namespace thimble
