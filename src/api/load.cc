#include "api/load.h"

#include <cstdio>

#include "base/file.h"
#include "formats/foreign_file.h"
#include "formats/model_file.h"
#include "passes/tidy_import.h"

namespace thimble {
namespace {

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

Result<Data> open_model_file(const std::string& path) {
  if (path == "-") {
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, read_standard_input());
    return Data::copy(bytes);
  }
  if (const auto folder = foreign_folder(path))
    return with_context(Error{ErrorCode::bad_file,
                              format("this is {}, not a model that Thimble reads", folder->what),
                              {},
                              folder->remedy},
                        path);
  THIMBLE_ASSIGN(MappedFile mapped, MappedFile::open(path));
  auto owner = std::make_shared<const MappedFile>(std::move(mapped));
  return Data{owner, owner->data(), owner->size()};
}

Result<LoadedModel> read_model_file(Data file, const std::string& name, const std::string& signature, Refusals* refused,
                                    const CustomOperators* custom) {
  auto model = read_model({file.bytes, file.size}, file.owner, name,
                          {.known = {}, .signature = signature, .refused = refused, .custom = custom});
  if (!model) return with_context(std::move(model).error(), name == "-" ? "the standard input" : name);
  if (is_onnx({file.bytes, file.size}, name)) {
    THIMBLE_ASSIGN(*model, tidy_import(std::move(*model)));
  }
  return LoadedModel{std::move(*model), std::move(file), name, signature};
}

Result<LoadedModel> load_model(const std::string& path, const std::string& signature) {
  THIMBLE_ASSIGN(Data file, open_model_file(path));
  return read_model_file(std::move(file), path, signature);
}

Result<LoadedModel> load_model_bytes(std::span<const uint8_t> bytes, const std::string& name) {
  return read_model_file(Data::copy(bytes), name);
}

Result<LoadedModel> with_known_inputs(const LoadedModel& model, std::span<const KnownInput> known) {
  THIMBLE_ASSIGN(Checked read, read_model({model.file.bytes, model.file.size}, model.file.owner, model.name,
                                          {.known = known, .signature = model.signature}));
  if (is_onnx({model.file.bytes, model.file.size}, model.name)) {
    THIMBLE_ASSIGN(read, tidy_import(std::move(read)));
  }
  return LoadedModel{std::move(read), model.file, model.name, model.signature};
}

}  // namespace thimble
