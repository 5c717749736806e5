#include "data/folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "base/utf8.h"
#include "data/files.h"
#include "data/fit_picture.h"
#include "data/fit_sound.h"
#include "data/wav.h"

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
  // Class → names of its pictures and sounds below `root`, sorted; without a subfolder that has any, by first
  // character.
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
      beside_ = static_cast<int64_t>(top.samples.size());
      return {};
    }
    flat = true;
    for (const std::string& name : top.samples) classes[first_letter(name)].push_back(name);
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
      out.push_back(format("passed over {} {}{} beside the class folders", beside_, kind(), beside_ == 1 ? "" : "s"));
    if (!empty_.empty()) {
      std::string names;
      for (size_t i = 0; i < empty_.size() && i < 10; ++i)
        names += format("{}\"{}\"", i ? ", " : "", valid_utf8(empty_[i]));
      out.push_back(
          format("{} without a {}: {}{}",
                 empty_.size() == 1 ? std::string("a class folder") : format("{} class folders", empty_.size()), kind(),
                 names, empty_.size() > 10 ? " …" : ""));
    }
    if (deep_ > 0) out.push_back(format("passed over {} folders more than {} deep", deep_, kMaxDepth));
    return out;
  }
  // How many of the files in classes are sounds; the others are pictures.
  int64_t sounds() const {
    int64_t n = 0;
    for (const auto& [name, files] : classes) n += std::ranges::count_if(files, is_sound_name);
    return n;
  }
  int64_t files() const {
    int64_t n = 0;
    for (const auto& [name, files] : classes) n += static_cast<int64_t>(files.size());
    return n;
  }
  const char* kind() const { return sounds() > 0 ? "sound" : "picture"; }

  std::map<std::string, std::vector<std::string>> classes;
  bool flat = false;

 private:
  struct Entries {
    std::vector<std::string> folders, samples;  // names, sorted
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
      else if (it->is_regular_file(ignored) && (is_picture_name(name) || is_sound_name(name)))
        out.samples.push_back(name);
      else
        ++passed_[ending_of(name)];
    }
    if (error)
      return fail(ErrorCode::bad_file, format("cannot list the folder {}: {}", path.string(), error.message()));
    std::sort(out.folders.begin(), out.folders.end());
    std::sort(out.samples.begin(), out.samples.end());
    return out;
  }

  Status collect(const fs::path& path, const std::string& name, int depth, std::vector<std::string>* files) {
    if (depth > kMaxDepth) {
      ++deep_;
      return {};
    }
    if (!remember(path)) return {};  // seen before, by a link
    THIMBLE_ASSIGN(const Entries here, list(path));
    for (const std::string& sample : here.samples) files->push_back(name + "/" + sample);
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

// Files that could not be read: all of them in one error, or counted.
struct Bad {
  int64_t count = 0;
  std::string list;  // the first five, with reasons
  void add(const std::string& file, const Error& error) {
    if (++count <= 5) list += format("{}{}: {}", count > 1 ? "; " : "", valid_utf8(file), error.message);
  }
  std::string text() const { return list + (count > 5 ? format("; and {} more", count - 5) : ""); }
};

Status check_shape(const FolderOptions& options) {
  const std::vector<int64_t>& shape = options.shape;
  if (options.features != SoundFeatures::none) return {};  // sound_shape made it
  if (shape.size() != 3 || shape[0] < 1 || shape[1] < 1 || shape[0] > 4096 || shape[1] > 4096 ||
      (shape[2] != 1 && shape[2] != 3))
    return fail(ErrorCode::usage, "pictures need a shape of [height, width, 1 or 3], sides 1 … 4096",
                "set model.input");
  return {};
}

Status add_picture(const std::string& place, const FolderOptions& options, Samples* out) {
  THIMBLE_ASSIGN(const Picture picture, read_picture(place));
  const Picture fitted = fitted_picture(picture, options.shape, options.handwriting);
  out->bytes.insert(out->bytes.end(), fitted.pixels.begin(), fitted.pixels.end());
  return {};
}

// Pictures where sounds are to come, and the like.
Status check_kind(const Walk& walk, const FolderOptions& options, const std::string& path) {
  const int64_t all = walk.files(), sounds = walk.sounds();
  if (sounds > 0 && sounds < all)
    return fail(ErrorCode::bad_file,
                format("the folder {} holds both sounds ({}) and pictures ({})", path, sounds, all - sounds),
                "keep each kind in a folder of its own");
  if (sounds > 0 && options.features == SoundFeatures::none)
    return fail(ErrorCode::usage, format("the folder {} holds sounds, and nothing says how they become inputs", path),
                "a recipe says features = \"mfcc_tiny\" or \"micro_speech\" in [data]; with a model that does not say "
                "it: --features WORD");
  if (sounds == 0 && options.features != SoundFeatures::none)
    return fail(ErrorCode::usage,
                format("the folder {} holds pictures, and {} is made of sounds (.wav)", path, name(options.features)),
                "give a folder of sounds, or leave features out");
  return {};
}

}  // namespace

