#include "data/folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "base/utf8.h"
#include "data/files.h"
#include "data/fit_picture.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 16;

// ".heic", in lower case; "without an ending" when there is none.
std::string ending_of(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == name.size()) return "without an ending";
  std::string ending = valid_utf8(name.substr(dot, 12));
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending;
}

// What file managers leave in every folder.
bool is_housekeeping(const std::string& name) { return name == "Thumbs.db" || name == "desktop.ini"; }

class Walk {
 public:
  // Class → names of its pictures below `root`, sorted; without a subfolder that has any, by first character.
  Status run(const fs::path& root) {
    remember(root);
    THIMBLE_ASSIGN(const Entries top, list(root));
    for (const std::string& folder : top.folders) {
      std::vector<std::string> files;
      THIMBLE_TRY(collect(root / folder, folder, 1, &files));
      if (files.empty()) {
        empty_.push_back(folder);
        continue;
      }
      std::sort(files.begin(), files.end());
      classes[folder] = std::move(files);
    }
    if (!classes.empty()) {
      beside_ = static_cast<int64_t>(top.pictures.size());
      return {};
    }
    flat = true;
    for (const std::string& name : top.pictures) classes[first_letter(name)].push_back(name);
    return {};
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> out;
    int64_t total = 0;
    std::vector<std::pair<std::string, int64_t>> kinds(passed_.begin(), passed_.end());
    std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string list;
    for (const auto& [ending, n] : kinds) {
      total += n;
      list += format("{}{} {}", list.empty() ? "" : ", ", n, ending);
    }
    if (total > 0) out.push_back(format("passed over {} file{}: {}", total, total == 1 ? "" : "s", list));
    if (beside_ > 0)
      out.push_back(format("passed over {} picture{} beside the class folders", beside_, beside_ == 1 ? "" : "s"));
    if (!empty_.empty()) {
      std::string names;
      for (size_t i = 0; i < empty_.size() && i < 10; ++i)
        names += format("{}\"{}\"", i ? ", " : "", valid_utf8(empty_[i]));
      out.push_back(
          format("{} without a picture: {}{}",
                 empty_.size() == 1 ? std::string("a class folder") : format("{} class folders", empty_.size()), names,
                 empty_.size() > 10 ? " …" : ""));
    }
    if (deep_ > 0) out.push_back(format("passed over {} folders more than {} deep", deep_, kMaxDepth));
    return out;
  }
  bool passed_any() const { return !passed_.empty(); }

  std::map<std::string, std::vector<std::string>> classes;
  bool flat = false;

 private:
  struct Entries {
    std::vector<std::string> folders, pictures;  // names, sorted
  };

  Result<Entries> list(const fs::path& path) {
    Entries out;
    std::error_code error;
    fs::directory_iterator it(path, error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (name.empty() || name[0] == '.' || is_housekeeping(name)) continue;
      std::error_code ignored;
      if (it->is_directory(ignored))
        out.folders.push_back(name);
      else if (it->is_regular_file(ignored) && is_picture_name(name))
        out.pictures.push_back(name);
      else
        ++passed_[ending_of(name)];
    }
    if (error)
      return fail(ErrorCode::bad_file, format("cannot list the folder {}: {}", path.string(), error.message()));
    std::sort(out.folders.begin(), out.folders.end());
    std::sort(out.pictures.begin(), out.pictures.end());
    return out;
  }

  Status collect(const fs::path& path, const std::string& name, int depth, std::vector<std::string>* files) {
    if (depth > kMaxDepth) {
      ++deep_;
      return {};
    }
    if (!remember(path)) return {};  // seen before, by a link
    THIMBLE_ASSIGN(const Entries here, list(path));
    for (const std::string& picture : here.pictures) files->push_back(name + "/" + picture);
    for (const std::string& folder : here.folders)
      THIMBLE_TRY(collect(path / folder, name + "/" + folder, depth + 1, files));
    return {};
  }

  bool remember(const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    return error || seen_.insert(real.string()).second;
  }

  static std::string first_letter(const std::string& name) { return name.substr(0, decode_utf8(name, 0).bytes); }

