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
  double origin = 0, sum = 0, squares = 0;  // about the first number, so that a column far from 0 keeps its deviation
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
      if (out.numbers == 0) origin = out.low = out.high = value;
      ++out.numbers;
      out.whole += value == std::floor(value);
      out.low = std::min(out.low, value);
      out.high = std::max(out.high, value);
      sum += value - origin;
      squares += (value - origin) * (value - origin);
    }
    if (static_cast<int64_t>(values.size()) <= ColumnSummary::kMaxDistinct)
      ++values[csv::class_name(field, number, value)];
  }
  if (out.numbers > 0) {
    const auto n = static_cast<double>(out.numbers);
    out.mean = origin + sum / n;
    out.deviation = std::sqrt(std::max(0.0, squares / n - (sum / n) * (sum / n)));
  }
  out.distinct = static_cast<int64_t>(values.size());
  if (out.distinct <= ColumnSummary::kMaxDistinct) {
    out.frequent.assign(values.begin(), values.end());
    std::sort(out.frequent.begin(), out.frequent.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
  }
  return out;
}

std::string precision_note(const ColumnSummary& s, bool target) {
  const auto largest = static_cast<float>(std::max(std::abs(s.low), std::abs(s.high)));
  const float step = std::nextafter(largest, INFINITY) - largest;
  if (s.numbers < 2 || !(s.deviation > 0) || !(step > 0.1 * s.deviation)) return "";
  return format(
      "column \"{}\" varies by {:.3g} about {:.6g}, where float32 knows numbers {:.3g} apart: {}; take a constant off "
      "all of it",
      csv::shown(s.name), s.deviation, s.mean, step,
      target ? "errors of the answers are not what they look like" : "much of what it says is lost");
}

Task guessed_task(const ColumnSummary& target) {
  const bool texts = target.numbers < target.count;
  const bool few = target.whole == target.count && target.distinct <= 20;
  return texts || few ? Task::classification : Task::regression;
}

}  // namespace thimble
