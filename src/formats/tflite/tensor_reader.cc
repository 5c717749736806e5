#include "formats/tflite/tensor_reader.h"

#include "formats/tflite/schema.h"
#include "formats/tflite/sparse.h"
#include "graph/verify.h"

namespace thimble::tflite {
namespace {
tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }
}  // namespace

Status TensorReader::read(const Table& table, const TensorUse& use, bool open, Tensor* tensor,
                          DeclaredShape* declared) {
  tensor->name = std::string(table.string(schema::kTensorName).substr(0, 4096));
  THIMBLE_ASSIGN(tensor->type, schema::dtype(table.scalar<int8_t>(schema::kTensorType, 0)));
  THIMBLE_TRY(shape(table, use, open, tensor, declared));
  // A graph input is fed, whatever the file says of keeping it between runs.
  tensor->variable = !use.input && table.scalar<uint8_t>(schema::kTensorIsVariable, 0) != 0;
  THIMBLE_TRY(quantization(table.table(schema::kTensorQuantization), tensor));
  THIMBLE_TRY(constant(table, use, tensor));
  if (!use.produced) THIMBLE_TRY(verify_tensor(*tensor));
  return {};
}

// -1 stands for a dimension that is not known; the graph has the file's placeholder for it, or 1.
Status TensorReader::shape(const Table& table, const TensorUse& use, bool open, Tensor* tensor,
                           DeclaredShape* declared) {
  const auto said = table.scalars<int32_t>(schema::kTensorShape);
  const auto signature = table.scalars<int32_t>(schema::kTensorShapeSignature);
  const bool of_signature = said.empty() && use.input && !signature.empty();
  std::vector<int64_t> dims(of_signature ? signature.begin() : said.begin(),
                            of_signature ? signature.end() : said.end());
  if (dims.size() > Shape::kMaxRank)
    return fail(ErrorCode::unsupported,
                format("\"{}\" has {} dimensions, the limit is {}", tensor->name, dims.size(), Shape::kMaxRank));
  for (size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == -1 || (d < signature.size() && signature[d] == -1)) declared->free_dims |= 1u << d;
    if (dims[d] == -1 && (use.input || use.produced)) dims[d] = 1;
  }
  THIMBLE_ASSIGN(tensor->shape, Shape::make(std::span<const int64_t>(dims)));
  declared->open = use.produced && (tensor->shape.rank() == 0 || tensor->shape.elements() == 0 || open);
  tensor->batch_unknown = (declared->free_dims & 1) != 0;
  tensor->free_dims = declared->free_dims & ~1u;
  if (use.produced && open) tensor->free_dims = 0;
  return {};
}

Status TensorReader::quantization(const Table& q, Tensor* tensor) {
  if (!q) return {};
  const auto scale = q.scalars<float>(schema::kQuantScale);
  const auto zero = q.scalars<int64_t>(schema::kQuantZeroPoint);
  // What training has left on numbers that are not whole says nothing of them.
  const DType type = tensor->type;
  if (scale.empty() || type == DType::f32 || type == DType::f16 || type == DType::f64 || type == DType::boolean)
    return {};
  if (!zero.empty() && zero.size() != scale.size() && zero.size() != 1)
    return damaged(format("\"{}\" has {} scales but {} zero points", tensor->name, scale.size(), zero.size()));
  tensor->quant.scale.assign(scale.begin(), scale.end());
  tensor->quant.zero_point.assign(scale.size(), 0);
  for (size_t i = 0; i < scale.size() && !zero.empty(); ++i) {
    const int64_t z = zero[zero.size() == 1 ? 0 : i];
    if (z < INT32_MIN || z > INT32_MAX) return damaged(format("\"{}\" has zero point {}", tensor->name, z));
    tensor->quant.zero_point[i] = static_cast<int32_t>(z);
  }
  tensor->quant.axis = q.scalar<int32_t>(schema::kQuantDimension, 0);
  // Real files carry a meaningless dimension on rank-1 biases: there is only one to choose.
  if (tensor->shape.rank() == 1) tensor->quant.axis = 0;
  return {};
}

Status TensorReader::constant(const Table& table, const TensorUse& use, Tensor* tensor) {
  const Tables buffers = file_.model().tables(schema::kModelBuffers);
  const auto index = table.scalar<uint32_t>(schema::kTensorBuffer, 0);
  const bool sparse = table.has(schema::kTensorSparsity);
  if (index == 0 && !sparse) return {};
  if (index >= buffers.size())
    return damaged(format("\"{}\" names buffer {}, there are {}", tensor->name, index, buffers.size()));
  const Table buffer = buffers[index];
  std::span<const uint8_t> data = buffer.scalars<uint8_t>(schema::kBufferData);
  if (const auto offset = buffer.scalar<uint64_t>(schema::kBufferOffset, 0); offset > 1) {
    const auto size = buffer.scalar<uint64_t>(schema::kBufferSize, 0);
    const std::span<const uint8_t> file = file_.bytes();
    if (offset > file.size() || size > file.size() - offset)
      return damaged(format("buffer {} spans bytes {}+{} of a file of {}", index, offset, size, file.size()));
    data = file.subspan(offset, size);
  }
  if (sparse) {
    if (Status s = expand(table.table(schema::kTensorSparsity), data, tensor); !s)
      return with_context(std::move(s).error(), tensor->to_string());
    return {};
  }
  if (data.empty()) {
    // An empty tensor that nothing computes is still a constant; otherwise there is no data.
    if (tensor->shape.elements() == 0 && !tensor->variable && !use.produced && !use.input)
      tensor->data = Data::copy({});
    return {};
  }
  if (use.input) return fail(ErrorCode::unsupported, format("the graph input \"{}\" has stored values", tensor->name));
  const int64_t bytes = tensor->bytes();
  if (static_cast<int64_t>(data.size()) < bytes)
    return damaged(format("\"{}\" {} {} needs {} bytes, its buffer has {}", tensor->name, name(tensor->type),
                          tensor->shape.to_string(), bytes, data.size()));
  tensor->data = view(index, data.first(static_cast<size_t>(bytes)));  // what lies behind is not the tensor's
  return {};
}

// The bytes where they lie, or a copy: one for all tensors that share it.
Data TensorReader::view(uint32_t buffer, std::span<const uint8_t> data) {
  if (!copies_ && reinterpret_cast<uintptr_t>(data.data()) % 8 == 0) return {file_.owner(), data.data(), data.size()};
  Data& copy = copied_[{buffer, data.size()}];
  if (!copy) copy = Data::copy(data);
  return copy;
}

Status TensorReader::expand(const Table& sparsity, std::span<const uint8_t> values, Tensor* tensor) {
  auto stored = SparseTensor::read(sparsity, *tensor, values);
  THIMBLE_TRY(file_.sound("sparsity"));
  if (!stored) return tl::unexpected<Error>(std::move(stored).error());
  if (tensor->bytes() > kMaxExpandedBytes - expanded_)
    return fail(ErrorCode::unsupported,
                format("the sparse tensors expand to more than {} MiB", kMaxExpandedBytes >> 20));
  expanded_ += tensor->bytes();
  THIMBLE_ASSIGN(tensor->data, stored->expand());
  return {};
}

}  // namespace thimble::tflite
