// The sweep: one plot per axis (lines over numbers, bars over words), and a table with every setting.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"
#include "report/plus_kb.h"

namespace thimble::report {
namespace {

std::string trimmed(std::string_view text, std::string_view what = " \t\n") {
  const size_t from = text.find_first_not_of(what), to = text.find_last_not_of(what);
  return from == std::string_view::npos ? std::string() : std::string(text.substr(from, to - from + 1));
}

bool as_number(const std::string& text, double* value) {
  char* end = nullptr;
  *value = std::strtod(text.c_str(), &end);
  return !text.empty() && end == text.c_str() + text.size() && std::isfinite(*value);
}

// A value of a recipe: a number, a word, or a word with a number ("{ sgd = 0.01 }").
struct Value {
  std::string word, text;  // text: for labels
  double number = kAbsent;

  explicit Value(const std::string& toml, const std::string& label) : word(label), text(label) {
    const std::string plain = trimmed(toml);
    if (as_number(plain, &number)) return;
    number = kAbsent;
    if (plain.size() < 2 || plain.front() != '{' || std::count(plain.begin(), plain.end(), '=') != 1) return;
    const std::string inner = trimmed(plain.substr(1, plain.size() - 2));
    const size_t equals = inner.find('=');
    double inside = 0;
    if (!as_number(trimmed(inner.substr(equals + 1)), &inside)) return;
    word = trimmed(inner.substr(0, equals));
    text = format("{} {}", word, format_number(inside));
    number = inside;
  }
};

struct Score {
  double value = kAbsent, low = kAbsent, high = kAbsent;
};

Score score_of(const VariantResult& v, bool accuracy) {
  if (accuracy) return {v.accuracy, v.interval95.low, v.interval95.high};
  if (!v.regression.present()) return {v.loss};
  Score s{v.regression.rmse};
  if (v.per_seed.empty() || v.per_seed[0].outcomes.squares.size() < 2) return s;
  const auto& squares = v.per_seed[0].outcomes.squares;
  const std::vector<double> wide(squares.begin(), squares.end());
  const double mean = mean_of(wide), half = 1.96 * stddev_of(wide) / std::sqrt(static_cast<double>(wide.size()));
  s.low = std::sqrt(std::max(0.0, mean - half)), s.high = std::sqrt(mean + half);
  return s;
}

// The points that vary one key alone, in their order.
struct AxisRows {
  std::string key;
  std::vector<const SweepRow*> rows;
  std::vector<Value> values;
  std::vector<std::string> others;  // grid: what the point sets besides, "units = 20"; else empty

  bool numbers() const {
    return values.size() > 1 && std::all_of(values.begin(), values.end(), [&](const Value& v) {
             return std::isfinite(v.number) && (v.word == values[0].word || v.word == v.text);
           });
  }
};

// "model.layers.dense_1.units" → "dense_1.units"
std::string short_key(const std::string& key) {
  for (const char* scope : {"model.layers.", "train.", "data.", "model."})
    if (key.starts_with(scope)) return key.substr(std::string_view(scope).size());
  return key;
}

class Plots {
 public:
  Plots(const Context& c, bool accuracy, bool numbers) : c_(c), accuracy_(accuracy) {
    title_ = accuracy ? "test accuracy" : numbers ? "RMSE" : "test loss";
    unit_ = accuracy ? svg::Unit::percent : svg::Unit::number;
  }

  std::string all() {
    std::string body;
    for (const AxisRows& axis : axes()) body += axis.numbers() ? lines(axis) : bars(axis);
    return body;
  }

 private:
  // One-at-a-time: by key. In a grid, the axis with the most numbers, once per combination of the others.
  std::vector<AxisRows> axes() const {
    std::vector<AxisRows> out;
    const auto add = [&](const std::string& key, const SweepRow& row, Value value) {
      auto found = std::find_if(out.begin(), out.end(), [&](const AxisRows& a) { return a.key == key; });
      if (found == out.end()) found = out.insert(out.end(), AxisRows{key, {}, {}, {}});
      found->rows.push_back(&row);
      found->values.push_back(std::move(value));
    };
    if (AxisRows grid = grid_axis(); !grid.rows.empty()) return {std::move(grid)};
    for (const SweepRow& row : c_.result.sweep)
      add(row.key, row, Value(row.settings.size() == 1 ? row.settings[0].second : row.value, row.value));
    return out;
  }

