#include "data/csv.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/suggest.h"
#include "data/csv_fields.h"

namespace thimble {
namespace {

using csv::is_missing, csv::parse_number, csv::shown, csv::trimmed;

constexpr size_t kMaxInputs = 65536, kMaxClasses = 65536, kMaxTexts = 100;
constexpr size_t kNone = std::numeric_limits<size_t>::max();

// "age 12, cabin 3", at most ten columns.
std::string counted(const std::vector<std::pair<std::string, int64_t>>& counts) {
  std::string out;
  for (size_t i = 0; i < counts.size() && i < 10; ++i)
    out += format("{}{} {}", i ? ", " : "", shown(counts[i].first), counts[i].second);
  return out + (counts.size() > 10 ? " …" : "");
}

// Makes samples of one table; the steps are the private functions, in the order in which they run.
class Maker {
 public:
  Maker(const CsvTable& table, const CsvOptions& options, std::string set_name)
      : table_(table), options_(options), given_(options.layout.get()) {
    out_.name = std::move(set_name);
    out_.notes = table.notes;
  }

  Result<Samples> make() {
    THIMBLE_TRY(choose_target());
    THIMBLE_TRY(choose_inputs());
    THIMBLE_TRY(choose_missing());
    if (!given_) THIMBLE_TRY(describe_columns());
    THIMBLE_TRY(choose_rows());
    THIMBLE_TRY(fill_inputs());
    THIMBLE_TRY(fill_targets());
    out_.column_names = layout_.input_names();
    if (!given_) {
      layout_.header = table_.header;
      layout_.decimal_comma = options_.format.decimal == ",";
    }
    out_.table = std::make_shared<const TableLayout>(std::move(layout_));
    THIMBLE_TRY(out_.check());
    return std::move(out_);
  }

 private:
  tl::unexpected<Error> unknown_column(const std::string& name) const {
    std::string known = did_you_mean(name, table_.columns);
    if (!known.empty()) known += "; ";
    known += "columns: ";
    for (size_t i = 0; i < std::min<size_t>(table_.columns.size(), 20); ++i)
      known += format("{}{}", i ? ", " : "", shown(table_.columns[i]));
    return fail(ErrorCode::usage, format("{} has no column \"{}\"", out_.name, shown(name)), known);
  }
  void note(std::string text) {
    if (!text.empty()) out_.notes.push_back(std::move(text));
  }
  size_t find(const std::string& name) const {
    const auto it = std::find(table_.columns.begin(), table_.columns.end(), name);
    return it == table_.columns.end() ? kNone : static_cast<size_t>(it - table_.columns.begin());
  }
  Result<size_t> column_of(const std::string& name) const {
    const size_t at = find(name);
    if (at == kNone) return unknown_column(name);
    return at;
  }
  tl::unexpected<Error> bad_field(size_t row, size_t column, std::string_view what, std::string hint) const {
    return fail(ErrorCode::bad_file,
                format("line {}, column \"{}\": {}", table_.lines[row], shown(table_.columns[column]), what),
                std::move(hint));
  }

  Status choose_target() {
    const std::string& wanted = !options_.target.empty() || !given_ ? options_.target : given_->target;
    if (!wanted.empty()) {
      target_ = find(wanted);
      if (target_ != kNone) return {};
      if (options_.target.empty() || options_.unlabelled) return {};  // a table of inputs only
      return unknown_column(wanted);
    }
    if (given_) return {};
    if (options_.unlabelled && options_.width > 0 && static_cast<size_t>(options_.width) == table_.columns.size())
      return {};
    target_ = table_.columns.size() - 1;
    return {};
  }

  // A first column without a name that counts the rows: what programs write beside a table.
  bool counts_rows(size_t column) const {
    if (column != 0 || !table_.header || (table_.columns[0] != "c1" && table_.columns[0] != "Unnamed: 0")) return false;
    double first, value;
    if (!parse_number(table_.rows[0][0], '.', &first) || (first != 0 && first != 1)) return false;
    for (size_t r = 0; r < table_.rows.size(); ++r)
      if (!parse_number(table_.rows[r][0], '.', &value) || value != first + static_cast<double>(r)) return false;
    return table_.rows.size() > 2;
  }

