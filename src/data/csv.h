// Tables with a header line (RFC 4180: commas, "quoted fields" with "" inside; also ; or tab when the header has those
// and no comma). Inputs are numbers; the target is a class or a number.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace thimble {

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as wide as `columns`
  std::vector<int64_t> lines;                  // line of the file on which each row begins, from 1
};
// Errors: bad_file with line and column (another number of fields, an open quote, no header, no row).
Result<CsvTable> parse_csv(std::string_view text);

struct CsvOptions {
  std::vector<std::string> inputs;     // empty: all columns but the target
  std::string target;                  // empty: the last column
  std::optional<bool> classification;  // empty: classes when every target is text or a whole number
};
// Sample shape {inputs}, floats. Classes are sorted (whole numbers by value, texts by bytes). Errors: bad_file with
// line and column for a field that is not a finite number; usage for an unknown column (with the names there are).
Result<Samples> table_samples(const CsvTable& table, const CsvOptions& options, std::string set_name);
Result<Samples> read_csv(const std::string& path, const CsvOptions& options, std::string set_name);

}  // namespace thimble
