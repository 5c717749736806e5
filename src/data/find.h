// Where data sets lie: DIR (--data-dir), $THIMBLE_DATA, the repository's datasets/ (seen from the program or the
// current folder), the folder compiled in with THIMBLE_DATASETS_DIR, and Debian's /usr/share/datasets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble {

// The folders to search, in order; those that do not exist are left out.
std::vector<std::string> data_folders(const std::string& data_dir);

struct IdxFiles {
  std::string folder;
  std::string train_images, train_labels, test_images, test_labels;
};
// The four files of an IDX set: in FOLDER/NAME/ or in FOLDER itself (only when `data_dir` names it: the files of MNIST
// and Fashion-MNIST have the same names), spelt train-images-idx3-ubyte or train-images.idx3-ubyte, plain or .gz.
// Errors: bad_file listing the places searched.
Result<IdxFiles> find_idx_set(std::string_view name, const std::string& data_dir);
// FOLDER/NAME for a set that is a folder of pictures. Errors: as above.
Result<std::string> find_folder_set(std::string_view name, const std::string& data_dir);

}  // namespace thimble