  Status choose_inputs() {
    if (given_) {
      layout_ = *given_;
      std::string lacking;
      int64_t lost = 0;
      for (const TableColumn& c : given_->columns) {
        inputs_.push_back(find(c.name));
        if (inputs_.back() != kNone) continue;
        if (++lost <= 10) lacking += format("{}\"{}\"", lost > 1 ? ", " : "", shown(c.name));
      }
      if (lost > 0)
        return fail(ErrorCode::bad_file,
                    format("the model's input column{} {}{} {} not in the table", lost > 1 ? "s" : "", lacking,
                           lost > 10 ? format(" and {} more", lost - 10) : "", lost > 1 ? "are" : "is"),
                    table_.header ? format("the table has {}", column_list())
                                  : "the table has no header line: write the names of the columns into line 1");
      return {};
    }
    for (const std::string& name : options_.inputs) {
      THIMBLE_ASSIGN(const size_t column, column_of(name));
      if (column == target_)
        return fail(ErrorCode::usage, format("the column \"{}\" is the target and an input", shown(name)),
                    "leave it out of data.inputs, or set data.target");
      if (std::find(inputs_.begin(), inputs_.end(), column) != inputs_.end())
        return fail(ErrorCode::usage, format("data.inputs names the column \"{}\" twice", shown(name)));
      inputs_.push_back(column);
    }
    if (inputs_.empty())
      for (size_t c = 0; c < table_.columns.size(); ++c) {
        if (c == target_) continue;
        if (counts_rows(c))
          out_.notes.push_back("column 1 only counts the rows: it is not an input (name it in data.inputs if it is)");
        else
          inputs_.push_back(c);
      }
    if (inputs_.empty())
      return fail(ErrorCode::bad_file, format("{} has one column only; inputs and a target are needed", out_.name),
                  "commas, semicolons or tabs stand between columns");
    return {};
  }

  std::string column_list() const {
    std::string out = table_.columns.size() == 1 ? "the column " : "the columns ";
    for (size_t i = 0; i < std::min<size_t>(table_.columns.size(), 20); ++i)
      out += format("{}{}", i ? ", " : "", shown(table_.columns[i]));
    return out;
  }

  // The rule, and the number when it is one.
  Status choose_missing() {
    layout_.missing = given_ && options_.missing.empty() ? given_->missing : options_.missing;
    double value = 0;
    if (layout_.missing.empty() || layout_.missing == "drop" || layout_.missing == "mean") return {};
    if (!parse_number(layout_.missing, '.', &value) || std::abs(value) > 3.4e38)
      return fail(ErrorCode::usage, format("missing = \"{}\" is not known", layout_.missing),
                  "\"drop\", \"mean\" or a number");
    fill_ = static_cast<float>(value);
    return {};
  }

  // What the input columns hold: numbers, or texts and which ones.
  Status describe_columns() {
    for (const std::string& name : options_.categories) THIMBLE_TRY(column_of(name));
    std::string texts;
    size_t total = 0;
    for (size_t column : inputs_) {
      TableColumn& c = layout_.columns.emplace_back();
      c.name = table_.columns[column];
      c.fill = layout_.fills() && layout_.missing != "mean" ? fill_ : 0.0f;
      const bool told =
          std::find(options_.categories.begin(), options_.categories.end(), c.name) != options_.categories.end();
      if (told || is_text(column)) {
        THIMBLE_TRY(find_values(column, told, &c.values));
        c.fill = 0;
        texts += format("{}{} ({})", texts.empty() ? "" : ", ", shown(c.name), c.values.size());
      }
      total += c.width();
      if (total > kMaxInputs) return fail(ErrorCode::bad_file, format("more than {} inputs", kMaxInputs));
    }
    if (!texts.empty())
      out_.notes.push_back(format("texts become one input per value: {}; {} inputs in all", texts, total));
    return {};
  }

  bool is_text(size_t column) const {
    int64_t numbers = 0, count = 0;
    double value;
    for (const auto& row : table_.rows) {
      if (is_missing(row[column])) continue;
      ++count;
      numbers += parse_number(row[column], table_.decimal, &value);
    }
    return 2 * numbers < count;
  }

