#include "compress/distill/distill.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/suggest.h"
#include "ops/make.h"
#include "ops/operands.h"
#include "passes/pipeline.h"
#include "passes/set_batch.h"
#include "runtime/tensor_values.h"

namespace thimble {
namespace {

// a · x as a node; x itself for a = 1.
Result<TensorId> scaled(Builder& b, TensorId x, double a, const std::string& name) {
  if (a == 1) return x;
  return make::mul(b, x, b.scalar_f32(static_cast<float>(a)), name);
}

Result<TensorId> tensor_named(const Graph& graph, const std::string& name, const char* whose) {
  std::vector<std::string> names;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (graph.tensors[t].name == name && !graph.tensors[t].constant()) return static_cast<TensorId>(t);
    if (!graph.tensors[t].constant()) names.push_back(graph.tensors[t].name);
  }
  return fail(ErrorCode::usage, format("the {} has no tensor \"{}\"", whose, name), did_you_mean(name, names));
}

bool readable(const Tensor& t) {
  return t.type == DType::f32 || ((t.type == DType::i8 || t.type == DType::u8) && t.quant.scale.size() == 1);
}

}  // namespace

Status check(const DistillOptions& o) {
  if (!o.teacher) return fail(ErrorCode::usage, "distillation needs a teacher");
  if (!(o.temperature > 0 && o.temperature <= 1000))
    return fail(ErrorCode::usage, format("a temperature of {} must be above 0", o.temperature), "2 to 8 are usual");
  if (!(o.alpha >= 0 && o.alpha <= 1))
    return fail(ErrorCode::usage, format("alpha = {} must be from 0 (labels only) to 1 (teacher only)", o.alpha));
  if (o.student_feature.empty() != o.teacher_feature.empty())
    return fail(ErrorCode::usage, "feature matching needs a tensor of the student and one of the teacher");
  if (!(o.feature_weight >= 0 && o.feature_weight <= 1e6))
    return fail(ErrorCode::usage, format("a feature weight of {}", o.feature_weight));
  return {};
}

Distillation::~Distillation() = default;

std::string Distillation::describe() const {
  uint64_t weights = 0;  // another teacher of the same name is another training
  if (options_.teacher)
    for (const Tensor& t : options_.teacher->tensors)
      if (t.constant()) weights = checksum64({t.data.bytes, t.data.size}, weights);
  std::string text = format("taught by {} ({}), temperature {:.6g}, alpha {:.6g}", options_.teacher_name,
                            hex(weights).substr(0, 8), options_.temperature, options_.alpha);
  if (!options_.student_feature.empty())
    text += format(", {} like the teacher's {} (weight {:.6g})", options_.student_feature, options_.teacher_feature,
                   options_.feature_weight);
  return text;
}

Status Distillation::plan_teacher(int64_t batch, int64_t inputs) {
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(*options_.teacher));
  Graph& graph = prepared.graph;
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1)
    return fail(ErrorCode::unsupported, format("the teacher has {} inputs and {} outputs, not one of each",
                                               graph.inputs.size(), graph.outputs.size()));
  // What the last softmax or sigmoid reads, through what only changes the type.
  const auto producers = graph.producers();
  TensorId answer = graph.outputs[0];
  answer_ = Answer::values;
  for (TensorId t = answer; t >= 0;) {
    const NodeId n = producers[static_cast<size_t>(t)];
    if (n < 0) break;
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    if (converts(node)) {
      t = node.inputs[0];
      continue;
    }
    if (answer_of(node) != thimble::Answer::none) {
      answer = node.inputs[0];
      answer_ = operands_of(node.op)->row_major ? Answer::sigmoid : Answer::softmax;  // each value by itself, or all
    }
    break;
  }
  graph.outputs = {answer};
  if (!options_.teacher_feature.empty()) {
    THIMBLE_ASSIGN(const TensorId feature, tensor_named(graph, options_.teacher_feature, "teacher"));
    graph.outputs.push_back(feature);
  }
  graph.output_names.clear();
  graph.input_names.clear();
  graph.remove_unused();
  THIMBLE_ASSIGN(graph, with_batch(graph, batch));
  const Tensor& x = graph.at(graph.inputs[0]);
  if (x.shape.elements() != inputs)
    return fail(ErrorCode::usage, format("the teacher's input {} does not take the student's {} values per sample",
                                         x.to_string(), inputs / batch));
  if (!readable(x)) return fail(ErrorCode::unsupported, format("the teacher's input is {}", x.to_string()));
  for (TensorId t : graph.outputs)
    if (!readable(graph.at(t)))
      return fail(ErrorCode::unsupported, format("the teacher's tensor {} cannot be read", graph.at(t).to_string()));
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(graph), {.threads = options_.threads}));
  THIMBLE_ASSIGN(session_, Session::create(std::move(program)));
  return {};
}