  // Of a grid whose points all set the same keys: the one with the most different numbers. Empty for none.
  AxisRows grid_axis() const {
    const auto& sweep = c_.result.sweep;
    const size_t keys = sweep.front().settings.size();
    if (keys < 2) return {};
    AxisRows best;
    size_t most = 1;
    for (size_t k = 0; k < keys; ++k) {
      AxisRows axis{sweep.front().settings[k].first, {}, {}, {}};
      std::set<double> different;
      for (const SweepRow& row : sweep) {
        if (row.settings.size() != keys || row.settings[k].first != axis.key) return {};
        axis.rows.push_back(&row);
        axis.values.emplace_back(row.settings[k].second, trimmed(row.settings[k].second, " \"'"));
        different.insert(axis.values.back().number);
        std::string others;
        for (size_t i = 0; i < keys; ++i)
          if (i != k)
            others += format("{}{} = {}", others.empty() ? "" : ", ", short_key(row.settings[i].first),
                             clip_text(trimmed(row.settings[i].second, " \"'"), 30));
        axis.others.push_back(std::move(others));
      }
      if (!axis.numbers() || different.size() <= most) continue;
      most = different.size();
      best = std::move(axis);
    }
    return best;
  }

  std::string lines(const AxisRows& axis) const {
    std::map<std::string, std::vector<std::pair<double, Score>>> series;
    for (size_t r = 0; r < axis.rows.size(); ++r)
      for (const VariantResult& v : axis.rows[r]->variants) {
        const std::string name = axis.others.empty()                  ? v.name
                                 : axis.rows[r]->variants.size() == 1 ? axis.others[r]
                                                                      : format("{}, {}", axis.others[r], v.name);
        if (series.size() >= 8 && !series.contains(name)) continue;  // the table has them all
        series[name].emplace_back(axis.values[r].number, score_of(v, accuracy_));
      }
    svg::LineChart chart;
    const std::string word = axis.values[0].word == axis.values[0].text ? "" : axis.values[0].word;
    chart.description = format("{} over {}", title_, short_key(axis.key));
    chart.x = {short_key(axis.key) + (word.empty() ? "" : " · " + word), svg::Unit::number};
    double low = HUGE_VAL, high = 0;
    bool whole = true;
    for (const Value& v : axis.values) {
      low = std::min(low, v.number), high = std::max(high, v.number);
      whole &= v.number == std::floor(v.number) && std::fabs(v.number) < 1e9;
    }
    if (whole) chart.x.unit = svg::Unit::count;
    chart.x.log = low > 0 && high / low >= 50;
    chart.y = {title_, unit_};
    const bool few = axis.rows.size() <= 2 * c_.limits.sweep_points;  // else marks and bars would be a band
    chart.marks = few;
    chart.max_points = c_.limits.points;
    bool intervals = false;
    int colour = 0;
    for (auto& [name, points] : series) {
      std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      svg::Series s;
      s.name = series.size() > 1 || !axis.others.empty() ? name : "";
      s.colour = colour++;
      for (const auto& [x, score] : points) {
        s.x.push_back(x);
        s.y.push_back(score.value);
        if (!few) continue;
        s.low.push_back(score.low);
        s.high.push_back(score.high);
        intervals |= score.high > score.low;
      }
      chart.series.push_back(std::move(s));
    }
    return figure(
        name_of(c_, short_key(axis.key)), svg::line_chart(chart),
        format("{}{}", accuracy_ ? "Higher is better." : "Lower is better.",
               intervals ? " Bars are 95 % intervals: where they overlap widely, the difference may be chance." : ""));
  }

  std::string bars(const AxisRows& axis) const {
    svg::Bars chart;
    chart.description = format("{} per {}", title_, short_key(axis.key));
    chart.unit = unit_;
    double low = HUGE_VAL, high = -HUGE_VAL;
    bool several = false, intervals = false;
    for (const SweepRow* row : axis.rows) several |= row->variants.size() > 1;
    for (size_t r = 0; r < axis.rows.size() && chart.bars.size() < c_.limits.sweep_points; ++r) {
      const SweepRow& row = *axis.rows[r];
      if (row.variants.empty()) chart.bars.push_back({axis.values[r].text, 0, "diverged", clip_text(row.note, 160), 7});
      int colour = 0;
      for (const VariantResult& v : row.variants) {
        const Score s = score_of(v, accuracy_);
        if (!std::isfinite(s.value)) continue;
        svg::Bar bar{several ? format("{} · {}", axis.values[r].text, v.name) : axis.values[r].text, s.value, "", "",
                     several ? colour++ : 0};
        bar.tip = format("{} = {}\n{} {}", clip_text(row.key, 80), clip_text(axis.values[r].text, 80), title_,
                         svg::format_value(s.value, unit_));
        if (s.high > s.low) bar.low = s.low, bar.high = s.high, intervals = true;
        low = std::min(low, bar.high > bar.low ? bar.low : s.value);
        high = std::max(high, bar.high > bar.low ? bar.high : s.value);
        chart.bars.push_back(std::move(bar));
      }
    }
    // Where all are alike, bars that begin at 0 would hide what differs.
    std::string begin;
    if (high > 0 && low > 0.6 * high) {
      const double step = std::pow(10, std::floor(std::log10(std::max(high - low, 1e-9))));
      chart.from = std::max(0.0, std::floor((low - 0.4 * (high - low)) / step) * step);
      if (chart.from > 0) begin = format(" The bars begin at {}.", svg::format_value(chart.from, unit_));
    }
    return figure(
        name_of(c_, short_key(axis.key)), svg::bars(chart),
        format("{} of {}.{}{}", accuracy_ ? "Accuracy" : title_, accuracy_ ? "the test samples" : "the test set", begin,
               intervals ? " Thin lines are 95 % intervals." : ""));
  }

