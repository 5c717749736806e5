// Tables: RFC 4180 (commas, "quoted fields" with "" inside), also with ; or tab, with a header line or without one,
// with a decimal point or comma. Columns of numbers become one input each, columns of texts one input per value; the
// target is a class or a number. Numbers with currency signs or thousands separators are never guessed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/table_layout.h"

namespace thimble {

struct CsvFormat {
  std::string decimal;         // "." or ","; empty: "," where ; or tab separate and numbers are written so
  std::optional<bool> header;  // whether line 1 names the columns; empty: detected
  // Of a model that reads the table, not owned: its columns' names in line 1 make it a header, values of them do not;
  // numbers have a decimal comma where its training table was said to have one and no number here has a point.
  const TableLayout* layout = nullptr;
};

struct CsvTable {
  std::vector<std::string> columns;            // "c1", "c2" … without a header line
  std::vector<std::vector<std::string>> rows;  // each as wide as `columns`
  std::vector<int64_t> lines;                  // line of the file on which each row begins, from 1
  char decimal = '.';
  bool header = true;
  std::vector<std::string> notes;  // what was detected or left out
};
// Errors: bad_file with line and column (another number of fields, an open quote, no row, not UTF-8).
Result<CsvTable> parse_csv(std::string_view text, const CsvFormat& format = {});
// The same of a file, which errors name.
Result<CsvTable> read_csv_table(const std::string& path, const CsvFormat& format = {});

// What stands in a column. Missing: an empty field, NA, N/A, NaN, null, ? (letter case is free).
struct ColumnSummary {
  std::string name;
  int64_t count = 0, missing = 0;                     // count: fields with a value
  int64_t numbers = 0, whole = 0;                     // of count: finite numbers, and whole ones of them ("3", "3.0")
  int64_t distinct = 0;                               // texts or numbers; counting stops at kMaxDistinct + 1
  double low = 0, high = 0, mean = 0, deviation = 0;  // of the numbers
  std::vector<std::pair<std::string, int64_t>> frequent;  // values and how often, most frequent first; empty when
                                                          // there are more than kMaxDistinct
  static constexpr int64_t kMaxDistinct = 1000;
  bool is_text() const { return 2 * numbers < count; }
};
ColumnSummary summarize_column(const CsvTable& table, size_t column);

// Classes for texts and for whole numbers of at most 20 values, else a regression.
Task guessed_task(const ColumnSummary& target);

struct CsvOptions {
  CsvFormat format;
  std::vector<std::string> inputs;            // empty: all columns but the target
  std::vector<std::string> categories;        // columns taken as texts whatever they hold (post codes)
  std::string target;                         // empty: the last column
  std::optional<Task> task;                   // empty: guessed_task, with a note
  std::string missing;                        // TableLayout::missing
  std::vector<std::string> labels;            // classes in this order; empty: those found, sorted (numbers by value)
  std::shared_ptr<const TableLayout> layout;  // of a model: columns are found by name, the target may be absent
  bool unlabelled = false;                    // a table without targets will do
  int64_t width = 0;  // unlabelled and without a layout: a table of so many columns is all inputs
};
// Sample shape {inputs}, floats; `table` is the layout. Missing numbers are NaN after missing = "mean" without a layout
// (fill_missing puts the means there). Errors: bad_file with line and column for a field that is not a finite number,
// values that are missing against the rule, too many texts, a class that is not among `labels`; usage for an unknown
// column (with the names there are).
Result<Samples> table_samples(const CsvTable& table, const CsvOptions& options, std::string set_name);
Result<Samples> read_csv(const std::string& path, const CsvOptions& options, std::string set_name);

// Puts the means over the samples of `train`, a view of *samples, where numbers are missing, and into the layout.
void fill_missing(Samples* samples, const Dataset& train);

}  // namespace thimble
