#include "api/load.h"

#include <cstdio>

#include "base/file.h"
#include "formats/tflite/tflite.h"

namespace thimble {
namespace {

// Something else that people have at hand, recognised by its first bytes.
const char* looks_like(std::span<const uint8_t> bytes) {
  const auto starts = [&](std::string_view magic) {
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin(),
                                                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  if (starts("\x89PNG") || starts("\xff\xd8\xff") || starts("BM")) return "a picture";
  if (starts("\x89HDF")) return "a Keras HDF5 file";
  if (starts("PK\x03\x04")) return "a zip archive (a .keras file, or a packed model)";
  if (starts("\x93NUMPY")) return "a NumPy array";
  if (starts("\x08") && bytes.size() > 4 && bytes[2] == 0x12) return "an ONNX file";
  return nullptr;
}

Result<LoadedModel> read_model(Data file, const std::string& name) {
  const std::span<const uint8_t> bytes(file.bytes, file.size);
  auto graph = read_tflite(bytes, file.owner);
  if (!graph) {
    Error error = std::move(graph).error();
    const char* other = looks_like(bytes);
    if (other && error.code == ErrorCode::bad_file)
      error.hint = format("this looks like {}; give a .tflite file", other);
    return with_context(std::move(error), name);
  }
  return LoadedModel{std::move(*graph), std::move(file)};
}

Result<std::vector<uint8_t>> read_standard_input() {
  std::vector<uint8_t> bytes;
  uint8_t block[65536];
  for (size_t got; (got = std::fread(block, 1, sizeof block, stdin)) > 0;) {
    bytes.insert(bytes.end(), block, block + got);
    if (static_cast<int64_t>(bytes.size()) > kMaxFileBytes)
      return fail(ErrorCode::bad_file, format("the standard input is longer than {} bytes", kMaxFileBytes));
  }
  return bytes;
}

}  // namespace

Result<LoadedModel> load_model(const std::string& path) {
  if (path == "-") {
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, read_standard_input());
    return load_model_bytes(bytes, "the standard input");
  }
  THIMBLE_ASSIGN(MappedFile mapped, MappedFile::open(path));
  auto owner = std::make_shared<const MappedFile>(std::move(mapped));
  return read_model({owner, owner->data(), owner->size()}, path);
}

Result<LoadedModel> load_model_bytes(std::span<const uint8_t> bytes, const std::string& name) {
  Data copy = Data::copy(bytes);
  copy.size = bytes.size();
  return read_model(std::move(copy), name);
}

}  // namespace thimble
