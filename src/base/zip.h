// Zip archives of a few files, written: stored, not packed, with the date that archives begin with, so that the same
// files give the same bytes. Source: PKWARE's APPNOTE, 4.3.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace thimble {

struct ZipMember {
  std::string name;
  std::vector<uint8_t> bytes;
};

// Errors: unsupported for 4 GB and more in one archive, or more than 65,535 files.
Result<std::vector<uint8_t>> zip_archive(const std::vector<ZipMember>& members);

}  // namespace thimble