  Status find_values(size_t column, bool told, std::vector<std::string>* out) const {
    std::map<std::string, int64_t, std::less<>> seen;
    int64_t decorated = 0, count = 0;
    size_t first = 0;
    for (size_t r = 0; r < table_.rows.size(); ++r) {
      const std::string_view text = trimmed(table_.rows[r][column]);
      if (is_missing(text)) continue;
      ++count;
      double ignored;
      if (!told && !parse_number(text, table_.decimal, &ignored) && csv::looks_decorated(text) && decorated++ == 0)
        first = r;
      if (const auto at = seen.find(text); at != seen.end())
        ++at->second;
      else if (seen.size() <= kMaxTexts)
        seen.emplace(text, 1);
    }
    if (2 * decorated > count) return not_plain(first, column);
    if (seen.size() > kMaxTexts)
      return fail(ErrorCode::bad_file,
                  format("column \"{}\" holds more than {} different texts (\"{}\", \"{}\" …), too many for inputs",
                         shown(table_.columns[column]), kMaxTexts, shown(seen.begin()->first),
                         shown(std::next(seen.begin())->first)),
                  "leave it out: data.inputs names the columns to use; dates and times as numbers");
    for (const auto& [text, times] : seen) out->push_back(text);
    if (out->empty())
      return fail(ErrorCode::bad_file, format("column \"{}\" holds no value at all", shown(table_.columns[column])),
                  "leave it out: data.inputs names the columns to use");
    return {};
  }

  tl::unexpected<Error> not_plain(size_t row, size_t column) const {
    const std::string& field = table_.rows[row][column];
    const bool comma = table_.decimal == '.' && field.find(',') != std::string::npos;
    return bad_field(row, column,
                     format("\"{}\" is not a plain number; currency signs, percent and thousands separators are not "
                            "guessed",
                            shown(field)),
                     format("write plain numbers{}; data.categories = [\"{}\"] takes them as names",
                            comma ? ", or set data.decimal = \",\"" : "", shown(table_.columns[column])));
  }

  // Rows without a missing value, or all of them where missing values are filled; never a row without its target.
  Status choose_rows() {
    std::vector<std::pair<std::string, int64_t>> lacking;
    std::vector<bool> gap(table_.rows.size());
    int64_t first = -1;
    const auto look = [&](size_t column, bool counts) {
      int64_t here = 0;
      for (size_t r = 0; r < table_.rows.size(); ++r) {
        if (!is_missing(table_.rows[r][column])) continue;
        ++here;
        if (counts) gap[r] = true;
        if (first < 0 || table_.lines[r] < first) first = table_.lines[r];
      }
      if (here > 0) lacking.emplace_back(table_.columns[column], here);
      return here;
    };
    std::vector<std::pair<std::string, int64_t>> numbers, texts;  // gaps of input columns, by kind
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (const int64_t n = look(inputs_[i], !layout_.fills()); n > 0)
        (layout_.columns[i].values.empty() ? numbers : texts).emplace_back(lacking.back());
    if (target_ != kNone && options_.unlabelled &&
        std::any_of(table_.rows.begin(), table_.rows.end(),
                    [&](const auto& row) { return is_missing(row[target_]); })) {
      target_ = kNone;
      out_.notes.push_back("rows without a target: read without labels");
    }
    if (target_ != kNone) look(target_, true);
    int64_t lost = 0, fields = 0;
    for (const auto& [name, n] : lacking) fields += n;
    for (size_t r = 0; r < gap.size(); ++r) {
      if (gap[r])
        ++lost;
      else
        rows_.push_back(r);
    }
    if (!lacking.empty() && layout_.missing.empty()) {
      const auto n = static_cast<int64_t>(gap.size());
      return fail(
          ErrorCode::bad_file,
          format("{} field{} without a value in {} of {} rows, the first in line {}: {}", fields,
                 fields == 1 ? "" : "s", lost, n, first, counted(lacking)),
          given_ ? std::string("the model was trained on a table without gaps: complete these rows or leave them out "
                               "(a training with data.missing = \"mean\" or a number fills them)")
                 : format("data.missing = \"drop\" leaves {} out, \"mean\" or a number (missing = 0) fills them",
                          lost == 1 ? "the row" : "these rows"));
    }
    if (rows_.empty())
      return fail(ErrorCode::bad_file, format("every row lacks a value: {}", counted(lacking)),
                  "data.missing = \"mean\" or a number fills them; data.inputs leaves columns out");
    if (lost > 0)
      out_.notes.push_back(
          format("{} of {} rows lack a value and were left out ({})", lost, gap.size(), counted(lacking)));
    if (!numbers.empty() && layout_.fills())
      out_.notes.push_back(format("missing numbers are filled with {} ({})",
                                  layout_.missing != "mean" ? layout_.missing
                                  : given_                  ? std::string("the means of the training")
                                                            : std::string("the mean of the training part"),
                                  counted(numbers)));
    if (!texts.empty() && layout_.fills())
      out_.notes.push_back(format("missing texts set none of their column's inputs ({})", counted(texts)));
    return {};
  }