  std::set<std::string> seen_;
  std::map<std::string, int64_t> passed_;
  std::vector<std::string> empty_;
  int64_t beside_ = 0, deep_ = 0;
};

// Pictures that could not be read: all of them in one error, or counted.
struct Bad {
  int64_t count = 0;
  std::string list;  // the first five, with reasons
  void add(const std::string& file, const Error& error) {
    if (++count <= 5) list += format("{}{}: {}", count > 1 ? "; " : "", valid_utf8(file), error.message);
  }
  std::string text() const { return list + (count > 5 ? format("; and {} more", count - 5) : ""); }
};

}  // namespace

Result<Samples> read_folder(const std::string& path, const FolderOptions& options, std::string set_name) {
  const std::vector<int64_t>& shape = options.shape;
  if (shape.size() != 3 || shape[0] < 1 || shape[1] < 1 || shape[0] > 4096 || shape[1] > 4096 ||
      (shape[2] != 1 && shape[2] != 3))
    return fail(ErrorCode::usage, "pictures need a shape of [height, width, 1 or 3], sides 1 … 4096",
                "set model.input");
  Walk walk;
  THIMBLE_TRY(walk.run(path));
  if (walk.classes.empty()) {
    std::string found;
    for (const std::string& note : walk.notes()) found += "; " + note;
    return fail(ErrorCode::bad_file,
                format("the folder {} holds no pictures (.png, .jpg, .jpeg, .bmp, .webp, .gif){}", path, found),
                "one subfolder per class, or files whose first character is the class");
  }
  Samples out;
  out.name = std::move(set_name);
  out.sample_shape = shape;
  out.notes = walk.notes();
  for (const auto& [name, files] : walk.classes) THIMBLE_TRY(check_utf8(name, "the class name"));
  if (walk.flat && options.labels.empty() && !options.unlabelled)
    out.notes.push_back(format("no subfolders with pictures: the first character of a file's name is its class ({} {})",
                               walk.classes.size(), walk.classes.size() == 1 ? "class" : "classes"));
  out.label_names = options.labels;
  if (options.labels.empty())
    for (const auto& [name, files] : walk.classes) out.label_names.push_back(name);
  const int64_t elements = out.sample_elements();
  bool labelled = true;
  Bad bad;
  for (const auto& [name, files] : walk.classes) {
    const auto at = std::find(out.label_names.begin(), out.label_names.end(), name);
    if (at == out.label_names.end()) {
      if (!options.unlabelled)
        return fail(ErrorCode::bad_file,
                    format("{}/{}: the class \"{}\" is not one of the expected classes", path, files[0], name),
                    "rename or remove it");
      labelled = false;
    }
    for (const std::string& file : files) {
      if ((out.count + 1) * elements > 4 * kMaxDataBytes)
        return fail(ErrorCode::out_of_memory,
                    format("the pictures of {} need more than {} bytes", path, 4 * kMaxDataBytes),
                    "use smaller pictures (model.input) or fewer");
      auto picture = read_picture((fs::path(path) / file).string());
      if (!picture) {
        bad.add(file, picture.error());
        continue;
      }
      if (bad.count > 0 && !options.skip_bad) continue;  // only the list of bad ones is wanted now
      const Picture fitted = fitted_picture(*picture, shape, options.handwriting);
      out.bytes.insert(out.bytes.end(), fitted.pixels.begin(), fitted.pixels.end());
      out.labels.push_back(static_cast<int32_t>(at - out.label_names.begin()));
      out.sample_names.push_back(valid_utf8(file));
      ++out.count;
    }
  }
  if (bad.count > 0) {
    int64_t all = 0;
    for (const auto& [name, files] : walk.classes) all += static_cast<int64_t>(files.size());
    if (!options.skip_bad || out.count == 0)
      return fail(ErrorCode::bad_file,
                  format("{} of {} pictures in {} cannot be read: {}", bad.count, all, path, bad.text()),
                  "repair or remove them, or pass over them: skip_bad = true in [data]");
    out.notes.push_back(format("passed over {} of {} pictures that cannot be read: {}", bad.count, all, bad.text()));
  }
  if (labelled) {
    out.classes = static_cast<int>(out.label_names.size());
  } else {
    out.labels.clear();
    out.label_names.clear();
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
