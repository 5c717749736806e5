// Any text as a table, with classes and with numbers as targets: refused, or samples whose sizes agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto table = thimble::parse_csv({reinterpret_cast<const char*>(data), size});
  if (!table) return 0;
  for (int kind = 0; kind < 3; ++kind) {
    thimble::CsvOptions options;
    if (kind > 0) options.classification = kind == 1;
    if (auto samples = thimble::table_samples(*table, options, "csv"); samples && !samples->check()) std::abort();
  }
  return 0;
}
