#include "formats/onnx/write.h"

#include <algorithm>
#include <cmath>

#include <protozero/pbf_writer.hpp>

#include "formats/onnx/constants.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/tflite.h"
#include "ops/check.h"
#include "ops/make.h"

namespace thimble::onnx {
namespace {

using protozero::pbf_writer;
using Layout = FileWriter::Layout;

std::string tensor_proto(const std::string& name, DType type, const std::vector<int64_t>& dims,
                         std::span<const uint8_t> bytes) {
  std::string out;
  pbf_writer p(out);
  p.add_packed_int64(1, dims.begin(), dims.end());
  p.add_int32(2, element_type_of(type));
  p.add_string(8, name);
  p.add_bytes(9, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return out;
}

// ValueInfoProto. Sizes that are free have names, so that equal ones are known to be equal.
std::string value_proto(const std::string& name, const Tensor& t, size_t number) {
  std::string shape;
  for (int d = 0; d < t.shape.rank(); ++d) {
    std::string dim;
    pbf_writer p(dim);
    if (d == 0 && t.batch_unknown)
      p.add_string(2, "batch");
    else if (t.free_dims >> d & 1)
      p.add_string(2, format("size_{}_{}", number, d));
    else
      p.add_int64(1, t.shape[d]);
    pbf_writer(shape).add_message(1, dim);
  }
  std::string tensor, type, out;
  pbf_writer of_tensor(tensor);
  of_tensor.add_int32(1, element_type_of(t.type));
  of_tensor.add_message(2, shape);
  pbf_writer(type).add_message(1, tensor);
  pbf_writer p(out);
  p.add_string(1, name);
  p.add_message(2, type);
  return out;
}

std::string attribute_proto(const Attribute& a) {
  std::string out;
  pbf_writer p(out);
  p.add_string(1, a.name.data(), a.name.size());
  if (a.kind == 1) p.add_float(2, a.f);
  if (a.kind == 2) p.add_int64(3, a.i);
  if (a.kind == 3) p.add_bytes(4, a.s);
  if (a.kind == 7)
    for (const int64_t v : a.ints) p.add_int64(8, v);
  p.add_int32(20, a.kind);
  return out;
}

// Per-axis quantisation of a tensor that is transposed to channels first.
int axis_in(const Tensor& t, Layout layout) {
  const int axis = t.quant.axis;
  if (layout == Layout::own) return axis;
  return axis == 3 ? 1 : axis == 0 ? 0 : axis + 1;
}

std::vector<int64_t> scale_dims(const Quantization& q) {
  return q.per_axis() ? std::vector<int64_t>{std::ssize(q.scale)} : std::vector<int64_t>{};
}

// As many as scales, in the tensor's type.
std::vector<uint8_t> zero_points(const Tensor& t) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < t.quant.scale.size(); ++i) {
    const int32_t z = i < t.quant.zero_point.size() ? t.quant.zero_point[i] : 0;
    bytes.push_back(static_cast<uint8_t>(z & 255));
    if (t.type == DType::i16) bytes.push_back(static_cast<uint8_t>(z >> 8 & 255));
  }
  return bytes;
}

// A constant as a file of opset 17 can hold it: four bits are widened to eight.
Tensor widened(const Tensor& t) {
  if (t.type != DType::i4) return t;
  Tensor wide = t;
  wide.type = DType::i8;
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < t.shape.elements(); ++i) {
    const int nibble = t.data.bytes[i / 2] >> (i % 2 ? 4 : 0) & 15;
    bytes.push_back(static_cast<uint8_t>(nibble > 7 ? nibble - 16 : nibble));
  }
  wide.data = Data::copy(bytes);
  return wide;
}

}  // namespace

// ---- names ----

std::string FileWriter::fresh(std::string_view hint) {
  std::string name(hint.empty() ? "value" : hint);
  for (int n = 1; names_.contains(name); ++n) name = format("{}_{}", hint.empty() ? "value" : hint, n);
  names_.insert(name);
  return name;
}

bool FileWriter::has(TensorId t, Layout layout) const {
  return values_.contains({t, layout, false}) || values_.contains({t, layout, true}) || graph.at(t).constant();
}

void FileWriter::give(TensorId t, std::string name, Layout layout) {
  values_[{t, layout, false}] = name;
  if (graph.at(t).quant.empty()) values_[{t, layout, true}] = std::move(name);
}

