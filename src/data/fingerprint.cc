#include "data/fingerprint.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/hash.h"
#include "data/files.h"
#include "data/picture.h"
#include "data/sources.h"
#include "data/wav.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

std::string of_folder(const fs::path& folder) {
  std::vector<std::string> files;  // "cats/1.png 1234"
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    const std::string name = it->path().filename().string();
    if (!(is_picture_name(name) || is_sound_name(name)) || !it->is_regular_file(ignored)) continue;
    files.push_back(format("{} {}", it->path().lexically_relative(folder).generic_string(), it->file_size(ignored)));
  }
  if (error || files.empty()) return "";
  std::ranges::sort(files);
  uint64_t sum = 0;
  for (const std::string& file : files) sum = checksum64(file + "\n", sum);
  return hex(sum);
}

}  // namespace

std::string set_fingerprint(std::string_view set) {
  const size_t colon = set.find(':');
  if (colon == std::string_view::npos) return "";
  const std::string_view kind = set.substr(0, colon);
  const std::string rest = expanded_home(std::string(set.substr(colon + 1)));
  if (kind == "folder") return of_folder(rest);
  if (kind == "function") return hex(checksum64(set));
  if (kind != "csv" && kind != "npz") return "";
  const auto content = read_whole_file(rest);
  return content ? hex(checksum64(*content)) : "";
}

}  // namespace thimble
