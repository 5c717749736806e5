#include "data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "data/files.h"

namespace thimble {
namespace {

constexpr size_t kMaxColumns = 65536, kMaxClasses = 65536;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

bool parse_number(std::string_view text, double* out) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() && std::isfinite(*out);
}

bool parse_whole(std::string_view text, int64_t* out) {
  text = trimmed(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

char separator_of(std::string_view text) {
  const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
  for (char c : {',', ';', '\t'})
    if (header.find(c) != std::string_view::npos) return c;
  return ',';
}

// What a user sees of a field: short and printable.
std::string shown(std::string_view field) {
  std::string out(field.substr(0, 40));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 32) c = '?';
  return out + (field.size() > 40 ? "…" : "");
}

}  // namespace

Result<CsvTable> parse_csv(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);  // UTF-8 mark of spreadsheet programs
  const char separator = separator_of(text);
  CsvTable table;
  std::vector<std::string> row;
  int64_t line = 1;
  size_t at = 0;
  const auto bad = [&](int64_t where, size_t column, const char* what) {
    return fail(ErrorCode::bad_file, format("line {}, field {}: {}", where, column, what));
  };
  while (at < text.size()) {
    const int64_t first_line = line;
    row.clear();
    for (bool more = true; more;) {
      std::string field;
      if (at < text.size() && text[at] == '"') {
        const int64_t opened = line;
        for (++at;; ++at) {
          if (at >= text.size()) return bad(opened, row.size() + 1, "the quote that opens here is never closed");
          if (text[at] == '"') {
            if (at + 1 >= text.size() || text[at + 1] != '"') break;
            ++at;
          }
          line += text[at] == '\n';
          field += text[at];
        }
        ++at;
        if (at < text.size() && text[at] != separator && text[at] != '\n' && text[at] != '\r')
          return bad(line, row.size() + 1, "text follows the closing quote");
      } else {
        size_t end = at;
        while (end < text.size() && text[end] != separator && text[end] != '\n' && text[end] != '\r') ++end;
        field = std::string(text.substr(at, end - at));
        at = end;
      }
      if (row.size() >= kMaxColumns) return bad(line, row.size() + 1, "more than 65,536 columns");
      row.push_back(std::move(field));
      more = at < text.size() && text[at] == separator;
      if (more) ++at;
    }
    if (at < text.size() && text[at] == '\r') ++at;
    if (at < text.size() && text[at] == '\n') ++at;
    ++line;
    if (row.size() == 1 && trimmed(row[0]).empty()) continue;  // an empty line
    if (table.columns.empty()) {
      for (std::string& name : row) table.columns.emplace_back(trimmed(name));
      continue;
    }
    if (row.size() != table.columns.size())
      return fail(ErrorCode::bad_file,
                  format("line {} has {} fields, the header has {}", first_line, row.size(), table.columns.size()),
                  "give every line the same number of fields; quote fields that hold the separator");
    table.rows.push_back(row);
    table.lines.push_back(first_line);
  }
  if (table.columns.empty())
    return fail(ErrorCode::bad_file, "the file is empty", "a header line and at least one row are needed");
  if (table.rows.empty()) return fail(ErrorCode::bad_file, "there is a header line but no row");
  double number;
  if (std::all_of(table.columns.begin(), table.columns.end(),
                  [&](const auto& name) { return parse_number(name, &number); }))
    return fail(ErrorCode::bad_file, "line 1 holds numbers only: the header line with the column names is missing",
                "write the names of the columns into the first line");
  return table;
}

