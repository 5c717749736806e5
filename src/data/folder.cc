#include "data/folder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "data/files.h"
#include "data/handwriting.h"
#include "data/resize.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

struct Entries {
  std::vector<std::string> folders, pictures;  // names, sorted
};

Result<Entries> list(const fs::path& path) {
  Entries out;
  std::error_code error;
  fs::directory_iterator it(path, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.empty() || name[0] == '.') continue;
    std::error_code ignored;
    if (it->is_directory(ignored))
      out.folders.push_back(name);
    else if (it->is_regular_file(ignored) && is_picture_name(name))
      out.pictures.push_back(name);
  }
  if (error) return fail(ErrorCode::bad_file, format("cannot list the folder {}: {}", path.string(), error.message()));
  std::sort(out.folders.begin(), out.folders.end());
  std::sort(out.pictures.begin(), out.pictures.end());
  return out;
}

}  // namespace

Result<Samples> read_folder(const std::string& path, const std::vector<int64_t>& shape, std::string set_name,
                            const std::vector<std::string>& labels) {
  if (shape.size() != 3 || shape[0] < 1 || shape[1] < 1 || shape[0] > 4096 || shape[1] > 4096 ||
      (shape[2] != 1 && shape[2] != 3))
    return fail(ErrorCode::usage, "pictures need a shape of [height, width, 1 or 3], sides 1 … 4096",
                "set model.input");
  THIMBLE_ASSIGN(const Entries top, list(path));
  std::map<std::string, std::vector<std::string>> classes;  // class → file names below path
  for (const std::string& folder : top.folders) {
    THIMBLE_ASSIGN(const Entries inside, list(fs::path(path) / folder));
    for (const std::string& name : inside.pictures) classes[folder].push_back(folder + "/" + name);
  }
  if (classes.empty())
    for (const std::string& name : top.pictures) classes[name.substr(0, 1)].push_back(name);
  if (classes.empty())
    return fail(ErrorCode::bad_file, format("the folder {} holds no pictures (.png, .jpg, .jpeg, .bmp)", path),
                "one subfolder per class, or files whose first character is the class");
  Samples out;
  out.name = std::move(set_name);
  out.sample_shape = shape;
  out.label_names = labels;
  if (labels.empty())
    for (const auto& [name, files] : classes) out.label_names.push_back(name);
  out.classes = static_cast<int>(out.label_names.size());
  const int64_t elements = out.sample_elements();
  const bool handwriting = shape == std::vector<int64_t>{28, 28, 1};
  for (const auto& [name, files] : classes) {
    const auto at = std::find(out.label_names.begin(), out.label_names.end(), name);
    if (at == out.label_names.end())
      return fail(ErrorCode::bad_file,
                  format("{}/{}: the class \"{}\" is not one of the expected classes", path, files[0], name),
                  "rename or remove it");
    for (const std::string& file : files) {
      if ((out.count + 1) * elements > 4 * kMaxDataBytes)
        return fail(ErrorCode::out_of_memory,
                    format("the pictures of {} need more than {} bytes", path, 4 * kMaxDataBytes),
                    "use smaller pictures (model.input) or fewer");
      THIMBLE_ASSIGN(Picture picture, read_picture((fs::path(path) / file).string()));
      if (handwriting) {
        const std::vector<uint8_t> digit = prepare_handwriting(picture);
        out.bytes.insert(out.bytes.end(), digit.begin(), digit.end());
      } else {
        picture = resize_antialias(with_channels(picture, shape[2]), shape[0], shape[1]);
        out.bytes.insert(out.bytes.end(), picture.pixels.begin(), picture.pixels.end());
      }
      out.labels.push_back(static_cast<int32_t>(at - out.label_names.begin()));
      out.sample_names.push_back(file);
      ++out.count;
    }
  }
  THIMBLE_TRY(out.check());
  return out;
}

FolderParts find_parts(const std::string& path) {
  const auto part = [&](const char* name) {
    std::error_code ignored;
    const fs::path p = fs::path(path) / name;
    return fs::is_directory(p, ignored) ? p.string() : std::string();
  };
  FolderParts out{part("train"), part("validation"), part("test")};
  if (out.validation.empty()) out.validation = part("val");
  if (out.train.empty() || out.test.empty()) return {};
  return out;
}

}  // namespace thimble
