#include "study/folder.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include <unistd.h>

#include "base/file.h"
#include "data/sha256.h"
#include "study/recipe_variants.h"

namespace thimble {
namespace {

constexpr const char* kRecord = "study.txt";
constexpr const char* kReports[] = {"report.html", "results.json", "results.csv", "results.md", "curves.csv"};

// What OUT/study.txt says.
struct Record {
  std::string name, recipe, text;  // recipe: absolute path; text: SHA-256
  std::vector<std::string> models;
};

// The rest of each line that begins with `word`.
std::vector<std::string> lines_of(const std::string& text, const std::string& word) {
  std::vector<std::string> found;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line.starts_with(word + " ")) found.push_back(line.substr(word.size() + 1));
    at = end + 1;
  }
  return found;
}

std::string first_of(const std::vector<std::string>& lines) { return lines.empty() ? std::string() : lines.front(); }

// Every "KEY":"…" of a results.json, whose writer is ours: values of these keys need no escapes.
std::vector<std::string> values_of(const std::string& json, const std::string& key) {
  std::vector<std::string> found;
  const std::string quoted = "\"" + key + "\":\"";
  for (size_t at = 0; (at = json.find(quoted, at)) != std::string::npos;) {
    at += quoted.size();
    const size_t end = std::min(json.find('"', at), json.size());
    found.push_back(json.substr(at, end - at));
    at = end;
  }
  return found;
}

// A model's path that a study can have written: below models/, no step upwards.
bool is_model_path(const std::string& path) {
  return path.starts_with("models/") && path.find("..") == std::string::npos;
}

// Nothing where the folder holds no study.
std::optional<Record> record_in(const std::string& folder) {
  Record record;
  if (auto text = read_text_file(join_path(folder, kRecord)); text && text->starts_with("Thimble study\n")) {
    record = {first_of(lines_of(*text, "name")), first_of(lines_of(*text, "recipe")),
              first_of(lines_of(*text, "sha256")), lines_of(*text, "model")};
  } else if (auto json = read_text_file(join_path(folder, "results.json"));
             json && json->find("\"schema\":\"thimble.study/1\"") != std::string::npos) {
    record = {first_of(values_of(*json, "name")), "", first_of(values_of(*json, "recipe_sha256")),
              values_of(*json, "file")};
  } else {
    return std::nullopt;
  }
  std::erase_if(record.models, [](const std::string& path) { return !is_model_path(path); });
  return record;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::weakly_canonical(path, error);
  return error ? path : whole.string();
}

Record record_of(const Recipe& recipe, const StudyOptions& options) {
  return {recipe.name, absolute(options.recipe_file), sha256_hex(recipe.text), {}};
}

bool same_study(const Record& a, const Record& b) {
  return a.text == b.text || (!a.recipe.empty() && a.recipe == b.recipe);
}

std::vector<std::string> models_of(const Recipe& recipe, const std::vector<ItemPlan>& plans) {
  std::vector<std::string> models;
  const std::vector<VariantSpec> swept = chosen_variants(recipe.variants, recipe.sweep_variants);
  for (const ItemPlan& plan : plans)
    for (const VariantSpec& v : plan.point ? swept : recipe.variants)
      models.push_back(plan.first ? format("models/{}", v.file_name())
                                  : format("models/{}/{}", plan.id, v.file_name()));
  return models;
}

// Everything that the study of this record wrote and that is still there.
std::vector<std::string> files_of(const std::string& folder, const Record& record) {
  std::vector<std::string> files = record.models;
  files.insert(files.end(), std::begin(kReports), std::end(kReports));
  files.emplace_back(kRecord);
  const auto list = [&](const std::string& below, const auto& ours) {
    if (const auto names = list_directory(join_path(folder, below)))
      for (const std::string& name : *names)
        if (ours(name)) files.push_back(join_path(below, name));
  };
  list("items", [](const std::string& name) { return name.ends_with(".item"); });
  list("checkpoints", [](const std::string& name) { return name.find(".ckpt") != std::string::npos; });
  // Searches keep their trials in folders of their own, VARIANT.seedN.search.
  std::error_code error;
  const std::filesystem::path checkpoints = std::filesystem::path(folder) / "checkpoints";
  for (auto it = std::filesystem::recursive_directory_iterator(checkpoints, error);
       !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error))
    if (it->is_regular_file(error) && it->path().string().find(".search/") != std::string::npos)
      files.push_back(it->path().lexically_relative(folder).string());
  return files;
}

std::string text_of(const Record& record) {
  std::string text = format(
      "Thimble study\nname {}\nrecipe {}\nsha256 {}\n\nWhich study this folder holds, and the models that it writes; "
      "the "
      "program reads it before it writes here again.\n\n",
      record.name, record.recipe, record.text);
  for (const std::string& path : record.models) text += format("model {}\n", path);
  return text;
}

}  // namespace

void remove_files(const std::string& folder, const std::vector<std::string>& files) {
  std::set<std::string> folders;
  for (const std::string& file : files) {
    std::remove(join_path(folder, file).c_str());
    for (std::string below = directory_of(file); below != "."; below = directory_of(below)) folders.insert(below);
  }
  for (auto it = folders.rbegin(); it != folders.rend(); ++it)
    ::rmdir(join_path(folder, *it).c_str());  // deepest first
}

Status check_folder(const Recipe& recipe, const StudyOptions& options) {
  if (file_exists(options.out))
    return fail(ErrorCode::usage, format("--out '{}' is a file, not a folder", options.out), "name a folder");
  const auto theirs = record_in(options.out);
  if (!theirs || options.force || same_study(*theirs, record_of(recipe, options))) return {};
  return fail(ErrorCode::usage,
              format("'{}' holds another study, \"{}\"{}", options.out, theirs->name,
                     theirs->recipe.empty() ? "" : " of " + theirs->recipe),
              "name another folder with --out, or say --force: its report, models and checkpoints are then removed");
}

Status take_folder(const Recipe& recipe, const std::vector<ItemPlan>& plans, const StudyOptions& options,
                   std::vector<std::string>* stale) {
  THIMBLE_TRY(check_folder(recipe, options));
  Record mine = record_of(recipe, options);
  mine.models = models_of(recipe, plans);
  if (const auto theirs = record_in(options.out)) {
    if (!same_study(*theirs, mine)) {
      remove_files(options.out, files_of(options.out, *theirs));
    } else {
      const std::set<std::string> written(mine.models.begin(), mine.models.end());
      for (const std::string& path : theirs->models)
        if (!written.contains(path)) stale->push_back(path);
    }
  }
  THIMBLE_TRY(make_directories(options.out + "/models"));
  THIMBLE_TRY(make_directories(options.out + "/checkpoints"));
  return write_file_atomic(join_path(options.out, kRecord), text_of(mine));
}

}  // namespace thimble
