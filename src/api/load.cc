#include "api/load.h"

#include <cstdio>

#include "base/file.h"
#include "formats/foreign_file.h"
#include "formats/model_file.h"

namespace thimble {
namespace {

Result<LoadedModel> load(Data file, const std::string& name) {
  auto graph = read_model({file.bytes, file.size}, file.owner, name);
  if (!graph) return with_context(std::move(graph).error(), name);
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
  if (const auto folder = foreign_folder(path))
    return with_context(Error{ErrorCode::bad_file,
                              format("this is {}, not a model that Thimble reads", folder->what),
                              {},
                              folder->remedy},
                        path);
  THIMBLE_ASSIGN(MappedFile mapped, MappedFile::open(path));
  auto owner = std::make_shared<const MappedFile>(std::move(mapped));
  return load({owner, owner->data(), owner->size()}, path);
}

Result<LoadedModel> load_model_bytes(std::span<const uint8_t> bytes, const std::string& name) {
  Data copy = Data::copy(bytes);
  copy.size = bytes.size();
  return load(std::move(copy), name);
}

}  // namespace thimble
