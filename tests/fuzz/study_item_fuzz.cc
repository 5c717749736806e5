// Any bytes as a finished piece of a study, as they stand and with a checksum that fits, and as the answer of another
// process with such a piece in it: refused, or a piece that is packed and read again, whose files lie inside the
// study's folder, and of which the reports can be made.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/hash.h"
#include "report/page/report_html.h"
#include "report/report_json.h"
#include "report/study_item.h"
#include "study/ranks.h"

namespace {

void check(std::span<const uint8_t> bytes) {
  const auto item = thimble::unpack_item(bytes);
  if (!item) {
    if (item.error().code != thimble::ErrorCode::bad_file) std::abort();
    return;
  }
  if (!thimble::unpack_item(thimble::pack_item(*item))) std::abort();
  for (const thimble::VariantResult& v : item->variants)
    if (v.file.starts_with("/") || v.file.starts_with("../") || v.file.find("/../") != std::string::npos) std::abort();
  thimble::StudyResult study;
  study.model = item->model;
  study.training.per_seed = {item->training};
  study.variants = item->variants;
  study.notes = item->notes;
  study.warnings = item->warnings;
  (void)thimble::report_json(study);
  (void)thimble::report_html(study);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check({data, size});
  if (const auto answer = thimble::unpack_answer({data, size})) {
    if (!answer->child && std::strlen(thimble::name(answer->child.error().code)) == 0) std::abort();
    check(answer->item);
  }
  if (size < 8) return 0;
  std::vector<uint8_t> sealed(data, data + size);
  const uint64_t sum = thimble::checksum64(std::span<const uint8_t>(sealed).first(size - 8));
  std::memcpy(sealed.data() + size - 8, &sum, 8);
  check(sealed);
  return 0;
}