  Status fill_inputs() {
    const size_t width = layout_.width();
    out_.sample_shape = {static_cast<int64_t>(width)};
    out_.storage = Storage::floats;
    out_.count = static_cast<int64_t>(rows_.size());
    if (rows_.size() < table_.rows.size()) out_.rows.assign(rows_.begin(), rows_.end());
    out_.floats.assign(rows_.size() * width, 0.0f);
    size_t offset = 0;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const TableColumn& c = layout_.columns[i];
      if (c.values.empty())
        THIMBLE_TRY(fill_numbers(inputs_[i], c, offset, width));
      else
        THIMBLE_TRY(fill_texts(inputs_[i], c, offset, width));
      offset += c.width();
    }
    return {};
  }

  Status fill_numbers(size_t column, const TableColumn& c, size_t offset, size_t width) {
    csv::Moments moments;
    const bool later = layout_.missing == "mean" && !given_;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const std::string& field = table_.rows[rows_[i]][column];
      float& place = out_.floats[i * width + offset];
      double value;
      if (is_missing(field))
        place = later ? std::numeric_limits<float>::quiet_NaN() : c.fill;
      else if (!parse_number(field, table_.decimal, &value) || std::abs(value) > 3.4e38)
        return bad_number(rows_[i], column);
      else
        place = static_cast<float>(value), moments.add(value);
    }
    note(csv::precision_note(c.name, moments, false));
    return {};
  }