Result<Samples> table_samples(const CsvTable& table, const CsvOptions& options, std::string set_name) {
  const auto column_of = [&](const std::string& name) -> Result<size_t> {
    const auto it = std::find(table.columns.begin(), table.columns.end(), name);
    if (it != table.columns.end()) return static_cast<size_t>(it - table.columns.begin());
    std::string known;
    for (size_t i = 0; i < std::min<size_t>(table.columns.size(), 20); ++i)
      known += format("{}{}", i ? ", " : "", shown(table.columns[i]));
    return fail(ErrorCode::usage, format("{} has no column \"{}\"", set_name, name), format("columns: {}", known));
  };
  size_t target = table.columns.size() - 1;
  if (!options.target.empty()) {
    THIMBLE_ASSIGN(target, column_of(options.target));
  }
  std::vector<size_t> inputs;
  for (const std::string& name : options.inputs) {
    THIMBLE_ASSIGN(const size_t column, column_of(name));
    inputs.push_back(column);
  }
  if (inputs.empty())
    for (size_t c = 0; c < table.columns.size(); ++c)
      if (c != target) inputs.push_back(c);
  if (inputs.empty())
    return fail(ErrorCode::bad_file, format("{} has one column only; inputs and a target are needed", set_name));
  Samples out;
  out.name = std::move(set_name);
  out.sample_shape = {static_cast<int64_t>(inputs.size())};
  out.storage = Storage::floats;
  out.count = static_cast<int64_t>(table.rows.size());
  for (size_t c : inputs) out.column_names.push_back(table.columns[c]);
  const auto bad_number = [&](size_t r, size_t c) {
    const std::string& field = table.rows[r][c];
    return fail(ErrorCode::bad_file,
                format("line {}, column \"{}\": {}", table.lines[r], shown(table.columns[c]),
                       field.empty() ? std::string("the field is empty, a number is needed")
                                     : format("\"{}\" is not a number", shown(field))),
                c == target ? "a target of texts needs a softmax output (classes)"
                            : "name the columns of numbers with data.inputs");
  };
  out.floats.reserve(table.rows.size() * inputs.size());
  for (size_t r = 0; r < table.rows.size(); ++r)
    for (size_t c : inputs) {
      double value;
      if (!parse_number(table.rows[r][c], &value) || std::abs(value) > 3.4e38) return bad_number(r, c);
      out.floats.push_back(static_cast<float>(value));
    }
  bool all_whole = true, all_numbers = true;
  double number;
  int64_t whole;
  for (const auto& row : table.rows) {
    all_whole = all_whole && parse_whole(row[target], &whole);
    all_numbers = all_numbers && parse_number(row[target], &number);
  }
  if (!options.classification.value_or(all_whole || !all_numbers)) {
    out.target_width = 1;
    for (size_t r = 0; r < table.rows.size(); ++r) {
      if (!parse_number(table.rows[r][target], &number)) return bad_number(r, target);
      out.targets.push_back(static_cast<float>(number));
    }
  } else {
    // Whole numbers sort by value: the key is (value, text).
    std::map<std::pair<int64_t, std::string>, int32_t> classes;
    const auto key_of = [&](const std::string& field) {
      int64_t value = 0;
      const std::string text(trimmed(field));
      return all_whole && parse_whole(text, &value) ? std::pair(value, std::to_string(value))
                                                    : std::pair(int64_t{0}, text);
    };
    for (size_t r = 0; r < table.rows.size(); ++r) {
      classes.emplace(key_of(table.rows[r][target]), 0);
      if (classes.size() > kMaxClasses)
        return fail(ErrorCode::bad_file,
                    format("column \"{}\" has more than {} different values: not classes", shown(table.columns[target]),
                           kMaxClasses),
                    "choose another target, or a linear output for regression");
    }
    for (auto& [key, label] : classes) {
      label = out.classes++;
      out.label_names.push_back(key.second);
    }
    for (const auto& row : table.rows) out.labels.push_back(classes.at(key_of(row[target])));
  }
  THIMBLE_TRY(out.check());
  return out;
}

Result<Samples> read_csv(const std::string& path, const CsvOptions& options, std::string set_name) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_whole_file(path));
  auto table = parse_csv({reinterpret_cast<const char*>(file.data()), file.size()});
  if (!table) return with_context(std::move(table).error(), format("file {}", path));
  auto samples = table_samples(*table, options, std::move(set_name));
  if (!samples) return with_context(std::move(samples).error(), format("file {}", path));
  return samples;
}

}  // namespace thimble
