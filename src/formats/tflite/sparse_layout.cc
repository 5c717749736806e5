#include "formats/tflite/sparse_layout.h"

#include <algorithm>
#include <cstring>

#include "ops/fully_connected/fully_connected.h"
#include "ops/operands.h"

namespace thimble::tflite {
namespace {

int width_for(int64_t greatest) { return greatest <= 0xff ? 1 : greatest <= 0xffff ? 2 : 4; }

class Elements {
 public:
  explicit Elements(const Tensor& tensor)
      : bytes_(tensor.data.bytes), width_(static_cast<size_t>(bits(tensor.type) / 8)) {}
  size_t width() const { return width_; }
  const uint8_t* at(int64_t i) const { return bytes_ + static_cast<size_t>(i) * width_; }
  bool zero(int64_t i) const {
    static constexpr uint8_t none[4] = {};
    return std::memcmp(at(i), none, width_) == 0;
  }
  // Whether `count` elements, `stride` apart, are all zero.
  bool zeros(int64_t first, int64_t count, int64_t stride) const {
    for (int64_t j = 0; j < count; ++j)
      if (!zero(first + j * stride)) return false;
    return true;
  }

 private:
  const uint8_t* bytes_;
  size_t width_;
};

int64_t stride_of(const Shape& shape, int dimension) { return shape.elements(dimension + 1, shape.rank()); }

// Blocks of `block` along `dimension` that are not all zero.
int64_t count_blocks(const Elements& e, const Shape& shape, int dimension, int64_t block) {
  const int64_t stride = stride_of(shape, dimension), span = block * stride;
  int64_t count = 0;
  for (int64_t begin = 0; begin < shape.elements(); begin += span)
    for (int64_t inner = 0; inner < stride; ++inner) count += !e.zeros(begin + inner, block, stride);
  return count;
}

bool storable(const Tensor& t) {
  return t.constant() && (t.type == DType::f32 || t.type == DType::f16 || t.type == DType::i8) && t.shape.rank() > 0 &&
         t.shape.elements() > 0 && t.shape.elements() <= INT32_MAX;
}

// How each tensor is read.
struct Readers {
  bool weights = false;  // operand 1 of an operator with weights, or float16 that becomes one
  bool other = false;    // which may insist on a constant
  bool reshaped = false, hybrid = false;
};

// Whether the node gives stored values as float32.
bool widens(const Graph& graph, const Node& node) {
  return converts(node) && graph.at(node.outputs[0]).type == DType::f32;
}

std::vector<Readers> readers_of(const Graph& graph) {
  std::vector<Readers> readers(graph.tensors.size());
  const auto of = [&](TensorId t) -> Readers& { return readers[static_cast<size_t>(t)]; };
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoTensor) continue;
      Readers& r = of(node.inputs[i]);
      if (i != 1 || !layer_of(node)) {
        r.other |= !widens(graph, node);
        continue;
      }
      r.weights = true;
      const bool int8_weights = graph.at(node.inputs[1]).type == DType::i8;
      r.hybrid |= int8_weights && graph.at(node.inputs[0]).type == DType::f32;
      r.reshaped |= int8_weights && node.attrs.holds<FullyConnectedAttrs>();
    }
  }
  for (const Node& node : graph.nodes)
    if (widens(graph, node) && graph.at(node.inputs[0]).type == DType::f16 && of(node.outputs[0]).weights)
      of(node.inputs[0]).weights = true;
  for (const TensorId t : graph.outputs) of(t).other = true;
  return readers;
}

}  // namespace

std::optional<SparseLayout> cheapest_layout(const Tensor& tensor) {
  if (!storable(tensor)) return {};
  const Elements e(tensor);
  const Shape& shape = tensor.shape;
  const int64_t elements = shape.elements();
  std::optional<SparseLayout> best;
  for (int blocked = 0; blocked < shape.rank(); ++blocked) {
    for (const int block : {1, 2, 4, 8, 16}) {
      if (shape[blocked] % block != 0 || (block == 1 && blocked > 0)) continue;
      const int64_t blocks = count_blocks(e, shape, blocked, block);
      if (blocks == 0) return {};  // a buffer without bytes is no constant to LiteRT
      for (int d = 0; d < shape.rank(); ++d) {
        const int64_t size = d == blocked ? shape[d] / block : shape[d];
        const int64_t segments = elements / block / size + 1;
        SparseLayout l{.compressed = d, .blocked = blocked, .block = block, .blocks = blocks};
        l.index_width = width_for(size - 1);
        l.segment_width = width_for(blocks);
        l.data_bytes = blocks * (block * static_cast<int64_t>(e.width()) + l.index_width) + segments * l.segment_width;
        if (!best || l.data_bytes < best->data_bytes) best = l;
      }
    }
  }
  return best;
}

SparseContent sparse_content(const Tensor& tensor, const SparseLayout& layout) {
  const Elements e(tensor);
  const Shape& shape = tensor.shape;
  const int64_t block_stride = stride_of(shape, layout.blocked);
  SparseContent content;
  std::vector<int64_t> size, stride;  // of the outer levels
  const auto level = [&](int d) {
    const int64_t each = d == layout.blocked ? layout.block : 1;
    content.order.push_back(d);
    size.push_back(shape[d] / each);
    stride.push_back(stride_of(shape, d) * each);
  };
  for (int d = 0; d < shape.rank(); ++d)
    if (d != layout.compressed) level(d);
  level(layout.compressed);
  if (layout.block > 1) content.order.push_back(shape.rank());
  const int64_t inner = size.back(), inner_stride = stride.back();
  size.pop_back();
  stride.pop_back();

  content.segments.push_back(0);
  std::vector<int64_t> index(size.size(), 0);
  for (bool more = true; more;) {
    int64_t offset = 0;
    for (size_t l = 0; l < index.size(); ++l) offset += index[l] * stride[l];
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t first = offset + i * inner_stride;
      if (e.zeros(first, layout.block, block_stride)) continue;
      content.indices.push_back(i);
      for (int64_t j = 0; j < layout.block; ++j) {
        const uint8_t* value = e.at(first + j * block_stride);
        content.values.insert(content.values.end(), value, value + e.width());
      }
    }
    content.segments.push_back(static_cast<int64_t>(content.indices.size()));
    more = false;
    for (size_t l = index.size(); l-- > 0 && !more;) {
      more = ++index[l] < size[l];
      if (!more) index[l] = 0;
    }
  }
  return content;
}

std::vector<SparseChoice> sparse_choices(const Graph& graph) {
  const std::vector<Readers> readers = readers_of(graph);
  std::vector<SparseChoice> choices;
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    const Tensor& tensor = graph.tensors[t];
    const Readers& r = readers[t];
    if (!r.weights || r.other || !storable(tensor)) continue;
    SparseChoice choice{.tensor = static_cast<TensorId>(t), .elements = tensor.shape.elements()};
    choice.reshaped = r.reshaped;
    choice.hybrid = r.hybrid;
    choice.zeros = choice.elements - count_blocks(Elements(tensor), tensor.shape, 0, 1);
    // The least that a layout can take is its values: fewer zeros than this never pay.
    if (choice.zeros * (bits(tensor.type) / 8) > kSparseTableBytes) {
      const auto layout = cheapest_layout(tensor);
      choice.layout = layout.value_or(SparseLayout{});
      choice.chosen = layout && !choice.hybrid && choice.layout.data_bytes + kSparseTableBytes < tensor.bytes();
    }
    choices.push_back(choice);
  }
  return choices;
}

}  // namespace thimble::tflite
