// Any text as a table, with classes and with numbers as targets, with each rule for missing values, and read again by
// the layout that came of it: refused, or samples whose sizes agree.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "data/csv.h"

namespace {

void check(const thimble::Samples& samples) {
  if (!samples.check() || !samples.table) std::abort();
  if (static_cast<int64_t>(samples.table->width()) != samples.sample_elements()) std::abort();
  if (static_cast<int64_t>(samples.column_names.size()) != samples.sample_elements()) std::abort();
  const auto back = thimble::TableLayout::from_json(samples.table->to_json());
  if (!back || back->columns.size() != samples.table->columns.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto table = thimble::parse_csv({reinterpret_cast<const char*>(data), size});
  if (!table) return 0;
  for (size_t c = 0; c < table->columns.size() && c < 8; ++c) (void)thimble::summarize_column(*table, c);
  for (int kind = 0; kind < 3; ++kind)
    for (const char* missing : {"", "drop", "mean", "-1.5"}) {
      thimble::CsvOptions options;
      options.missing = missing;
      if (kind > 0) options.task = kind == 1 ? thimble::Task::classification : thimble::Task::regression;
      options.unlabelled = true;
      options.width = static_cast<int64_t>(table->columns.size()) - kind;
      if (auto bare = thimble::table_samples(*table, options, "csv")) check(*bare);
      options.unlabelled = false;
      auto samples = thimble::table_samples(*table, options, "csv");
      if (!samples) continue;
      check(*samples);
      thimble::fill_missing(&*samples, thimble::Dataset(std::make_shared<const thimble::Samples>(*samples)));
      for (float v : samples->floats)
        if (!std::isfinite(v)) std::abort();
      thimble::CsvOptions again;
      again.layout = samples->table;
      auto twice = thimble::table_samples(*table, again, "csv");
      if (!twice || twice->floats != samples->floats) std::abort();
    }
  return 0;
}
