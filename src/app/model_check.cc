#include "app/model_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "formats/onnx/onnx.h"
#include "formats/tflite/stock.h"
#include "formats/tflite/tflite.h"
#include "micro/emit.h"
#include "ops/operands.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "runtime/reference_step.h"

namespace thimble::app {
namespace {

std::string place_of(const Error& error) {
  std::string place;
  for (size_t i = error.context.size(); i-- > 0;) place += (place.empty() ? "" : ", ") + error.context[i];
  return place;
}

std::string code_of(const Refusal& refusal) {
  switch (refusal.kind) {
    case Refusal::Kind::tensor: return "tensor";
    case Refusal::Kind::unknown_operator: return "operator";
    case Refusal::Kind::custom_operator: return "custom_operator";
    case Refusal::Kind::follows: return "not_checked";
    case Refusal::Kind::use: break;
  }
  return refusal.error.code == ErrorCode::needs_value ? "needs_value" : "use";
}

std::string fix_of(const Refusal& refusal) {
  if (!refusal.error.hint.empty()) return refusal.error.hint;
  if (refusal.kind == Refusal::Kind::follows) return "what it reads comes first: see the operators before it";
  if (refusal.kind == Refusal::Kind::unknown_operator || refusal.kind == Refusal::Kind::custom_operator)
    return "`thimble ops` lists the supported operators";
  return {};
}

class Checker {
 public:
  explicit Checker(CheckTarget target) : target_(target) {}

  Result<ModelCheck> run(Data file, const std::string& name, const std::string& signature) {
    Refusals refused;
    Result<LoadedModel> model = read_model_file(std::move(file), name, signature, &refused);
    for (const Refusal& refusal : refused) add(refusal);
    if (!model) {
      const Error& error = model.error();
      if (error.code != ErrorCode::unsupported && (error.code != ErrorCode::bad_file || refused.empty()))
        return tl::unexpected<Error>(std::move(model).error());
      check_.runnable = false;
      check_.problems.push_back(
          {error.code == ErrorCode::bad_file ? "bad_file" : "use", {}, place_of(error), error.message, error.hint});
      return std::move(check_);
    }
    const Graph& graph = model->graph;
    for (const Node& node : graph.nodes) ++row(thimble::name(node.op)).count;
    quantization(graph);
    if (target_ == CheckTarget::onnx) add_all("no_onnx", without_onnx(graph));
    if (target_ == CheckTarget::tflite) {
      add_all("no_tflite", without_tflite(graph));
      for (const std::string& what : tflite::stock_obstacles(graph, true))
        check_.problems.push_back({"stock_runtime", {}, {}, "LiteRT refuses the file or crashes: " + what, {}});
    }
    Result<Checked> prepared = prepare_for_inference(static_cast<Checked&&>(*model));
    if (!prepared) return tl::unexpected<Error>(std::move(prepared).error());
    if (target_ == CheckTarget::c) add_all("no_c", micro::without_c(*prepared));
    plan(std::move(*prepared));
    return std::move(check_);
  }

 private:
  OperatorCheck& row(const std::string& name, bool supported = true) {
    for (OperatorCheck& row : check_.operators)
      if (row.name == name && row.supported == supported) return row;
    check_.operators.push_back({.name = name, .supported = supported, .path = {}, .why = {}});
    return check_.operators.back();
  }

  void add(const Refusal& refusal) {
    const bool planned_while_running = refusal.error.code == ErrorCode::needs_value;
    Problem problem{code_of(refusal), refusal.op, refusal.name, refusal.error.message, fix_of(refusal)};
    const std::string place = place_of(refusal.error);
    if (place.find(refusal.name) != std::string::npos)
      problem.where = place;
    else if (!place.empty())
      problem.where = format("{} \"{}\"", place, refusal.name);
    problem.blocks = !(planned_while_running && target_ == CheckTarget::runtime);
    check_.runnable = check_.runnable && planned_while_running;
    if (!refusal.op.empty()) {
      // What hangs on a refused operator may well be supported.
      OperatorCheck& of = row(refusal.op, planned_while_running || refusal.kind == Refusal::Kind::follows);
      ++of.count;
      if (of.why.empty())
        of.why = planned_while_running                    ? "planned while it runs"
                 : refusal.kind == Refusal::Kind::follows ? "not checked: see the operators before it"
                                                          : refusal.error.message;
    }
    check_.problems.push_back(std::move(problem));
  }

  void add_all(const char* code, std::vector<Error> errors) {
    for (Error& error : errors)
      check_.problems.push_back({code, {}, place_of(error), std::move(error.message), std::move(error.hint)});
  }

  void odd(const Tensor& tensor, std::string what, std::string fix) {
    Problem problem{"quantization", {}, format("tensor \"{}\"", tensor.name), std::move(what), std::move(fix)};
    problem.blocks = false;
    if (std::ranges::none_of(check_.problems, [&](const Problem& p) {
          return p.where == problem.where && p.message == problem.message;
        }))
      check_.problems.push_back(std::move(problem));
  }

