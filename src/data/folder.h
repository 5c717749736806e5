// A folder of a user's own pictures as a data set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace thimble {

// Classes are the subfolders that hold pictures, or, when there are none, the first characters of the file names
// (7_03.png is a 7); names are sorted, also inside a class, so that the set does not depend on the file system.
// Pictures are PNG, JPEG and BMP; other files are passed over. shape {28, 28, 1}: handwriting.h brings each to MNIST's
// convention; any other {height, width, 1 or 3}: resized as Pillow does (resize_antialias). `labels`: classes in this
// order (a network's own); empty: those found. A class that is not among them is an error. Errors: bad_file naming the
// picture or folder; usage for an impossible shape.
Result<Samples> read_folder(const std::string& path, const std::vector<int64_t>& shape, std::string set_name,
                            const std::vector<std::string>& labels = {});

// FOLDER has subfolders train/ and test/ (and perhaps validation/ or val/) that hold the classes.
struct FolderParts {
  std::string train, validation, test;  // empty: not there
};
FolderParts find_parts(const std::string& path);

}  // namespace thimble