Result<Samples> read_folder(const std::string& path, const FolderOptions& options, std::string set_name) {
  THIMBLE_TRY(check_shape(options));
  Walk walk;
  THIMBLE_TRY(walk.run(path));
  if (walk.classes.empty()) {
    std::string found;
    for (const std::string& note : walk.notes()) found += "; " + note;
    return fail(ErrorCode::bad_file,
                format("the folder {} holds no pictures (.png, .jpg, .jpeg, .bmp, .webp, .gif) and no sounds (.wav){}",
                       path, found),
                "one subfolder per class, or files whose first character is the class");
  }
  THIMBLE_TRY(check_kind(walk, options, path));
  const std::string kind = walk.kind();
  Samples out;
  out.name = std::move(set_name);
  out.sample_shape = options.shape;
  std::optional<SoundReader> sounds;
  if (options.features != SoundFeatures::none) {
    sounds.emplace(options.features, options.shape);
    out.features = options.features;
    out.storage = sounds->storage();
  }
  out.notes = walk.notes();
  for (const auto& [name, files] : walk.classes) THIMBLE_TRY(check_utf8(name, "the class name"));
  if (walk.flat && options.labels.empty() && !options.unlabelled)
    out.notes.push_back(format("no subfolders with {}s: the first character of a file's name is its class ({} {})",
                               kind, walk.classes.size(), walk.classes.size() == 1 ? "class" : "classes"));
  out.label_names = options.labels;
  if (options.labels.empty())
    for (const auto& [name, files] : walk.classes) out.label_names.push_back(name);
  const int64_t elements = out.sample_elements(), width = out.storage == Storage::floats ? 4 : 1;
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
      if ((out.count + 1) * elements * width > 4 * kMaxDataBytes)
        return fail(ErrorCode::out_of_memory,
                    format("the {}s of {} need more than {} bytes", kind, path, 4 * kMaxDataBytes),
                    format("use smaller {}s (model.input) or fewer", kind));
      const std::string place = (fs::path(path) / file).string();
      if (bad.count > 0 && !options.skip_bad) {  // only the list of bad ones is wanted now
        out.bytes.clear();
        out.floats.clear();
      }
      if (Status read = sounds ? sounds->add(place, &out) : add_picture(place, options, &out); !read) {
        bad.add(file, read.error());
        continue;
      }
      out.labels.push_back(static_cast<int32_t>(at - out.label_names.begin()));
      out.sample_names.push_back(valid_utf8(file));
      ++out.count;
    }
  }
  if (sounds)
    for (std::string& note : sounds->notes()) out.notes.push_back(std::move(note));
  if (bad.count > 0) {
    const int64_t all = walk.files();
    if (!options.skip_bad || out.count == 0)
      return fail(ErrorCode::bad_file,
                  format("{} of {} {}s in {} cannot be read: {}", bad.count, all, kind, path, bad.text()),
                  "repair or remove them, or pass over them: skip_bad = true in [data]");
    out.notes.push_back(format("passed over {} of {} {}s that cannot be read: {}", bad.count, all, kind, bad.text()));
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
  std::map<std::string, std::string> folders;  // in lower case → as it is called
  std::error_code error;
  fs::directory_iterator it(path, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    const std::string name = it->path().filename().string();
    if (name.empty() || name[0] == '.' || !it->is_directory(ignored)) continue;
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    folders.emplace(std::move(lower), name);
  }
  FolderParts out;
  const auto take = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (const auto found = folders.find(name); found != folders.end()) {
        const std::string taken = found->second;
        folders.erase(found);
        return (fs::path(path) / taken).string();
      }
    return std::string();
  };
  out.train = take({"train", "training"});
  out.validation = take({"validation", "val", "valid", "dev"});
  out.test = take({"test", "testing"});
  const auto holds_folders = [](const std::string& part) {
    std::error_code failed, ignored;
    for (fs::directory_iterator in(part, failed); !failed && in != fs::directory_iterator(); in.increment(failed))
      if (in->is_directory(ignored)) return true;
    return false;
  };
  if (!out.train.empty() && out.test.empty() && !out.validation.empty() && holds_folders(out.train) &&
      holds_folders(out.validation)) {
    out.test = std::move(out.validation);
    out.validation.clear();
    out.notes.push_back(format("there is no folder \"test\": {} is the test part", valid_utf8(out.test)));
  }
  if (out.train.empty() || out.test.empty()) return {};
  std::string beside;
  for (const auto& [lower, name] : folders) beside += format("{}\"{}\"", beside.empty() ? "" : ", ", valid_utf8(name));
  if (!beside.empty()) out.notes.push_back(format("passed over what lies beside the parts: {}", beside));
  return out;
}

}  // namespace thimble
