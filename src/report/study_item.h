// One piece of a study, finished: a training with all variants that were made of it. A study is a list of them (one per
// repeat, one per point of a sweep); each is written to disk when it is done, so that none is ever done twice and any
// process may do it.
#pragma once

#include <span>

#include "base/result.h"
#include "report/study_result.h"

namespace thimble {

struct StudyItem {
  std::string id;           // "seed_1", "sweep_3"
  std::string fingerprint;  // of everything that decides its content
  std::string diverged;     // why there are no variants; else empty
  SeedTraining training;
  ModelSummary model;
  int64_t peak_rss_bytes = 0;
  std::vector<VariantResult> variants;  // latencies not measured yet
  std::vector<std::string> notes, warnings;
};

// As bytes with a checksum, and back. Errors of unpack: bad_file.
std::vector<uint8_t> pack_item(const StudyItem& item);
Result<StudyItem> unpack_item(std::span<const uint8_t> bytes);

}  // namespace thimble