void FileWriter::give_real(TensorId t, std::string name, Layout layout) {
  const Tensor& tensor = graph.at(t);
  if (tensor.quant.empty() || !is_quantized_type(tensor.type)) return give(t, std::move(name), layout);
  std::vector<Attribute> attributes;
  if (tensor.quant.per_axis()) attributes.emplace_back("axis", axis_in(tensor, layout));
  const std::vector<int64_t> dims = scale_dims(tensor.quant);
  const std::string scale = floats(dims, tensor.quant.scale, "scale");
  const std::string point = this->tensor(tensor.type, dims, zero_points(tensor), "zero_point");
  sixteen_bits_ = sixteen_bits_ || tensor.type == DType::i16;
  give(t, node("QuantizeLinear", {name, scale, point}, attributes, tensor.name), layout);
}

std::string FileWriter::value(TensorId t, Layout layout) {
  if (const auto found = values_.find({t, layout, false}); found != values_.end()) return found->second;
  const Tensor& tensor = graph.at(t);
  std::string name;
  if (tensor.constant() && layout == Layout::own) {
    const auto dims = tensor.shape.dims();
    const Tensor held = widened(tensor);
    name = this->tensor(held.type, {dims.begin(), dims.end()}, {held.data.bytes, held.data.size}, tensor.name);
  } else {
    const Layout other = layout == Layout::own ? Layout::channels_first : Layout::own;
    const auto from = values_.find({t, other, false});
    if (from == values_.end()) {
      missing_ = tensor.name;
      return {};
    }
    const std::string given = from->second;
    const std::vector<int64_t> perm =
        layout == Layout::own ? std::vector<int64_t>{0, 2, 3, 1} : std::vector<int64_t>{0, 3, 1, 2};
    name = node("Transpose", {given}, {{"perm", perm}}, tensor.name);
  }
  values_[{t, layout, false}] = name;
  return name;
}

std::string FileWriter::real(TensorId t, Layout layout) {
  if (const auto found = values_.find({t, layout, true}); found != values_.end()) return found->second;
  const Tensor& tensor = graph.at(t);
  std::string name = value(t, layout);
  if (!tensor.quant.empty() && (is_quantized_type(tensor.type) || tensor.type == DType::i32))
    name = dequantized(tensor, name, axis_in(tensor, layout));
  values_[{t, layout, true}] = name;
  return name;
}

std::string FileWriter::turned(TensorId t, const std::vector<int64_t>& perm) {
  const Tensor x = widened(graph.at(t));
  if (!x.constant()) return node("Transpose", {real(t)}, {{"perm", perm}}, x.name);
  std::vector<int64_t> dims, strides(perm.size(), 1);
  for (size_t d = perm.size() - 1; d > 0; --d) strides[d - 1] = strides[d] * x.shape[static_cast<int>(d)];
  for (const int64_t p : perm) dims.push_back(x.shape[static_cast<int>(p)]);
  const auto width = static_cast<size_t>(bits(x.type) / 8);
  std::vector<uint8_t> bytes;
  bytes.reserve(x.data.size);
  std::vector<int64_t> at(perm.size(), 0);
  for (int64_t i = 0; i < x.shape.elements(); ++i) {
    int64_t from = 0;
    for (size_t d = 0; d < perm.size(); ++d) from += at[d] * strides[static_cast<size_t>(perm[d])];
    const uint8_t* element = x.data.bytes + static_cast<size_t>(from) * width;
    bytes.insert(bytes.end(), element, element + width);
    for (size_t d = perm.size(); d-- > 0 && ++at[d] == dims[d];) at[d] = 0;
  }
  const std::string name = tensor(x.type, dims, bytes, x.name);
  if (x.quant.empty() || !is_quantized_type(x.type)) return name;
  const auto axis = std::ranges::find(perm, x.quant.axis) - perm.begin();
  return dequantized(x, name, axis);
}

std::string FileWriter::dequantized(const Tensor& t, const std::string& name, int64_t axis) {
  const bool per_axis = t.quant.per_axis();
  const std::vector<int64_t> dims = scale_dims(t.quant);
  Names inputs{name, floats(dims, t.quant.scale, "scale")};
  // Also where they are 0: without them onnxruntime fails where it runs without saturation (x64quantprecision).
  if (t.type != DType::i32)
    inputs.push_back(tensor(t.type == DType::i4 ? DType::i8 : t.type, dims, zero_points(t), "zero_point"));
  sixteen_bits_ = sixteen_bits_ || t.type == DType::i16;
  std::vector<Attribute> attributes;
  if (per_axis) attributes.emplace_back("axis", axis);
  return node("DequantizeLinear", inputs, attributes, t.name);
}

