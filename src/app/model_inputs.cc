#include "app/model_inputs.h"

#include <cmath>
#include <cstring>

#include "base/half.h"
#include "base/random.h"
#include "data/handwriting.h"
#include "data/npy.h"
#include "data/picture.h"
#include "data/resize.h"
#include "study/evaluate.h"
#include "study/model_metadata.h"

namespace thimble::app {
namespace {

Result<Feeding> from_word(const std::string& scale) {
  Feeding feeding;
  feeding.scale = scale;
  if (scale == "0..1")
    feeding.deviation = {255.0f};
  else if (scale == "-1..1")
    feeding.mean = {127.5f}, feeding.deviation = {127.5f};
  else if (scale != "none")
    return fail(ErrorCode::usage, format("the scale '{}' is not known here", scale),
                "give 0..1, -1..1 or none ('standard' needs the training data that the model carries)");
  return feeding;
}

std::vector<int64_t> without_ones(std::span<const int64_t> shape) {
  std::vector<int64_t> kept;
  for (int64_t d : shape)
    if (d != 1) kept.push_back(d);
  return kept;
}

std::string text_of(std::span<const int64_t> shape) {
  std::string text = "[";
  for (int64_t d : shape) text += (text.size() > 1 ? ", " : "") + format("{}", d);
  return text + "]";
}

// How many runs an array of this shape is for the tensor; −1 when it does not fit.
int64_t runs_of(std::span<const int64_t> shape, const Tensor& tensor) {
  const std::span<const int64_t> own = tensor.shape.dims();
  if (without_ones(shape) == without_ones(own)) return 1;
  if (shape.empty() || shape[0] < 1) return -1;
  const auto rest = without_ones(shape.subspan(1));
  if (!own.empty() && own[0] == 1 && rest == without_ones(own.subspan(1))) return shape[0];
  return rest == without_ones(own) ? shape[0] : -1;
}

struct PictureShape {
  int64_t height = 0, width = 0, channels = 0;
};
Result<PictureShape> picture_shape(const Tensor& tensor) {
  const Shape& s = tensor.shape;
  PictureShape p;
  if (s.rank() == 4)
    p = {s[1], s[2], s[3]};
  else if (s.rank() == 3)
    p = {s[1], s[2], 1};
  else if (const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(s.elements()))));
           s.rank() == 2 && side * side == s.elements())
    p = {side, side, 1};
  if (s.rank() == 0 || s[0] != 1 || (p.channels != 1 && p.channels != 3) || p.height < 1 || p.width < 1)
    return fail(ErrorCode::usage, format("a picture cannot fill the input {}", tensor.to_string()),
                "pictures fit [1, H, W, 1], [1, H, W, 3], [1, H, W] and [1, n*n]; give a .npy file");
  return p;
}

}  // namespace

Result<Feeding> feeding_of(const Graph& graph, const std::string& scale, std::string* stated) {
  stated->clear();
  if (!scale.empty() && scale != "standard") return from_word(scale);
  if (const auto found = graph.metadata.find(kPreprocessKey); found != graph.metadata.end())
    return Feeding::from_json(found->second);
  if (!scale.empty()) return from_word(scale);
  const Tensor& input = graph.at(graph.inputs[0]);
  Feeding feeding;
  const bool scaled = !input.quant.empty();
  if (input.type == DType::u8) {
    *stated = "raw bytes";
    if (scaled) {
      feeding.mean = {static_cast<float>(input.quant.zero_point[0])};
      feeding.deviation = {1.0f / input.quant.scale[0]};
    }
  } else {
    feeding.scale = "0..1";
    feeding.deviation = {255.0f};
    *stated = input.type == DType::f32 ? "0..1" : "0..1 through the input's own scale and zero point";
  }
  *stated = "the model does not say how to feed it: pictures go in as " + *stated + " (--scale changes that)";
  return feeding;
}

std::string npy_type(DType type) {
  switch (type) {
    case DType::f32: return "f4";
    case DType::f16: return "f2";
    case DType::f64: return "f8";
    case DType::i8: return "i1";
    case DType::u8: return "u1";
    case DType::i16: return "i2";
    case DType::u16: return "u2";
    case DType::i32: return "i4";
    case DType::u32: return "u4";
    case DType::i64: return "i8";
    case DType::u64: return "u8";
    case DType::boolean: return "b1";
    default: return {};
  }
}