Result<TensorId> Distillation::extend_loss(Builder& b, const Model& model, TensorId loss) {
  THIMBLE_TRY(check(options_));
  const Tensor& x = b.at(model.graph.inputs[0]);
  const int64_t batch = x.shape[0];
  if (Status s = plan_teacher(batch, x.shape.elements()); !s)
    return with_context(std::move(s).error(), format("the teacher {}", options_.teacher_name));
  const bool student_classes = model.logits != kNoTensor;
  if (student_classes != (answer_ != Answer::values) ||
      (student_classes && (model.last_activation == "sigmoid") != (answer_ == Answer::sigmoid)))
    return fail(ErrorCode::usage,
                format("the student ends in {}, the teacher in {}",
                       model.last_activation.empty() ? "plain values" : model.last_activation,
                       answer_ == Answer::softmax   ? "softmax"
                       : answer_ == Answer::sigmoid ? "sigmoid"
                                                    : "plain values"),
                "give both the same last activation");
  const TensorId own = student_classes ? model.logits : model.output;
  const Shape shape = b.at(own).shape;
  const Tensor& answer = session_->graph().at(session_->graph().outputs[0]);
  if (answer.shape.elements() != shape.elements())
    return fail(ErrorCode::usage, format("the teacher gives {} values per sample, the student {}",
                                         answer.shape.elements() / batch, shape.elements() / batch));
  soft_ = b.variable("teacher/answer", DType::f32, shape);
  THIMBLE_ASSIGN(TensorId total, scaled(b, loss, 1 - options_.alpha, "distill/hard"));
  const double t = options_.temperature;
  TensorId soft = kNoTensor;
  if (answer_ == Answer::values) {
    THIMBLE_ASSIGN(soft, make::loss(b, own, soft_, {LossKind::mse}, "distill/loss"));
    THIMBLE_ASSIGN(soft, scaled(b, soft, options_.alpha, "distill/soft"));
  } else {
    THIMBLE_ASSIGN(const TensorId softened, scaled(b, own, 1 / t, "distill/logits"));
    if (answer_ == Answer::softmax) {
      THIMBLE_ASSIGN(const auto made, make::softmax_crossentropy(b, softened, soft_, 0, "distill/loss"));
      soft = made.loss;
    } else {
      THIMBLE_ASSIGN(soft, make::loss(b, softened, soft_, {LossKind::binary_crossentropy_logits}, "distill/loss"));
    }
    THIMBLE_ASSIGN(soft, scaled(b, soft, options_.alpha * t * t, "distill/soft"));
  }
  THIMBLE_ASSIGN(total, make::add(b, total, soft, "distill/total"));
  if (!options_.student_feature.empty()) THIMBLE_TRY(add_feature(b, model, &total));
  return total;
}

Status Distillation::add_feature(Builder& b, const Model& model, TensorId* loss) {
  THIMBLE_ASSIGN(const TensorId own, tensor_named(model.graph, options_.student_feature, "student"));
  const Shape shape = b.at(own).shape;
  const Tensor& theirs = session_->graph().at(session_->graph().outputs[1]);
  if (!(theirs.shape == shape))
    return fail(ErrorCode::usage,
                format("the student's {} and the teacher's {} have different shapes", b.at(own).to_string(),
                       theirs.to_string()),
                "feature matching compares tensors of equal shape");
  feature_ = b.variable("teacher/feature", DType::f32, shape);
  THIMBLE_ASSIGN(TensorId distance, make::loss(b, own, feature_, {LossKind::mse}, "distill/feature"));
  THIMBLE_ASSIGN(distance, scaled(b, distance, options_.feature_weight, "distill/feature_weighted"));
  THIMBLE_ASSIGN(*loss, make::add(b, *loss, distance, "distill/with_feature"));
  return {};
}

void Distillation::read(size_t output, std::span<float> to) {
  const Tensor& t = session_->graph().at(session_->graph().outputs[output]);
  const uint8_t* memory = session_->output(output).data();
  read_output(t, {memory, static_cast<size_t>(t.bytes())}, to);
}

Status Distillation::before_step(FitView& fit) {
  const auto from = fit.session.input(0);
  const auto* x = reinterpret_cast<const float*>(from.data());
  const Tensor& input = session_->graph().at(session_->graph().inputs[0]);
  fill_input(input, {x, from.size() / sizeof(float)}, session_->input(0));
  session_->reset_variables();
  THIMBLE_TRY(session_->run());
  const auto floats = [&](TensorId t) {
    const auto bytes = fit.session.tensor(t);
    return std::span(reinterpret_cast<float*>(bytes.data()), bytes.size() / 4);
  };
  if (feature_ != kNoTensor) read(1, floats(feature_));
  const std::span<float> soft = floats(soft_);
  read(0, soft);
  if (answer_ == Answer::values) {  // the teacher answers in the units of the targets
    const auto width = static_cast<size_t>(static_cast<int64_t>(soft.size()) / fit.batch);
    for (size_t row = 0; row < soft.size(); row += width)
      fit.feeding.apply_to_targets(&soft[row], &soft[row], static_cast<int64_t>(width));
    return {};
  }
  const double t = options_.temperature;
  if (answer_ == Answer::sigmoid) {
    for (float& v : soft) v = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(v) / t)));
    return {};
  }
  const size_t width = soft.size() / static_cast<size_t>(fit.batch);
  for (size_t first = 0; first < soft.size(); first += width) {
    const std::span<float> row = soft.subspan(first, width);
    const double largest = *std::ranges::max_element(row);
    double sum = 0;
    for (const float v : row) sum += std::exp((static_cast<double>(v) - largest) / t);
    for (float& v : row) v = static_cast<float>(std::exp((static_cast<double>(v) - largest) / t) / sum);
  }
  return {};
}

}  // namespace thimble