  // Scales that a reader takes and that still say that something went wrong when the file was made.
  void quantization(const Graph& graph) {
    for (const Tensor& tensor : graph.tensors)
      for (const float scale : tensor.quant.scale)
        if (is_quantized_type(tensor.type) && !std::isnormal(scale)) {
          odd(tensor, format("{}: its scale is {}, so that all its values are about 0", tensor.to_string(), scale),
              "the samples that the model was calibrated with may all have been 0 there");
          break;
        }
    for (const Node& node : graph.nodes) {
      missing_scales(graph, node);
      bias_scale(graph, node);
    }
  }

  void missing_scales(const Graph& graph, const Node& node) {
    std::vector<TensorId> operands = node.inputs;
    operands.insert(operands.end(), node.outputs.begin(), node.outputs.end());
    const auto integer = [&](TensorId t) { return t != kNoTensor && is_quantized_type(graph.at(t).type); };
    const auto scaled = [&](TensorId t) { return integer(t) && !graph.at(t).quant.empty(); };
    if (std::ranges::none_of(operands, scaled)) return;
    for (const TensorId t : operands)
      if (integer(t) && !scaled(t))
        odd(graph.at(t),
            format("{} has no scale, and other operands of {} have one", graph.at(t).to_string(), name(node.op)),
            "quantise the model again: every tensor of integers needs a scale");
  }

  // Kernels add the bias to sums of products: its scale has to be that of these.
  void bias_scale(const Graph& graph, const Node& node) {
    const LayerOperands* layer = layer_of(node);
    if (!layer) return;
    const auto has = [&](int i) {
      return i >= 0 && static_cast<size_t>(i) < node.inputs.size() && node.inputs[static_cast<size_t>(i)] != kNoTensor;
    };
    if (!has(0) || !has(layer->weights) || !has(layer->bias)) return;
    const Quantization& x = graph.at(node.inputs[0]).quant;
    const Quantization& w = graph.at(node.inputs[static_cast<size_t>(layer->weights)]).quant;
    const Tensor& bias = graph.at(node.inputs[static_cast<size_t>(layer->bias)]);
    const Quantization& b = bias.quant;
    if (x.scale.size() != 1 || w.empty() || (b.scale.size() != w.scale.size() && b.scale.size() != 1)) return;
    if (bias.type != DType::i32 && bias.type != DType::i64) return;
    for (size_t c = 0; c < w.scale.size(); ++c) {
      const double wanted = static_cast<double>(x.scale[0]) * w.scale[c], has_scale = b.scale[b.per_axis() ? c : 0];
      if (std::fabs(has_scale - wanted) <= 1e-3 * wanted) continue;
      odd(bias,
          format("the bias {} of {} \"{}\" has the scale {}, its products have {}", bias.to_string(), name(node.op),
                 node.name, has_scale, wanted),
          "it is computed with the scale of the products, as TensorFlow Lite does");
      return;
    }
  }

  // What runs where: which nodes have a fast path, and whether the whole finds room.
  void plan(Checked prepared) {
    std::map<Op, int64_t> left;
    for (const Node& node : prepared.graph.nodes) ++left[node.op];
    Result<std::shared_ptr<const Program>> program = Program::plan(std::move(prepared));
    if (!program) {
      const Error& error = program.error();
      check_.runnable = false;
      Problem problem{"memory", {}, place_of(error), error.message, error.hint};
      problem.blocks = target_ == CheckTarget::runtime;
      check_.problems.push_back(std::move(problem));
      return;
    }
    std::map<Op, std::set<NodeId>> steps, by_reference;
    for (const StepPlan& step : (*program)->steps()) {
      const Op op = (*program)->graph().nodes[static_cast<size_t>(step.node)].op;
      steps[op].insert(step.node);
      if (step.name == kReferenceStep) by_reference[op].insert(step.node);
    }
    for (const auto& [op, count] : left) {
      OperatorCheck& of = row(name(op));
      if (of.count == 0) of.count = count;  // made by passes
    }
    for (OperatorCheck& of : check_.operators) {
      const auto op = std::ranges::find_if(left, [&](const auto& l) { return of.name == name(l.first); });
      if (!of.supported || !of.why.empty()) continue;
      of.path = "fast";
      if (op == left.end()) {
        of.why = "computed or folded before it runs";
        continue;
      }
      const auto slow = static_cast<int64_t>(by_reference[op->first].size());
      if (slow == 0) {
        if (steps[op->first].empty()) of.why = "takes no step: another view of the same memory";
        continue;
      }
      of.path = "reference";
      const char* why = lowering_of(op->first).why_not;
      of.why = why ? why : "no fast kernel for these types, shapes or attributes";
      if (slow < op->second) of.why = format("{} of {}: {}", slow, op->second, of.why);
    }
  }

  const CheckTarget target_;
  ModelCheck check_;
};

}  // namespace

size_t ModelCheck::blocking() const { return static_cast<size_t>(std::ranges::count_if(problems, &Problem::blocks)); }

Result<ModelCheck> check_model(Data file, const std::string& name, const std::string& signature, CheckTarget target) {
  return Checker(target).run(std::move(file), name, signature);
}

}  // namespace thimble::app
