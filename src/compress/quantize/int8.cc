// Builds the int8 graph from its plan: nodes, constants, and the conversions between float and int8. int16x8 graphs are
// built alike: what is called int8 here are then int16 activations.
#include <algorithm>
#include <map>
#include <tuple>

#include "compress/quantize/custom_quant.h"
#include "compress/quantize/int8_limits.h"
#include "compress/quantize/params.h"
#include "formats/tflite/stock.h"
#include "graph/int4.h"
#include "ops/make.h"

namespace thimble::compress {
namespace {

using Io = QuantizeOptions::Io;

class Int8Builder {
 public:
  Int8Builder(const Graph& source, const QuantizeOptions& options, Int8Plan plan)
      : source_(source),
        options_(options),
        plan_(std::move(plan)),
        ready_(hold_limits(source, options, plan_)),
        ledger_(source),
        forms_(source.tensors.size()),
        type_(options.to == QuantizeTo::int16x8 ? DType::i16 : DType::i8) {}

  Result<Int8Graph> run() {
    graph_.name = source_.name;
    graph_.metadata = source_.metadata;
    graph_.signature = source_.signature;
    graph_.attached = source_.attached;
    graph_.left_out = source_.left_out;
    graph_.input_names = source_.input_names;
    graph_.output_names = source_.output_names;
    for (TensorId t : source_.inputs) graph_.inputs.push_back(input(t));
    for (size_t n = 0; n < source_.nodes.size(); ++n) {
      if (plan_.integer(n)) {
        THIMBLE_TRY(integer_node(n));
      } else {
        float_node(n);
      }
    }
    for (TensorId t : source_.outputs) graph_.outputs.push_back(output(t));
    ledger_.finish(made_.result);
    made_.result.graph = std::move(graph_);
    for (const Forms& f : forms_) made_.int8.push_back(f.int8);
    return std::move(made_);
  }

 private:
  // A source tensor's forms in the new graph; `plain` is float32, or its own type where that is another.
  struct Forms {
    TensorId plain = kNoTensor, int8 = kNoTensor;
  };
  Forms& forms(TensorId t) { return forms_[static_cast<size_t>(t)]; }
  const Quantization& quant(TensorId t) const { return plan_.quant[static_cast<size_t>(t)]; }

  TensorId activation(TensorId t, std::string name, DType type, Quantization quant = {}) {
    const Tensor& like = source_.at(t);
    Tensor tensor{.name = std::move(name), .type = type, .shape = like.shape, .quant = std::move(quant)};
    tensor.batch_unknown = like.batch_unknown;
    tensor.free_dims = like.free_dims;
    return graph_.add(std::move(tensor));
  }
  // Beside a float of the same value.
  std::string integer_name(TensorId t) const { return source_.at(t).name + (type_ == DType::i16 ? "/int16" : "/int8"); }
  void convert(TensorId from, TensorId to) { graph_.nodes.push_back(make::conversion(graph_, from, to)); }

  // ---- forms on demand ----
  TensorId int8_form(TensorId t) {
    Forms& f = forms(t);
    if (f.int8 != kNoTensor) return f.int8;
    if (source_.at(t).constant()) {
      Tensor constant = quantize_constant(source_.at(t), quant(t), type_);
      ledger_.becomes(t, constant);
      return f.int8 = graph_.add(std::move(constant));
    }
    f.int8 = activation(t, integer_name(t), type_, quant(t));
    convert(f.plain, f.int8);
    return f.int8;
  }

  TensorId plain_form(TensorId t, const std::string& why) {
    Forms& f = forms(t);
    if (f.plain != kNoTensor) {
      if (source_.at(t).constant()) ledger_.shares(t, why);
      return f.plain;
    }
    const Tensor& tensor = source_.at(t);
    if (tensor.constant() || tensor.variable) {
      if (tensor.constant()) ledger_.becomes(t, tensor, tensor.type == DType::f32 ? why : std::string());
      return f.plain = graph_.add(tensor);
    }
    f.plain = activation(t, tensor.name + "/float32", DType::f32);
    convert(f.int8, f.plain);
    return f.plain;
  }

