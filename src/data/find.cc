#include "data/find.h"

#include <array>
#include <filesystem>
#include <system_error>

#include "base/environment.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// FOLDER/STEM-idxN-ubyte in any accepted spelling; empty when there is none.
std::string find_idx_file(const fs::path& folder, const char* stem, int rank) {
  std::error_code ignored;
  for (const char* joint : {"-", "."})
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = folder / format("{}{}idx{}-ubyte{}", stem, joint, rank, ending);
      if (fs::is_regular_file(path, ignored)) return path.string();
    }
  return {};
}

// Which of the four files FOLDER holds.
IdxFiles look_in(const fs::path& folder) {
  return {folder.string(), find_idx_file(folder, "train-images", 3), find_idx_file(folder, "train-labels", 1),
          find_idx_file(folder, "t10k-images", 3), find_idx_file(folder, "t10k-labels", 1)};
}

int held(const IdxFiles& f) {
  return !f.train_images.empty() + !f.train_labels.empty() + !f.test_images.empty() + !f.test_labels.empty();
}

tl::unexpected<Error> not_found(std::string_view name, const std::vector<std::string>& folders) {
  std::string places;
  for (const std::string& f : folders) places += (places.empty() ? "" : ", ") + f;
  const char* package = name == "fashion-mnist" ? "install it (apt-get install dataset-fashion-mnist), or " : "";
  return fail(ErrorCode::bad_file,
              format("data set {} was not found in {}", name, places.empty() ? "any folder (none exists)" : places),
              format("{}name the folder that holds it with --data-dir DIR or THIMBLE_DATA=DIR", package));
}

}  // namespace

std::vector<std::string> data_folders(const std::string& data_dir) {
  std::vector<std::string> folders;
  const auto add = [&](const fs::path& path) {
    if (path.empty() || !is_folder(path)) return;
    for (const std::string& known : folders)
      if (known == path.string()) return;
    folders.push_back(path.string());
  };
  add(data_dir);
  if (const auto variable = environment(Knob::data)) add(*variable);
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) {
    // build/release/thimble and build/release/src/data/data_test both lie below the repository.
    fs::path up = program.parent_path();
    for (int level = 0; level < 5 && up.has_relative_path(); ++level, up = up.parent_path())
      if (is_folder(up / "datasets") && (level > 0)) add(up / "datasets");
    add(program.parent_path().parent_path() / "share/thimble/datasets");
  }
  add("datasets");
#ifdef THIMBLE_DATASETS_DIR
  add(THIMBLE_DATASETS_DIR);
#endif
  add("/usr/share/datasets");
  return folders;
}

Result<IdxFiles> find_idx_set(std::string_view name, const std::string& data_dir) {
  const std::vector<std::string> folders = data_folders(data_dir);
  const auto variable = environment(Knob::data);
  for (const std::string& folder : folders) {
    std::vector<fs::path> places = {fs::path(folder) / name};
    // A folder that the user named may hold the files themselves.
    if (folder == data_dir || (variable && folder == *variable)) places.emplace_back(folder);
    for (const fs::path& place : places) {
      IdxFiles files = look_in(place);
      if (held(files) == 4) return files;
      if (held(files) > 0) {
        const char* missing = files.train_images.empty()   ? "train-images-idx3-ubyte"
                              : files.train_labels.empty() ? "train-labels-idx1-ubyte"
                              : files.test_images.empty()  ? "t10k-images-idx3-ubyte"
                                                           : "t10k-labels-idx1-ubyte";
        return fail(ErrorCode::bad_file,
                    format("data set {}: {} holds only {} of the four IDX files; {} (or .gz) is missing", name,
                           place.string(), held(files), missing),
                    "copy the missing file there");
      }
    }
  }
  return not_found(name, folders);
}

Result<std::string> find_folder_set(std::string_view name, const std::string& data_dir) {
  const std::vector<std::string> folders = data_folders(data_dir);
  for (const std::string& folder : folders)
    if (is_folder(fs::path(folder) / name)) return (fs::path(folder) / name).string();
  return not_found(name, folders);
}

}  // namespace thimble
