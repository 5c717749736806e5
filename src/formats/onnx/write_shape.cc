// Shapes, moved elements, reductions and types in ONNX. Integers keep their scale, so that most work on them as they
// lie.
#include <algorithm>

#include "formats/onnx/write.h"
#include "ops/concatenation/concatenation.h"
#include "ops/gather/gather.h"
#include "ops/reduce/reduce.h"
#include "ops/slice/slice.h"
#include "ops/split/split.h"

namespace thimble::onnx {
namespace {

Status reshape(NodeWriter& n) {
  const Tensor& y = n.out();
  std::vector<int64_t> dims(y.shape.dims().begin(), y.shape.dims().end());
  if (!dims.empty() && y.batch_unknown && y.shape.elements() > 0) dims[0] = -1;
  n.w.give(n.node.outputs[0], n.w.reshaped(n.value(0), dims, n.node.name));
  return {};
}

bool same_scale(NodeWriter& n) {
  return std::ranges::all_of(n.node.inputs, [&](TensorId t) {
    return t == kNoTensor || n.w.graph.at(t).type != n.out().type || n.w.graph.at(t).quant == n.out().quant;
  });
}

Status concatenation(NodeWriter& n) {
  const int axis = n.node.attrs.as<ConcatenationAttrs>().axis;
  const bool raw = same_scale(n);
  const bool first = n.out().shape.rank() == 4 && std::ranges::all_of(n.node.inputs, [&](TensorId t) {
                       return !n.w.graph.at(t).constant() && !n.w.has(t, FileWriter::Layout::own);
                     });
  const auto layout = first ? FileWriter::Layout::channels_first : FileWriter::Layout::own;
  Names parts;
  for (const TensorId t : n.node.inputs) parts.push_back(raw ? n.w.value(t, layout) : n.w.real(t, layout));
  int64_t to = axis < 0 ? axis + n.out().shape.rank() : axis;
  if (first) to = to == 0 ? 0 : to == 3 ? 1 : to + 1;
  std::string y = n.w.node("Concat", parts, {{"axis", to}}, n.node.name);
  if (raw)
    n.w.give(n.node.outputs[0], y, layout);
  else
    n.w.give_real(n.node.outputs[0], y, layout);
  return {};
}

Status pad(NodeWriter& n) {
  THIMBLE_ASSIGN(const auto pairs, n.constant_ints(1));
  const size_t rank = pairs.size() / 2;
  std::vector<int64_t> pads(pairs.size());
  for (size_t d = 0; d < rank; ++d) pads[d] = pairs[2 * d], pads[rank + d] = pairs[2 * d + 1];
  const bool quantised = !n.out().quant.empty();  // 0 is the zero point
  Names in{quantised ? n.real(0) : n.value(0), n.w.ints(pads)};
  if (n.has(2)) in.push_back(n.w.node("Reshape", {quantised ? n.real(2) : n.value(2), n.w.ints({})}));
  const std::string y = n.w.node("Pad", in, {}, n.node.name);
  if (quantised)
    n.w.give_real(n.node.outputs[0], y);
  else
    n.w.give(n.node.outputs[0], y);
  return {};
}

Status slice(NodeWriter& n) {
  const Shape& x = n.in(0).shape;
  std::vector<IntList> operands;
  for (size_t i = 1; i < n.node.inputs.size(); ++i) {
    THIMBLE_TRY(n.constant_ints(i));
    operands.emplace_back(n.in(i).type, n.in(i).data.bytes, n.in(i).shape.elements());
  }
  THIMBLE_ASSIGN(const SliceBox box, slice_box(n.node, x, operands));
  std::vector<int64_t> starts, ends, axes, steps;
  for (int d = 0; d < x.rank(); ++d) {
    const auto k = static_cast<size_t>(d);
    if (box.begin[k] == 0 && box.stride[k] == 1 && box.count[d] == x[d]) continue;
    const int64_t last = box.begin[k] + (box.count[d] - 1) * box.stride[k];
    starts.push_back(box.begin[k]);
    ends.push_back(box.count[d] == 0   ? box.begin[k]
                   : box.stride[k] > 0 ? last + 1
                   : last == 0         ? INT64_MIN / 2
                                       : last - 1);
    axes.push_back(d);
    steps.push_back(box.stride[k]);
  }
  std::string y = n.value(0);
  if (!axes.empty())
    y = n.w.node("Slice", {y, n.w.ints(starts), n.w.ints(ends), n.w.ints(axes), n.w.ints(steps)}, {}, n.node.name);
  if (!(box.shape == box.count)) {
    std::vector<int64_t> dims(box.shape.dims().begin(), box.shape.dims().end());
    if (!dims.empty() && n.out().batch_unknown && box.shape.elements() > 0) dims[0] = -1;
    y = n.w.reshaped(y, dims);
  }
  n.w.give(n.node.outputs[0], y);
  return {};
}

Status transpose(NodeWriter& n) {
  THIMBLE_ASSIGN(auto perm, n.constant_ints(1));
  for (int64_t& p : perm) p = p < 0 ? p + std::ssize(perm) : p;
  n.w.give(n.node.outputs[0], n.w.node("Transpose", {n.value(0)}, {{"perm", perm}}, n.node.name));
  return {};
}

Status split(NodeWriter& n) {
  const SplitInputs at = split_inputs(n.node.op);
  THIMBLE_ASSIGN(const auto given, n.constant_ints(static_cast<size_t>(at.axis)));
  const int rank = n.in(static_cast<size_t>(at.x)).shape.rank();
  const int64_t axis = given[0] < 0 ? given[0] + rank : given[0];
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < n.node.outputs.size(); ++i) sizes.push_back(n.out(i).shape[static_cast<int>(axis)]);
  const Names y = n.w.nodes("Split", {n.value(static_cast<size_t>(at.x)), n.w.ints(sizes)}, {{"axis", axis}},
                            static_cast<int>(sizes.size()), n.node.name);
  for (size_t i = 0; i < y.size(); ++i) n.w.give(n.node.outputs[i], y[i]);
  return {};
}

Status gather(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<GatherAttrs>();
  // Of each row its own entries: GatherElements, where the rows are all that lies before the axis.
  const int rank = n.in(0).shape.rank(),
            batch = attrs.batch_dims < 0 ? attrs.batch_dims + n.in(1).shape.rank() : attrs.batch_dims;
  const bool own = batch > 0 && batch == rank - 1 && (attrs.axis < 0 ? attrs.axis + rank : attrs.axis) == batch &&
                   n.in(1).shape.rank() == rank;
  if (batch != 0 && !own) return fail(ErrorCode::unsupported, "GATHER with batch_dims");
  n.w.give(n.node.outputs[0],
           n.w.node(own ? "GatherElements" : "Gather", {n.value(0), n.value(1)}, {{"axis", attrs.axis}}, n.node.name));
  return {};
}

Status reduce(NodeWriter& n) {
  THIMBLE_ASSIGN(auto axes, n.constant_ints(1));
  const int rank = n.in(0).shape.rank();
  for (int64_t& a : axes) a = a < 0 ? a + rank : a;
  std::ranges::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  const bool keep = n.node.attrs.as<ReduceAttrs>().keep_dims;
  const char* op = n.node.op == Op::mean         ? "ReduceMean"
                   : n.node.op == Op::sum        ? "ReduceSum"
                   : n.node.op == Op::reduce_max ? "ReduceMax"
                                                 : "ReduceMin";
  if (axes.empty()) {
    n.w.give_real(n.node.outputs[0], n.w.node("Identity", {n.real(0)}));
    return {};
  }
  std::vector<Attribute> attributes{{"keepdims", keep ? 1 : 0}};
  Names in{n.real(0)};
  if (n.w.opset >= 18 || n.node.op == Op::sum)
    in.push_back(n.w.ints(axes));
  else
    attributes.emplace_back("axes", axes);
  n.w.give_real(n.node.outputs[0], n.w.node(op, in, attributes, n.node.name));
  return {};
}

// Float to integers, integers to other integers, integers and half floats to floats.
Status convert(NodeWriter& n) {
  if (n.in(0).type == DType::f16) {
    n.w.give(n.node.outputs[0], n.w.cast(n.value(0), DType::f32));
    return {};
  }
  n.w.give_real(n.node.outputs[0], n.real(0));
  return {};
}

Status cast(NodeWriter& n) {
  n.w.give(n.node.outputs[0], n.w.cast(n.value(0), n.out().type));
  return {};
}

constexpr WriteRule kWriters[] = {
    {Op::reshape, reshape},
    {Op::squeeze, reshape},
    {Op::expand_dims, reshape},
    {Op::concatenation, concatenation},
    {Op::pad, pad},
    {Op::slice, slice},
    {Op::strided_slice, slice},
    {Op::transpose, transpose},
    {Op::split, split},
    {Op::split_v, split},
    {Op::gather, gather},
    {Op::mean, reduce},
    {Op::sum, reduce},
    {Op::reduce_max, reduce},
    {Op::reduce_min, reduce},
    {Op::quantize, convert},
    {Op::dequantize, convert},
    {Op::cast, cast},
};

}  // namespace

std::span<const WriteRule> shape_writers() { return kWriters; }

}  // namespace thimble::onnx
