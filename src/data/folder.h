// A folder of a user's own pictures or sounds as a data set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace thimble {

struct FolderOptions {
  std::vector<int64_t> shape;  // {height, width, 1 or 3}, to which each picture is resized (resize_antialias)
  SoundFeatures features = SoundFeatures::none;  // sounds (.wav) in place of pictures; shape is then that of
                                                 // sound_shape
  bool handwriting = false;                      // each is brought to MNIST's convention before (handwriting.h)
  bool skip_bad = false;                         // files that cannot be read are passed over and counted
  bool unlabelled = false;                       // classes need not be among `labels`: the samples then have none
  std::vector<std::string> labels;               // classes in this order (a network's own); empty: those found
};

// Classes are the subfolders with pictures in them, at any depth (16 at most; a link is followed once), or, when there
// are none, the first characters of the file names (7_03.png is a 7); names are sorted, also inside a class, so that
// the set does not depend on the file system. What is passed over (other endings, empty folders, pictures beside the
// class folders) is counted and named in `notes`. The same for sounds. Errors: bad_file naming files or folder (all
// files that cannot be read in one error; a class that is not among `labels`; a class name that is not UTF-8; pictures
// and sounds in one folder); usage for an impossible shape, for sounds without `features` and the other way round.
Result<Samples> read_folder(const std::string& path, const FolderOptions& options, std::string set_name);

// FOLDER has subfolders train/ and test/, and perhaps validation/, that hold the classes. Usual names are all known
// (training, testing, val, valid, dev), in any letter case. Where train/ and val/ hold folders and there is no test/,
// val/ is the test part. `notes` says so, and which other folders are passed over.
struct FolderParts {
  std::string train, validation, test;  // empty: not there
  std::vector<std::string> notes;
};
FolderParts find_parts(const std::string& path);

}  // namespace thimble