// ---- nodes and constants ----

std::string FileWriter::node(std::string_view op, const Names& inputs, const std::vector<Attribute>& attributes,
                             std::string_view hint) {
  return nodes(op, inputs, attributes, 1, hint)[0];
}

Names FileWriter::nodes(std::string_view op, const Names& inputs, const std::vector<Attribute>& attributes, int outputs,
                        std::string_view hint) {
  Names names;
  std::string message;
  pbf_writer p(message);
  for (const std::string& name : inputs) p.add_string(1, name);
  for (int i = 0; i < outputs; ++i) {
    names.push_back(fresh(hint.empty() ? op : hint));
    p.add_string(2, names.back());
  }
  p.add_string(3, names[0]);
  p.add_string(4, op.data(), op.size());
  for (const Attribute& a : attributes) p.add_message(5, attribute_proto(a));
  pbf_writer(nodes_).add_message(1, message);
  return names;
}

std::string FileWriter::tensor(DType type, const std::vector<int64_t>& dims, std::span<const uint8_t> bytes,
                               std::string_view hint) {
  const std::string name = fresh(hint);
  pbf_writer(constants_).add_message(5, tensor_proto(name, type, dims, bytes));
  return name;
}

std::string FileWriter::floats(const std::vector<int64_t>& dims, std::span<const float> values, std::string_view hint) {
  return tensor(DType::f32, dims, {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()}, hint);
}

std::string FileWriter::number(float value) {
  std::string& name = number_constants_[value];
  if (name.empty()) name = floats({}, std::span(&value, 1), "number");
  return name;
}

std::string FileWriter::ints(const std::vector<int64_t>& values) {
  std::string& name = int_constants_[values];
  if (name.empty())
    name = tensor(DType::i64, {std::ssize(values)},
                  {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(int64_t)}, "ints");
  return name;
}

std::string FileWriter::activated(std::string name, Activation activation, DType type) {
  const auto bound = [&](int32_t v) {
    if (type != DType::i32) return number(static_cast<float>(v));
    return tensor(DType::i32, {}, {reinterpret_cast<const uint8_t*>(&v), sizeof v}, "bound");
  };
  switch (activation) {
    case Activation::none: return name;
    case Activation::relu: return node("Relu", {name});
    case Activation::relu_n1_to_1: return node("Clip", {name, bound(-1), bound(1)});
    case Activation::relu6: return node("Clip", {name, bound(0), bound(6)});
    case Activation::tanh: return node("Tanh", {name});
    case Activation::sigmoid: return node("Sigmoid", {name});
    case Activation::sign_bit: return node("Cast", {node("Less", {name, number(0)})}, {{"to", kFloat}});
  }
  return name;
}

std::string FileWriter::reshaped(const std::string& name, const std::vector<int64_t>& dims, std::string_view hint) {
  std::vector<Attribute> attributes;
  if (opset >= 14 && std::ranges::find(dims, 0) != dims.end()) attributes.emplace_back("allowzero", 1);
  return node("Reshape", {name, ints(dims)}, attributes, hint);
}

std::string FileWriter::cast(const std::string& name, DType type) {
  return node("Cast", {name}, {{"to", element_type_of(type)}});
}

Result<std::vector<int64_t>> NodeWriter::constant_ints(size_t i) const {
  const Tensor& t = in(i);
  if (!t.constant() || (t.type != DType::i32 && t.type != DType::i64))
    return fail(ErrorCode::unsupported, format("{} is no constant of integers", t.to_string()));
  std::vector<int64_t> list;
  if (t.type == DType::i32)
    for (const int32_t v : t.data.as<int32_t>()) list.push_back(v);
  else
    for (const int64_t v : t.data.as<int64_t>()) list.push_back(v);
  return list;
}

// ---- the file ----

namespace {

const WriteRule* writer_of(Op op) {
  for (const auto family :
       {layer_writers(), elementwise_writers(), shape_writers(), recurrent_writers(), logic_writers()})
    for (const WriteRule& rule : family)
      if (rule.op == op) return &rule;
  return nullptr;
}

}  // namespace