  Status fill_texts(size_t column, const TableColumn& c, size_t offset, size_t width) {
    int64_t strange = 0;
    std::string example;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const std::string_view text = trimmed(table_.rows[rows_[i]][column]);
      if (is_missing(text)) continue;
      const auto at = std::lower_bound(c.values.begin(), c.values.end(), text);
      if (at != c.values.end() && *at == text)
        out_.floats[i * width + offset + static_cast<size_t>(at - c.values.begin())] = 1;
      else if (++strange == 1)
        example = format("\"{}\" in line {}", shown(text), table_.lines[rows_[i]]);
    }
    if (strange == 0) return {};
    std::string known;
    for (size_t v = 0; v < std::min<size_t>(c.values.size(), 10); ++v)
      known += format("{}{}", v ? ", " : "", shown(c.values[v]));
    if (2 * strange > static_cast<int64_t>(rows_.size()))
      return fail(ErrorCode::bad_file,
                  format("column \"{}\": {} of {} rows hold texts that the model has not learned, first {}",
                         shown(c.name), strange, rows_.size(), example),
                  format("it knows {}{}", known, c.values.size() > 10 ? " …" : ""));
    out_.notes.push_back(
        format("column \"{}\": {} of {} rows hold texts that the model has not learned (first {}); "
               "none of its inputs is set there",
               shown(c.name), strange, rows_.size(), example));
    return {};
  }

  tl::unexpected<Error> bad_number(size_t row, size_t column) const {
    const std::string& field = table_.rows[row][column];
    if (csv::looks_decorated(field)) return not_plain(row, column);
    if (column == target_)
      return bad_field(row, column, format("\"{}\" is not a number", shown(field)),
                       "targets that are texts need task = \"classification\" and a softmax output");
    return bad_field(
        row, column, format("\"{}\" is not a number", shown(field)),
        format("correct it, leave the column out with data.inputs, or take all of it as names: data.categories = "
               "[\"{}\"]",
               shown(table_.columns[column])));
  }

  Status fill_targets() {
    if (target_ == kNone) {
      if (!options_.unlabelled && !given_)
        return fail(ErrorCode::bad_file, format("{} has no target column", out_.name), "set data.target");
      if (!given_) layout_.target.clear();
      return {};
    }
    layout_.target = table_.columns[target_];
    const ColumnSummary summary = summarize_column(table_, target_);
    if (options_.task)
      layout_.task = *options_.task;
    else if (!given_)
      layout_.task = guess(summary);
    Status done = layout_.task == Task::regression ? fill_regression() : fill_classes(summary);
    if (done || !options_.unlabelled) return done;
    out_.notes.push_back(format("read without labels: {}", done.error().message));
    out_.classes = 0;
    out_.target_width = 0;
    out_.label_names.clear();
    out_.labels.clear();
    out_.targets.clear();
    return {};
  }

  Task guess(const ColumnSummary& target) {
    const Task task = guessed_task(target);
    if (target.numbers == target.count && target.whole == target.count)
      out_.notes.push_back(
          format("the target \"{}\" holds {}{} different whole numbers: taken as {}; task = \"{}\" takes them as {}",
                 shown(target.name), target.distinct > ColumnSummary::kMaxDistinct ? "more than " : "",
                 std::min(target.distinct, ColumnSummary::kMaxDistinct),
                 task == Task::classification ? "classes" : "numbers (regression)",
                 name(task == Task::classification ? Task::regression : Task::classification),
                 task == Task::classification ? "numbers" : "classes"));
    else if (2 * target.numbers > target.count && target.numbers < target.count)
      out_.notes.push_back(
          format("the target \"{}\" holds {} fields that are not numbers among {}: taken as classes; "
                 "task = \"regression\" names them",
                 shown(target.name), target.count - target.numbers, target.count));
    return task;
  }

  Status fill_regression() {
    out_.target_width = 1;
    csv::Moments moments;
    for (size_t r : rows_) {
      double number;
      if (!parse_number(table_.rows[r][target_], table_.decimal, &number) || std::abs(number) > 3.4e38)
        return bad_number(r, target_);
      out_.targets.push_back(static_cast<float>(number));
      moments.add(number);
    }
    note(csv::precision_note(layout_.target, moments, true));
    return {};
  }

  Status fill_classes(const ColumnSummary& summary) {
    const bool numbers = summary.numbers == summary.count;
    std::map<std::pair<double, std::string>, int32_t> classes;  // numbers sort by value, texts by bytes
    const auto key_of = [&](size_t row) {
      const std::string& field = table_.rows[row][target_];
      double value = 0;
      if (!numbers || !parse_number(field, table_.decimal, &value)) value = 0;
      return std::pair(value, csv::class_name(field, numbers, value));
    };
    if (!options_.labels.empty()) {
      out_.label_names = options_.labels;
      out_.classes = static_cast<int>(options_.labels.size());
      for (size_t r : rows_) {
        const std::string text = key_of(r).second;
        const auto at = std::find(options_.labels.begin(), options_.labels.end(), text);
        if (at == options_.labels.end())
          return bad_field(r, target_, format("the class \"{}\" is not one of the model's", shown(text)),
                           format("it knows {}", class_list(options_.labels)));
        out_.labels.push_back(static_cast<int32_t>(at - options_.labels.begin()));
      }
      return {};
    }
    for (size_t r : rows_) {
      classes.emplace(key_of(r), 0);
      if (classes.size() > kMaxClasses)
        return fail(ErrorCode::bad_file,
                    format("column \"{}\" has more than {} different values: not classes",
                           shown(table_.columns[target_]), kMaxClasses),
                    "choose another target, or task = \"regression\"");
    }
    for (auto& [key, label] : classes) {
      label = out_.classes++;
      out_.label_names.push_back(key.second);
    }
    for (size_t r : rows_) out_.labels.push_back(classes.at(key_of(r)));
    return {};
  }

  static std::string class_list(const std::vector<std::string>& names) {
    std::string out;
    for (size_t i = 0; i < names.size() && i < 10; ++i) out += format("{}{}", i ? ", " : "", shown(names[i]));
    return out + (names.size() > 10 ? " …" : "");
  }

  const CsvTable& table_;
  const CsvOptions& options_;
  const TableLayout* given_;  // the model's, or null
  TableLayout layout_;
  float fill_ = 0;
  size_t target_ = kNone;
  std::vector<size_t> inputs_, rows_;  // columns, in the order of layout_.columns; rows that are read
  Samples out_;
};

}  // namespace

Result<Samples> table_samples(const CsvTable& table, const CsvOptions& options, std::string set_name) {
  return Maker(table, options, std::move(set_name)).make();
}

Result<Samples> read_csv(const std::string& path, const CsvOptions& options, std::string set_name) {
  CsvFormat how = options.format;
  how.layout = options.layout.get();
  THIMBLE_ASSIGN(const CsvTable table, read_csv_table(path, how));
  auto samples = table_samples(table, options, std::move(set_name));
  if (!samples) return with_context(std::move(samples).error(), format("file {}", path));
  return samples;
}

}  // namespace thimble