  const Context& c_;
  bool accuracy_;
  std::string title_;
  svg::Unit unit_;
};

}  // namespace

std::string sweep_section(Context& c) {
  const auto& sweep = c.result.sweep;
  if (sweep.empty()) return {};
  bool accuracy = false, numbers = false, notes = false;
  size_t rows = 0;
  std::vector<std::string> keys;
  for (const SweepRow& row : sweep) {
    accuracy |= any_accuracy(row.variants);
    numbers |= any_regression(row.variants);
    notes |= !row.note.empty();
    rows += std::max<size_t>(1, row.variants.size());
    for (const auto& [key, value] : row.settings)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    if (row.settings.empty() && std::find(keys.begin(), keys.end(), row.key) == keys.end()) keys.push_back(row.key);
  }
  if (keys.size() > 8) keys.resize(8);
  const size_t limit = shown(c, c.limits.sweep_rows, rows, "sweep rows");
  HtmlTable table;
  // A grid has a column per key; where each point sets one, one column says which and to what.
  const bool grid =
      std::any_of(sweep.begin(), sweep.end(), [](const SweepRow& row) { return row.settings.size() > 1; });
  if (!grid) keys = {"setting"};
  for (const std::string& key : keys) table.column(clip_text(short_key(key), c.limits.name), false);
  table.column("variant", false);
  if (accuracy) table.column("accuracy");
  if (numbers) regression_columns(table);
  table.column("file size").column("loss");
  if (numbers) more_regression_columns(table);
  table.column("parameters").column("multiply-accumulates");
  if (c.result.study.parameters_plus_kb) table.column("parameters + KB");
  if (notes) table.column("note", false);
  size_t done = 0;
  const auto settings = [&](const SweepRow& row) {
    table.begin_row(c.verdict.sweep >= 0 && &row == &sweep[static_cast<size_t>(c.verdict.sweep)]);
    for (const std::string& key : keys) {
      std::string text;
      for (const auto& [own, value] : row.settings)
        if (!grid || own == key) text = value.size() > 60 ? row.value : trimmed(value, " \"'");
      if (!grid) text = format("{} = {}", short_key(row.key), row.settings.empty() ? row.value : text);
      table.text(text.empty() ? "<span class=\"muted\">·</span>" : name_of(c, text));
    }
  };
  for (const SweepRow& row : sweep) {
    if (row.variants.empty() && done < limit) {
      ++done;
      settings(row);
      table.text("–");
      const size_t columns = 4 + (accuracy ? 1 : 0) + (numbers ? 4 : 0) + (c.result.study.parameters_plus_kb ? 1 : 0);
      for (size_t i = 0; i < columns; ++i) table.number(kAbsent, "–");
      if (notes) table.prose(row.note, 160);
    }
    for (size_t i = 0; i < row.variants.size() && done < limit; ++i, ++done) {
      const VariantResult& v = row.variants[i];
      settings(row);
      table.text(name_of(c, v.name));

      if (accuracy) table.number(v.accuracy, format_percent(v.accuracy), accuracy_below(v));
      if (numbers) regression_cells(table, v.regression);
      table.number(bytes_key(v.bytes), bytes_text(v.bytes)).number(v.loss, format_number(v.loss));
      if (numbers) more_regression_cells(table, v.regression);
      table.number(bytes_key(v.parameters), format_count(v.parameters));
      table.number(bytes_key(v.macs), format_count(v.macs));
      if (c.result.study.parameters_plus_kb) table.number(parameters_plus_kb(v), parameters_plus_kb_text(v));
      if (notes) table.prose(row.note, 160);
    }
  }
  return section("sweep", "Sweep", "What happens when settings of the recipe change; everything else stays as it is.",
                 format("<div class=\"grid\">{}</div><div style=\"height:16px\"></div>{}",
                        Plots(c, accuracy, numbers).all(), table.html()));
}

}  // namespace thimble::report