void FileWriter::begin(std::string* io) {
  for (const TensorId t : graph.inputs) {
    const std::string name = fresh(graph.at(t).name.empty() ? "input" : graph.at(t).name);
    give(t, name);
    pbf_writer(*io).add_message(11, value_proto(name, graph.at(t), 0));
  }
}

Status FileWriter::write_node(size_t n) {
  const Node& node = graph.nodes[n];
  const std::string place = format("node {} {} \"{}\"", n, name(node.op), node.name);
  const WriteRule* rule = writer_of(node.op);
  if (!rule)
    return with_context(Error{ErrorCode::unsupported, format("{} is not written to ONNX", name(node.op)), {}, {}},
                        place);
  NodeWriter writer{*this, node};
  if (Status s = rule->write(writer); !s) return with_context(std::move(s).error(), place);
  if (sixteen_bits_ && opset < 21)
    return with_context(
        Error{
            ErrorCode::unsupported, "integers of 16 bits with a scale", {}, "ONNX has them since opset 21: --opset 21"},
        place);
  if (!missing_.empty())
    return with_context(Error{ErrorCode::unsupported, format("\"{}\" keeps its value between runs", missing_), {}, {}},
                        place);
  return {};
}

// Behind a node that is not written its outputs are there as if it were.
std::vector<Error> FileWriter::refusals() {
  std::vector<Error> refused;
  std::string io;
  begin(&io);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (Status s = write_node(n); !s) refused.push_back(std::move(s).error());
    sixteen_bits_ = false;
    missing_.clear();
    for (const TensorId t : graph.nodes[n].outputs)
      if (!has(t, Layout::own) && !has(t, Layout::channels_first)) give(t, fresh(graph.at(t).name));
  }
  return refused;
}

Result<std::vector<uint8_t>> FileWriter::finish() {
  // Inputs and outputs keep their names, so they come first.
  std::string io;
  std::vector<std::string> outputs;
  begin(&io);
  for (const TensorId t : graph.outputs)
    outputs.push_back(fresh(graph.at(t).name.empty() ? "output" : graph.at(t).name));
  for (size_t n = 0; n < graph.nodes.size(); ++n) THIMBLE_TRY(write_node(n));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string from = value(graph.outputs[i]);
    std::string message;
    pbf_writer p(message);
    p.add_string(1, from);
    p.add_string(2, outputs[i]);
    p.add_string(3, outputs[i]);
    p.add_string(4, "Identity");
    pbf_writer(nodes_).add_message(1, message);
    pbf_writer(io).add_message(12, value_proto(outputs[i], graph.at(graph.outputs[i]), 0));
  }
  std::string body = nodes_, file;
  pbf_writer p(body);
  p.add_string(2, graph.name.empty() ? "main" : graph.name);
  body += constants_ + io;
  std::string opset_message;
  pbf_writer of_opset(opset_message);
  of_opset.add_string(1, "");
  of_opset.add_int64(2, opset);
  pbf_writer model(file);
  model.add_int64(1, opset >= 21 ? 10 : 8);
  model.add_string(2, "thimble");
  model.add_message(7, body);
  model.add_message(8, opset_message);
  for (const auto& [key, value] : graph.metadata) {
    if (key == "min_runtime_version" || key.starts_with("TFLITE")) continue;
    std::string entry;
    pbf_writer e(entry);
    e.add_string(1, key);
    e.add_string(2, value);
    model.add_message(14, entry);
  }
  return std::vector<uint8_t>(file.begin(), file.end());
}

}  // namespace thimble::onnx

namespace thimble {

Result<std::vector<uint8_t>> write_onnx(const Graph& graph, const OnnxWriteOptions& options) {
  THIMBLE_TRY(refuse_losses(graph));
  THIMBLE_TRY(verify(graph));
  if (options.opset < 13 || options.opset > 23)
    return fail(ErrorCode::usage, format("opset {}; files of opset 13 to 23 are written", options.opset));
  return onnx::FileWriter(graph, options.opset).finish();
}

std::vector<Error> without_onnx(const Graph& graph, const OnnxWriteOptions& options) {
  if (Status s = refuse_losses(graph); !s) return {std::move(s).error()};
  return onnx::FileWriter(graph, options.opset).refusals();
}

}  // namespace thimble
