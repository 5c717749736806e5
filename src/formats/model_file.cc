#include "formats/model_file.h"

#include <algorithm>

#include "base/file.h"
#include "formats/foreign_file.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"

namespace thimble {

bool is_tflite(std::span<const uint8_t> bytes) {
  constexpr char kIdentifier[] = {'T', 'F', 'L', '3'};
  return bytes.size() >= 8 && std::equal(std::begin(kIdentifier), std::end(kIdentifier), bytes.begin() + 4);
}

bool is_onnx(std::span<const uint8_t> bytes, std::string_view name) {
  return !is_thim(bytes) && !is_tflite(bytes) && (is_onnx_name(name) || onnx::looks_like_onnx(bytes));
}

Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                           std::span<const Shape> input_shapes) {
  if (bytes.empty()) return fail(ErrorCode::bad_file, "the file is empty");
  if (is_onnx(bytes, name)) {
    std::vector<KnownInput> known;
    for (const Shape& shape : input_shapes) known.push_back({shape, {}});
    const std::string path(name);
    return read_checked_onnx(bytes, std::move(owner), known, {.folder = file_exists(path) ? directory_of(path) : ""});
  }
  auto model = is_thim(bytes) ? read_checked_thim(bytes) : read_checked_tflite(bytes, std::move(owner), input_shapes);
  const bool ours = is_thim(bytes) || is_tflite(bytes);
  if (!model && model.error().code == ErrorCode::bad_file && !ours)
    if (const auto other = foreign_file(bytes, name))
      return fail(ErrorCode::bad_file, format("this is {}, not a model that Thimble reads", other->what),
                  other->remedy);
  return model;
}

bool is_onnx_name(std::string_view path) { return path.size() > 5 && path.ends_with(".onnx"); }

bool is_packed_name(std::string_view path) { return path.size() > 5 && path.ends_with(".thim"); }

}  // namespace thimble
