// From text to rows of fields: separator, quotes, header line, decimal sign.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/utf8.h"
#include "data/csv.h"
#include "data/csv_fields.h"
#include "data/files.h"

namespace thimble {
namespace {

using csv::parse_number, csv::shown, csv::trimmed;

constexpr size_t kMaxColumns = 65536;

// The candidate that stands equally often in each of the first lines, outside of quotes; of several the first: where
// semicolons or tabs separate, a comma may be every number's decimal sign.
char separator_of(std::string_view text) {
  constexpr std::string_view kCandidates = "\t;,";
  constexpr size_t kLines = 20;
  std::vector<std::array<int, 3>> lines(1);
  bool quoted = false, blank = true;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) {
      if (!blank && lines.size() == kLines) break;
      if (blank)
        lines.back() = {};
      else
        lines.emplace_back();
      blank = true;
      continue;
    }
    blank = blank && (c == ' ' || c == '\t');
    if (const size_t k = kCandidates.find(c); !quoted && k != std::string_view::npos) ++lines.back()[k];
  }
  if (lines.size() > 1 && blank) lines.pop_back();
  char most = ',';
  int often = 0;
  for (size_t k = 0; k < kCandidates.size(); ++k) {
    const int first = lines[0][k];
    if (first > 0 && std::all_of(lines.begin(), lines.end(), [&](const auto& line) { return line[k] == first; }))
      return kCandidates[k];
    if (first > often) often = first, most = kCandidates[k];
  }
  return most;
}

struct Records {
  std::vector<std::vector<std::string>> rows;
  std::vector<int64_t> lines;
  int64_t blank = 0;  // rows of empty fields only, as spreadsheets leave them
};

Result<Records> split_records(std::string_view text, char separator) {
  Records out;
  int64_t line = 1;
  size_t at = 0;
  const auto bad = [&](int64_t where, size_t column, const char* what) {
    return fail(ErrorCode::bad_file, format("line {}, field {}: {}", where, column, what));
  };
  while (at < text.size()) {
    const int64_t first_line = line;
    std::vector<std::string> row;
    if (!out.rows.empty()) row.reserve(out.rows[0].size());
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
        field = text.substr(at, end - at);
        at = end;
      }
      row.push_back(std::move(field));
      if (row.size() > kMaxColumns) return bad(line, row.size(), "more than 65536 columns");
      more = at < text.size() && text[at] == separator;
      at += more;
    }
    if (at < text.size() && text[at] == '\r') ++at;
    if (at < text.size() && text[at] == '\n') ++at;
    ++line;
    if (std::all_of(row.begin(), row.end(), [](const std::string& f) { return trimmed(f).empty(); })) {
      out.blank += row.size() > 1;
      continue;
    }
    if (!out.rows.empty() && row.size() != out.rows[0].size())
      return fail(ErrorCode::bad_file,
                  format("line {} has {} field{}, line {} has {}", first_line, row.size(), row.size() == 1 ? "" : "s",
                         out.lines[0], out.rows[0].size()),
                  "give every line the same number of fields; quote fields that hold the separator");
    out.rows.push_back(std::move(row));
    out.lines.push_back(first_line);
  }
  if (out.rows.empty()) return fail(ErrorCode::bad_file, "the file is empty", "at least one row is needed");
  return out;
}

// ',' where semicolons or tabs separate (or `told`: it may be so) and every number that shows its decimal sign has a
// comma.
char detected_decimal(const Records& records, char separator, bool told) {
  if (separator == ',' && !told) return '.';
  int64_t commas = 0, points = 0;
  double ignored;
  for (size_t r = 0; r < records.rows.size(); ++r)
    for (const std::string& field : records.rows[r]) {
      if (field.find(',') != std::string::npos)
        commas += parse_number(field, ',', &ignored);
      else if (field.find('.') != std::string::npos)
        points += parse_number(field, '.', &ignored);
    }
  return commas > 0 && points == 0 ? ',' : '.';
}

enum class FirstLine { names, values, unsure };

// Line 1 is values when it has numbers where the lines below have them, and its texts come again below.
FirstLine judge_first_line(const Records& records, char decimal) {
  const std::vector<std::string>& first = records.rows[0];
  double value;
  bool counts = first.size() >= 3;  // 0, 1, 2 …: what a program without column names writes as their names
  size_t numbers = 0;
  for (size_t c = 0; c < first.size(); ++c) {
    const bool number = parse_number(first[c], decimal, &value);
    numbers += number;
    counts = counts && number && value == static_cast<double>(c);
  }
  if (numbers == 0) return FirstLine::names;
  if (counts) return FirstLine::unsure;
  const size_t rows = records.rows.size(), look = std::min<size_t>(rows, 2000);
  bool again = false, texts = false;
  for (size_t c = 0; c < first.size(); ++c) {
    if (csv::is_missing(first[c])) continue;
    const bool number = parse_number(first[c], decimal, &value);
    size_t below = 0, filled = 0;
    for (size_t r = 1; r < look; ++r) {
      if (csv::is_missing(records.rows[r][c])) continue;
      ++filled;
      below += parse_number(records.rows[r][c], decimal, &value);
      again = again || (!number && records.rows[r][c] == first[c]);
    }
    if (!number && filled > 0 && 2 * below >= filled) return FirstLine::names;  // a word above numbers
    texts = texts || !number;
  }
  if (!texts || again) return FirstLine::values;
  return FirstLine::unsure;
}