  // ---- nodes ----
  void float_node(size_t n) {
    Node node = source_.nodes[n];
    for (TensorId& t : node.inputs)
      if (t != kNoTensor) t = plain_form(t, plan_.why_float[n]);
    for (TensorId& t : node.outputs) t = plain_output(t);
    for (TensorId& t : node.intermediates)
      if (t != kNoTensor) t = graph_.add(source_.at(t));
    graph_.nodes.push_back(std::move(node));
  }

  TensorId plain_output(TensorId t) {
    const Tensor& tensor = source_.at(t);
    return forms(t).plain = tensor.variable ? plain_form(t, {}) : activation(t, tensor.name, tensor.type, tensor.quant);
  }

  Status integer_node(size_t n) {
    const Node& source = source_.nodes[n];
    const QuantRule& rule = plan_.rules[n];
    Node node = source;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId t = source.inputs[i];
      const Operand kind = operand(source_, source, rule, i);
      if (kind == Operand::activation) {
        node.inputs[i] = int8_form(t);
        if (rule.output == QuantRule::Output::inputs_same_as_output)
          node.inputs[i] = requantized(node.inputs[i], quant(source.outputs[0]));
      } else if (kind == Operand::untouched && !rule.quantize) {
        node.inputs[i] = plain_form(t, {});
      }
    }
    if (!rule.quantize) weights(n, node);
    for (TensorId& t : node.outputs) {
      if (source_.at(t).type != DType::f32) {
        t = plain_output(t);
      } else {
        t = forms(t).int8 = activation(t, source_.at(t).name, type_, quant(t));
      }
    }
    if (rule.quantize) THIMBLE_TRY(custom(n, node));
    graph_.nodes.push_back(std::move(node));
    return {};
  }

  // `t` on another scale, where a fixed output meets a neighbour that wants its own.
  TensorId requantized(TensorId t, const Quantization& wanted) {
    if (graph_.at(t).quant == wanted) return t;
    const auto [it, fresh] = requantized_.try_emplace({t, wanted.scale[0], wanted.zero_point[0]}, kNoTensor);
    if (fresh) {
      Tensor tensor = graph_.at(t);
      tensor.name += "/requantized";
      tensor.quant = wanted;
      it->second = graph_.add(std::move(tensor));
      convert(t, it->second);
    }
    return it->second;
  }

  void weights(size_t n, Node& node) {
    const Node& source = source_.nodes[n];
    const QuantRule& rule = plan_.rules[n];
    if (rule.weight_input < 0) return;
    const auto at = static_cast<size_t>(rule.weight_input), bias_at = static_cast<size_t>(std::max(rule.bias_input, 0));
    const bool biased = rule.bias_input >= 0 && bias_at < source.inputs.size() && source.inputs[bias_at] != kNoTensor;
    const Tensor* bias = biased ? &source_.at(source.inputs[bias_at]) : nullptr;
    const float x_scale = quant(source.inputs[0]).scale[0];
    const TensorId id = source.inputs[at];
    const int bits = bits_of(options_, source_, source);
    Tensor w = std::move(ready_.at(n));
    if (biased) {
      Tensor b = type_ == DType::i16 ? quantize_wide_bias(*bias, x_scale, w.quant)
                                     : quantize_bias(*bias, x_scale, w.quant, options_.bias_bits);
      ledger_.becomes(source.inputs[bias_at], b);
      made_.constants[{n, bias_at}] = node.inputs[bias_at] = graph_.add(std::move(b));
    }
    // Weights that several nodes share stay shared as long as their scales agree.
    const auto [it, fresh] = weights_.try_emplace({id, bits, w.quant.scale}, kNoTensor);
    if (fresh) {
      if (bits == 4 && tflite::runs_int4(source)) w = as_int4(w);
      ledger_.becomes(id, w, few_bits(bits, w.type));
      it->second = graph_.add(std::move(w));
    }
    made_.constants[{n, at}] = node.inputs[at] = it->second;
  }

