// The numbers that stand in for missing ones.
#include <cmath>

#include "data/csv.h"

namespace thimble {

void fill_missing(Samples* samples, const Dataset& train) {
  if (!samples->table || samples->table->missing != "mean") return;
  TableLayout layout = *samples->table;
  const auto width = static_cast<size_t>(samples->sample_elements());
  size_t at = 0;
  for (TableColumn& c : layout.columns) {
    if (c.values.empty()) {
      double sum = 0;
      int64_t n = 0;
      for (int64_t i = 0; i < train.size(); ++i)
        if (const float v = samples->floats[static_cast<size_t>(train.position(i)) * width + at]; !std::isnan(v))
          sum += v, ++n;
      const auto mean = static_cast<float>(n > 0 ? sum / static_cast<double>(n) : 0);
      for (size_t p = at; p < samples->floats.size(); p += width)
        if (std::isnan(samples->floats[p])) samples->floats[p] = mean;
      c.fill = mean;  // also of columns without gaps: later tables may have some there
    }
    at += c.width();
  }
  samples->table = std::make_shared<const TableLayout>(std::move(layout));
}

}  // namespace thimble
