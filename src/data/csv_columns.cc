// What stands in a column of a table.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "data/csv.h"
#include "data/csv_fields.h"

namespace thimble {

ColumnSummary summarize_column(const CsvTable& table, size_t column) {
  ColumnSummary out;
  out.name = table.columns[column];
  std::unordered_map<std::string, int64_t> values;
  csv::Moments moments;
  for (const auto& row : table.rows) {
    const std::string& field = row[column];
    if (csv::is_missing(field)) {
      ++out.missing;
      continue;
    }
    ++out.count;
    double value = 0;
    const bool number = csv::parse_number(field, table.decimal, &value);
    if (number) {
      moments.add(value);
      out.whole += value == std::floor(value);
    }
    if (static_cast<int64_t>(values.size()) <= ColumnSummary::kMaxDistinct)
      ++values[csv::class_name(field, number, value)];
  }
  out.numbers = moments.numbers;
  out.low = moments.low;
  out.high = moments.high;
  out.mean = moments.mean();
  out.deviation = moments.deviation();
  out.distinct = static_cast<int64_t>(values.size());
  if (out.distinct <= ColumnSummary::kMaxDistinct) {
    out.frequent.assign(values.begin(), values.end());
    std::sort(out.frequent.begin(), out.frequent.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
  }
  return out;
}

Task guessed_task(const ColumnSummary& target) {
  const bool texts = target.numbers < target.count;
  const bool few = target.whole == target.count && target.distinct <= 20;
  return texts || few ? Task::classification : Task::regression;
}

}  // namespace thimble
