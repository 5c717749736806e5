#include "formats/tflite/sparse.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/numbers.h"
#include "formats/tflite/schema.h"

namespace thimble::tflite {
namespace {

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, "stored sparse: " + what); }

// Whether `order` holds first … first + order.size() − 1, each once.
bool permutation(std::span<const int32_t> order, int32_t first) {
  std::vector<char> seen(order.size(), 0);
  for (const int32_t v : order) {
    if (v < first || static_cast<size_t>(v - first) >= order.size() || seen[static_cast<size_t>(v - first)])
      return false;
    seen[static_cast<size_t>(v - first)] = 1;
  }
  return true;
}

}  // namespace

int64_t SparseTensor::Numbers::operator[](int64_t i) const {
  const uint8_t* at = bytes + i * width;
  if (width == 1) return *at;
  if (width == 2) {
    uint16_t v;
    std::memcpy(&v, at, sizeof v);
    return v;
  }
  int32_t v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

Result<SparseTensor::Numbers> SparseTensor::numbers(const Table& level, int type_field, const char* what) {
  const auto kind = level.scalar<uint8_t>(type_field, 0);
  const Table vector = level.table(type_field + 1);
  Numbers n;
  const auto view = [&](const auto values) {
    n.bytes = reinterpret_cast<const uint8_t*>(values.data());
    n.width = static_cast<int>(sizeof(values[0]));
    n.count = static_cast<int64_t>(values.size());
  };
  if (kind == schema::kInt32Vector) {
    view(vector.scalars<int32_t>(0));
  } else if (kind == schema::kUint16Vector) {
    view(vector.scalars<uint16_t>(0));
  } else if (kind == schema::kUint8Vector) {
    view(vector.scalars<uint8_t>(0));
  } else {
    return damaged(format("{} of kind {}, known are 1 to 3", what, kind));
  }
  return n;
}

// Which level walks what, and how far apart its children lie.
Status SparseTensor::levels(const Table& sparsity, const Tensor& tensor) {
  const auto order = sparsity.scalars<int32_t>(schema::kSparsityTraversalOrder);
  const auto blocks = sparsity.scalars<int32_t>(schema::kSparsityBlockMap);
  const Tables metadata = sparsity.tables(schema::kSparsityDimensions);
  const auto rank = static_cast<size_t>(tensor.shape.rank());
  if (rank == 0) return damaged("a scalar has no dimensions to be sparse in");
  if (blocks.size() > rank) return damaged(format("{} blocks for {} dimensions", blocks.size(), rank));
  if (order.size() != rank + blocks.size() || metadata.size() != order.size())
    return damaged(format("a traversal order of {} and {} levels for {} dimensions and {} blocks", order.size(),
                          metadata.size(), rank, blocks.size()));
  if (!permutation(order.first(rank), 0) || !permutation(order.subspan(rank), static_cast<int32_t>(rank)))
    return damaged("the traversal order is not the dimensions, each once, followed by the blocks, each once");

  std::vector<int64_t> size(tensor.shape.dims().begin(), tensor.shape.dims().end()), stride(rank, 1);
  for (size_t d = rank - 1; d > 0; --d) stride[d - 1] = stride[d] * size[d];
  const std::vector<int64_t> element_stride = stride;
  levels_.resize(order.size());
  std::vector<char> split(rank, 0);
  for (size_t l = rank; l < order.size(); ++l) {
    const int32_t b = blocks[static_cast<size_t>(order[l]) - rank];
    const Table level = metadata[l];
    const int64_t each = level.scalar<int32_t>(schema::kDimensionDenseSize, 0);
    if (b < 0 || static_cast<size_t>(b) >= rank || split[static_cast<size_t>(b)])
      return damaged(format("the block map names dimension {}, of {}, each at most once", b, rank));
    const auto d = static_cast<size_t>(b);
    if (level.scalar<int8_t>(schema::kDimensionFormat, 0) != schema::kDimensionDense)
      return fail(ErrorCode::unsupported, "stored sparse: blocks that are sparse inside");
    if (each < 1 || size[d] % each != 0)
      return damaged(format("blocks of {} in dimension {} of {}", each, d, tensor.shape.to_string()));
    split[d] = 1;
    levels_[l].size = each;
    levels_[l].stride = element_stride[d];
    size[d] /= each;
    stride[d] *= each;
  }
  for (size_t l = 0; l < rank; ++l) {
    const auto d = static_cast<size_t>(order[l]);
    const Table table = metadata[l];
    const int kind = table.scalar<int8_t>(schema::kDimensionFormat, 0);
    Level& level = levels_[l];
    level.size = size[d];
    level.stride = stride[d];
    level.csr = kind == schema::kDimensionSparse;
    if (level.csr) {
      THIMBLE_ASSIGN(level.segments, numbers(table, schema::kDimensionSegmentsType, "segments"));
      THIMBLE_ASSIGN(level.indices, numbers(table, schema::kDimensionIndicesType, "indices"));
    } else if (kind != schema::kDimensionDense) {
      return damaged(format("level {} has format {}", l, kind));
    } else if (const int64_t said = table.scalar<int32_t>(schema::kDimensionDenseSize, 0); said != level.size) {
      return damaged(format("level {} has {} entries, dimension {} of {} has {}", l, said, d, tensor.shape.to_string(),
                            level.size));
    }
  }
  return {};
}

Status SparseTensor::count_leaves(const Tensor& tensor) {
  int64_t nodes = 1;
  for (size_t l = 0; l < levels_.size(); ++l) {
    const Level& level = levels_[l];
    if (!level.csr) {
      if (!checked_mul(nodes, level.size, &nodes)) return damaged("more levels than elements");
      continue;
    }
    const Numbers &segments = level.segments, &indices = level.indices;
    if (segments.count != nodes + 1)
      return damaged(format("level {} has {} segments, its parent level {} nodes", l, segments.count - 1, nodes));
    if (segments[0] != 0 || segments[nodes] != indices.count)
      return damaged(
          format("level {}: segments from {} to {} of {} indices", l, segments[0], segments[nodes], indices.count));
    for (int64_t n = 0; n < nodes; ++n) {
      const int64_t begin = segments[n], end = segments[n + 1];
      if (begin > end || end > indices.count)
        return damaged(format("level {}: segment {} from {} to {}", l, n, begin, end));
      for (int64_t i = begin; i < end; ++i)
        if (indices[i] < 0 || indices[i] >= level.size || (i > begin && indices[i] <= indices[i - 1]))
          return damaged(
              format("level {}: index {} of {}, after {}", l, indices[i], level.size, i > begin ? indices[i - 1] : -1));
    }
    nodes = indices.count;
  }
  int64_t bytes = 0;
  if (!checked_mul(nodes, element_bytes_, &bytes) || bytes != static_cast<int64_t>(values_.size()))
    return damaged(format("{} {} values, the buffer has {} bytes", nodes, name(tensor.type), values_.size()));
  return {};
}

Result<SparseTensor> SparseTensor::read(const Table& sparsity, const Tensor& tensor, std::span<const uint8_t> values) {
  if (tensor.type != DType::f32 && tensor.type != DType::f16 && tensor.type != DType::i8)
    return fail(ErrorCode::unsupported, format("stored sparse with elements of type {}", name(tensor.type)),
                "float32, float16 and int8 are known, as in TensorFlow Lite's DENSIFY");
  if (tensor.variable) return damaged("a variable has no stored values");
  SparseTensor s;
  s.values_ = values;
  s.element_bytes_ = bits(tensor.type) / 8;
  s.dense_bytes_ = tensor.bytes();
  if (s.dense_bytes_ == 0) {
    if (!values.empty()) return damaged(format("{} bytes of values for no elements", values.size()));
    return s;
  }
  THIMBLE_TRY(s.levels(sparsity, tensor));
  THIMBLE_TRY(s.count_leaves(tensor));
  return s;
}

void SparseTensor::place(size_t l, int64_t node, int64_t offset, uint8_t* dense) const {
  const Level& level = levels_[l];
  const int64_t begin = level.csr ? level.segments[node] : node * level.size;
  const int64_t end = level.csr ? level.segments[node + 1] : begin + level.size;
  for (int64_t child = begin; child < end; ++child) {
    const int64_t at = offset + (level.csr ? level.indices[child] : child - begin) * level.stride;
    if (l + 1 < levels_.size())
      place(l + 1, child, at, dense);
    else
      std::memcpy(dense + at * element_bytes_, values_.data() + child * element_bytes_,
                  static_cast<size_t>(element_bytes_));
  }
}

Result<Data> SparseTensor::expand() const {
  const auto size = static_cast<size_t>(dense_bytes_);
  const std::shared_ptr<uint8_t> dense(static_cast<uint8_t*>(std::calloc(std::max<size_t>(size, 1), 1)),
                                       [](uint8_t* p) { std::free(p); });
  if (dense == nullptr) return fail(ErrorCode::out_of_memory, format("no memory for {} dense bytes", size));
  if (!values_.empty()) place(0, 0, 0, dense.get());
  return Data{dense, dense.get(), size};
}

}  // namespace thimble::tflite