// Whether line 1 names the columns, by the model that reads the table; empty: it does not show.
std::optional<bool> names_of(const TableLayout& layout, const std::vector<std::string>& first, char decimal) {
  std::set<std::string_view> fields;
  for (const std::string& field : first) fields.insert(trimmed(field));
  const auto there = [&](const TableColumn& c) { return fields.contains(c.name); };
  if (std::ranges::all_of(layout.columns, there)) return true;
  if (layout.header) return std::nullopt;
  // Columns called c1, c2 …: line 1 is values if each can be its column's.
  double value;
  for (const TableColumn& c : layout.columns) {
    size_t at = 0;
    const auto [end, error] = std::from_chars(c.name.data() + 1, c.name.data() + c.name.size(), at);
    if (error != std::errc() || end != c.name.data() + c.name.size() || at < 1 || at > first.size())
      return std::nullopt;
    if (c.values.empty() && !csv::is_missing(first[at - 1]) && !parse_number(first[at - 1], decimal, &value))
      return std::nullopt;
  }
  return false;
}

Status name_columns(CsvTable* table) {
  std::set<std::string> seen;
  for (size_t c = 0; c < table->columns.size(); ++c) {
    std::string& name = table->columns[c];
    if (name.empty()) name = format("c{}", c + 1);
    if (!seen.insert(name).second)
      return fail(ErrorCode::bad_file,
                  format("two columns are called \"{}\", the second is column {}", shown(name), c + 1),
                  "columns are found by name: give each its own");
  }
  return {};
}

}  // namespace

Result<CsvTable> parse_csv(std::string_view text, const CsvFormat& how) {
  if (!how.decimal.empty() && how.decimal != "." && how.decimal != ",")
    return fail(ErrorCode::usage, format("decimal \"{}\" is not known", how.decimal), "\".\" or \",\"");
  text = without_byte_order_mark(text);
  THIMBLE_TRY(check_utf8(text));
  const char separator = separator_of(text);
  THIMBLE_ASSIGN(Records records, split_records(text, separator));
  CsvTable table;
  table.decimal = how.decimal.empty() ? detected_decimal(records, separator, how.layout && how.layout->decimal_comma)
                                      : how.decimal[0];
  if (how.decimal.empty() && table.decimal == ',') table.notes.push_back("numbers are read with a decimal comma");
  const FirstLine first = judge_first_line(records, table.decimal);
  std::optional<bool> told = how.header;
  if (!told && how.layout) told = names_of(*how.layout, records.rows[0], table.decimal);
  const bool header = told.value_or(first != FirstLine::values);
  table.header = header;
  if (header) {
    for (const std::string& field : records.rows[0]) table.columns.emplace_back(trimmed(field));
    records.rows.erase(records.rows.begin());
    records.lines.erase(records.lines.begin());
    if (!told && first == FirstLine::unsure)
      table.notes.push_back(
          "line 1 is taken as the names of the columns, though some are numbers; header = false takes it as values");
  } else {
    for (size_t c = 0; c < records.rows[0].size(); ++c) table.columns.push_back(format("c{}", c + 1));
    if (!told)
      table.notes.push_back(
          format("line 1 holds values: no header line, the columns are called c1 … c{}; header = "
                 "true takes line 1 as names",
                 table.columns.size()));
  }
  table.rows = std::move(records.rows);
  table.lines = std::move(records.lines);
  if (table.rows.empty()) return fail(ErrorCode::bad_file, "there is a header line but no row");
  // A separator at the end of every line makes a column of nothing.
  const size_t last = table.columns.size() - 1;
  if (last > 0 && table.columns[last].empty() &&
      std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) { return trimmed(row[last]).empty(); })) {
    table.columns.pop_back();
    for (auto& row : table.rows) row.pop_back();
  }
  THIMBLE_TRY(name_columns(&table));
  if (records.blank > 0) table.notes.push_back(format("{} empty rows were passed over", records.blank));
  return table;
}

Result<CsvTable> read_csv_table(const std::string& path, const CsvFormat& how) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_whole_file(path));
  auto table = parse_csv({reinterpret_cast<const char*>(file.data()), file.size()}, how);
  if (!table) return with_context(std::move(table).error(), format("file {}", path));
  return table;
}

}  // namespace thimble