Status append_npy(const std::string& path, const Tensor& tensor, Feed* feed) {
  THIMBLE_ASSIGN(const NpyArray array, read_npy(path));
  const int64_t runs = runs_of(array.shape, tensor);
  if (runs < 1)
    return fail(ErrorCode::bad_file,
                format("{} has the shape {}, the model's input {} is {}", path, text_of(array.shape), tensor.name,
                       tensor.shape.to_string()),
                tensor.shape.rank() > 0 && tensor.shape[0] == 1
                    ? "give an array of that shape, or with N in place of the leading 1 for N runs"
                    : "give an array of that shape, or with a leading N more for N runs");
  const bool is_float = array.dtype == "f4" || array.dtype == "f8" || array.dtype == "f2";
  if (array.dtype == npy_type(tensor.type)) {
    feed->bytes.insert(feed->bytes.end(), array.bytes.begin(), array.bytes.end());
  } else if (is_float && (tensor.type == DType::f32 || is_quantized_type(tensor.type))) {
    const size_t before = feed->bytes.size();
    feed->bytes.resize(before + static_cast<size_t>(runs * tensor.bytes()));
    fill_input(tensor, array.as_floats(), std::span(feed->bytes).subspan(before));
  } else {
    return fail(ErrorCode::bad_file,
                format("{} holds {} values, the model's input {} is {} ({})", path, array.dtype, tensor.name,
                       name(tensor.type), npy_type(tensor.type)),
                format("save it as numpy type {}", name(tensor.type)));
  }
  feed->runs += runs;
  for (int64_t i = 0; i < runs; ++i) feed->names.push_back(runs == 1 ? path : format("{}[{}]", path, i));
  return {};
}

Status append_picture(const std::string& path, const Tensor& tensor, const Feeding& feeding, bool handwriting,
                      Feed* feed) {
  THIMBLE_ASSIGN(const PictureShape want, picture_shape(tensor));
  THIMBLE_ASSIGN(Picture picture, read_picture(path));
  if (handwriting) {
    picture = {28, 28, 1, prepare_handwriting(picture)};
  }
  picture = with_channels(picture, want.channels);
  if (picture.height != want.height || picture.width != want.width)
    picture = resize_antialias(picture, want.height, want.width);
  const auto elements = static_cast<int64_t>(picture.pixels.size());
  if (feeding.mean.size() > 1 && static_cast<int64_t>(feeding.mean.size()) != elements)
    return fail(ErrorCode::bad_file, format("the model's preprocessing has {} columns, a picture has {} values",
                                            feeding.mean.size(), elements));
  std::vector<float> values(picture.pixels.size());
  feeding.apply(picture.pixels.data(), values.data(), 1, elements);
  const size_t before = feed->bytes.size();
  feed->bytes.resize(before + static_cast<size_t>(tensor.bytes()));
  fill_input(tensor, values, std::span(feed->bytes).subspan(before));
  feed->names.push_back(path);
  ++feed->runs;
  return {};
}

Status fill_random(uint64_t seed, uint64_t stream, const Tensor& tensor, std::span<uint8_t> memory) {
  const auto count = static_cast<uint64_t>(tensor.shape.elements());
  const auto size = static_cast<size_t>(bits(tensor.type) / 8);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t random = random_bits(seed, stream, i);
    uint8_t* at = memory.data() + i * size;
    const double u = 2.0 * (static_cast<double>(random >> 11) * 0x1p-53) - 1.0;
    if (tensor.type == DType::f32) {
      const auto value = static_cast<float>(u);
      std::memcpy(at, &value, 4);
    } else if (tensor.type == DType::f16) {
      const uint16_t value = float_to_half(static_cast<float>(u));
      std::memcpy(at, &value, 2);
    } else if (tensor.type == DType::f64) {
      std::memcpy(at, &u, 8);
    } else if (tensor.type == DType::boolean) {
      *at = random & 1;
    } else if (size > 0) {
      std::memcpy(at, &random, size);  // little endian: the low bits
    } else {
      return fail(ErrorCode::unsupported, format("random values for the input {}", tensor.to_string()));
    }
  }
  return {};
}

}  // namespace thimble::app