  // Why weights of fewer than 8 bits take 8 in a .tflite.
  static std::string few_bits(int bits, DType stored) {
    if (bits >= 8 || stored == DType::i4) return {};
    return bits == 4 ? "4-bit values in int8: no runtime executes this operator with int4"
                     : format("{} in int8: .tflite has no executable form of them; a packed file has",
                              bits == kTernaryBits ? std::string("ternary values") : format("{}-bit values", bits));
  }

  Status custom(size_t n, Node& node) {
    const Node& source = source_.nodes[n];
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoTensor) node.inputs[i] = graph_.add(source_.at(source.inputs[i]));
    const int bits = bits_of(options_, source_, source);
    QuantizeContext ctx(source_, source, graph_, node, plan_.inner[n], bits, &plan_.weight_scales, options_.scale_bits);
    if (Status s = plan_.rules[n].quantize(ctx); !s)
      return with_context(std::move(s).error(), format("node \"{}\" {}", source.name, thimble::name(source.op)));
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kNoTensor && source_.at(source.inputs[i]).constant()) {
        const Tensor& now = graph_.at(node.inputs[i]);
        ledger_.becomes(source.inputs[i], now,
                        now.type == DType::f32 ? "its operator keeps it in float32" : few_bits(bits, now.type));
        made_.constants[{n, i}] = node.inputs[i];
      }
    return {};
  }

  // ---- the graph's inputs and outputs ----
  TensorId input(TensorId t) {
    Forms& f = forms(t);
    const Tensor& tensor = source_.at(t);
    if (tensor.type != DType::f32 || options_.io == Io::float32)
      return f.plain = activation(t, tensor.name, tensor.type, tensor.quant);
    if (options_.io != Io::uint8) return f.int8 = activation(t, tensor.name, type_, quant(t));
    const TensorId bytes = activation(t, tensor.name, DType::u8, as_uint8(quant(t)));
    f.int8 = activation(t, tensor.name + "/int8", DType::i8, quant(t));
    convert(bytes, f.int8);
    return bytes;
  }

  TensorId output(TensorId t) {
    const Tensor& tensor = source_.at(t);
    if (tensor.type != DType::f32) return plain_form(t, {});
    if (options_.io == Io::int8 || options_.io == Io::int16) return named(int8_form(t), tensor.name);
    if (options_.io == Io::float32) {
      const bool there = forms(t).plain != kNoTensor;
      if (!there) graph_.at(forms(t).int8).name = integer_name(t);
      return named(plain_form(t, {}), tensor.name);
    }
    const TensorId int8 = int8_form(t);
    graph_.at(int8).name = tensor.name + "/int8";
    const TensorId bytes = activation(t, tensor.name, DType::u8, as_uint8(quant(t)));
    convert(int8, bytes);
    return bytes;
  }
  // The outer form of an output bears the source's name.
  TensorId named(TensorId t, const std::string& name) {
    graph_.at(t).name = name;
    return t;
  }

  const Graph& source_;
  const QuantizeOptions& options_;
  Int8Plan plan_;
  std::map<size_t, Tensor> ready_;  // int8 weights per node
  Ledger ledger_;
  std::vector<Forms> forms_;
  const DType type_;  // of activations
  Graph graph_;
  Int8Graph made_;
  std::map<std::tuple<TensorId, int, std::vector<float>>, TensorId> weights_;
  std::map<std::tuple<TensorId, float, int32_t>, TensorId> requantized_;
};

}  // namespace

Result<Int8Graph> build_int8(const Graph& graph, const QuantizeOptions& options, Int8Plan plan) {
  return Int8Builder(graph, options, std::move(plan)).run();
}

}  // namespace thimble::compress
