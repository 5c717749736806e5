#include "formats/model_file.h"

#include <algorithm>

#include "formats/foreign_file.h"
#include "formats/tflite/tflite.h"
#include "formats/thim/thim.h"

namespace thimble {

bool is_tflite(std::span<const uint8_t> bytes) {
  constexpr char kIdentifier[] = {'T', 'F', 'L', '3'};
  return bytes.size() >= 8 && std::equal(std::begin(kIdentifier), std::end(kIdentifier), bytes.begin() + 4);
}

Result<Checked> read_model(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner, std::string_view name,
                           std::span<const Shape> input_shapes) {
  if (bytes.empty()) return fail(ErrorCode::bad_file, "the file is empty");
  auto model = is_thim(bytes) ? read_checked_thim(bytes) : read_checked_tflite(bytes, std::move(owner), input_shapes);
  const bool ours = is_thim(bytes) || is_tflite(bytes);
  if (!model && model.error().code == ErrorCode::bad_file && !ours)
    if (const auto other = foreign_file(bytes, name))
      return fail(ErrorCode::bad_file, format("this is {}, not a model that Thimble reads", other->what),
                  other->remedy);
  return model;
}

bool is_packed_name(std::string_view path) { return path.size() > 5 && path.ends_with(".thim"); }

}  // namespace thimble
