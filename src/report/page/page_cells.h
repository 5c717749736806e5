// A report's page as a reader sees it: its tables, cell by cell, and the numbers that the cells show. Used by tests
// only.
#pragma once

#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace thimble {

struct Cell {
  std::string text;   // without markup
  std::string below;  // the paler lines, joined by " | "
  bool number = false;
  std::string key;  // what a click on the heading sorts by
};
struct Table {
  std::string section, above;  // its section's id; the heading or summary before it
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

inline std::string between(const std::string& text, const std::string& open, const std::string& close,
                           size_t from = 0) {
  const size_t begin = text.find(open, from);
  if (begin == std::string::npos) return {};
  return text.substr(begin + open.size(), text.find(close, begin + open.size()) - begin - open.size());
}

inline std::string plain(std::string html) {
  for (const auto& [from, to] : {std::pair{"<br>", " | "}, {"<small", " | <small"}})
    for (size_t at = 0; (at = html.find(from, at)) != std::string::npos; at += std::string(to).size())
      html.replace(at, std::string(from).size(), to);
  std::string text;
  bool tag = false;
  for (char c : html) {
    if (c == '<') tag = true;
    if (!tag) text += c;
    if (c == '>') tag = false;
  }
  for (const auto& [entity, character] :
       {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&#39;", "'"}, {"&quot;", "\""}, {"&amp;", "&"}})
    for (size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at)
      text.replace(at, std::string(entity).size(), character);
  return text;
}

inline Cell cell_of(const std::string& html) {
  Cell cell;
  const size_t body = html.find('>') + 1;
  cell.number = html.starts_with(" class=\"n\"");
  if (cell.number) cell.key = between(html, "data-v=\"", "\"");
  const std::string all = plain(html.substr(body));
  const size_t bar = all.find(" | ");
  cell.text = all.substr(0, bar);
  if (bar != std::string::npos) cell.below = all.substr(bar + 3);
  return cell;
}

inline std::vector<std::string> pieces(const std::string& text, const std::string& open, const std::string& close) {
  std::vector<std::string> all;
  for (size_t at = 0; (at = text.find(open, at)) != std::string::npos; ++at)
    all.push_back(between(text, open, close, at));
  return all;
}

inline std::vector<Table> tables_of(const std::string& page) {
  std::vector<Table> all;
  for (const std::string& section : pieces(page, "<section id=\"", "</section>"))
    for (size_t at = 0; (at = section.find("<table>", at)) != std::string::npos; ++at) {
      Table table;
      table.section = section.substr(0, section.find('"'));
      const std::string before = section.substr(0, at);
      const size_t h3 = before.rfind("<h3"), summary = before.rfind("<summary>"), end = before.rfind("</details>");
      const bool inside = summary != std::string::npos && (end == std::string::npos || summary > end);
      if (inside)
        table.above = plain(between(before, "<summary>", "</summary>", summary));
      else if (h3 != std::string::npos)
        table.above = plain(between(before, ">", "</h3>", h3));
      const std::string body = section.substr(at, section.find("</table>", at) - at);
      for (const std::string& head : pieces(between(body, "<thead>", "</thead>"), "<th", "</th>"))
        table.columns.push_back(plain(head.substr(head.find('>') + 1)));
      EXPECT_FALSE(table.columns.empty()) << table.section << ": " << table.above;
      const size_t rows = body.find("<tbody>");
      for (const std::string& row : pieces(body.substr(rows), "<tr", "<tr")) {  // rows are not closed in HTML
        table.rows.emplace_back();
        for (const std::string& cell : pieces(row, "<td", "</td>")) table.rows.back().push_back(cell_of(cell));
        EXPECT_EQ(table.rows.back().size(), table.columns.size()) << table.section << ": " << table.above;
      }
      all.push_back(std::move(table));
    }
  return all;
}

struct Shown {
  double value = 0, step = 0;  // of its last digit
};

// "128,266", "91.49 %", "516 KB", "41.1 µs", "3 min 05 s", "11.8 k". Gives bytes, fractions, and times in units of
// which a second has `second`. False where the text is no such number.
inline bool read_shown(const std::string& text, double second, Shown* out) {
  std::string digits;
  size_t at = 0;
  for (; at < text.size() && (std::isdigit(static_cast<unsigned char>(text[at])) || text[at] == '.' ||
                              text[at] == ',' || text[at] == '-' || text[at] == 'e' || text[at] == '+');
       ++at)
    if (text[at] != ',') digits += text[at];
  if (digits.empty()) return false;
  out->value = std::strtod(digits.c_str(), nullptr);
  const size_t exponent = digits.find('e'), point = digits.find('.');
  const double power = exponent == std::string::npos ? 0 : std::strtod(digits.c_str() + exponent + 1, nullptr);
  const size_t end = std::min(exponent, digits.size());
  out->step = std::pow(10, power - (point == std::string::npos ? 0 : static_cast<double>(end - point - 1)));
  const std::string unit = text.substr(std::min(at + 1, text.size()));
  int minutes = 0, seconds = 0;
  if (std::sscanf(text.c_str(), "%d min %d s", &minutes, &seconds) == 2) {
    *out = {second * (60 * minutes + seconds), second};
    return true;
  }
  static const std::map<std::string, double> kUnits = {{"", 1},     {"B", 1},   {"KB", 1e3}, {"MB", 1e6},
                                                       {"%", 0.01}, {"k", 1e3}, {"M", 1e6}};
  const std::map<std::string, double> times = {
      {"ns", 1e-9 * second}, {"µs", 1e-6 * second}, {"ms", 1e-3 * second}, {"s", second}};
  double factor = 0;
  if (const auto found = kUnits.find(unit); found != kUnits.end()) factor = found->second;
  if (const auto found = times.find(unit); found != times.end()) factor = found->second;
  if (factor == 0) return false;
  out->value *= factor, out->step *= factor;
  return true;
}

inline void expect_shown(const std::string& text, double value, double second, const std::string& where) {
  Shown shown;
  ASSERT_TRUE(read_shown(text, second, &shown)) << where << ": \"" << text << "\" is no number";
  EXPECT_LE(std::fabs(shown.value - value), shown.step * 0.5 * (1 + 1e-9) + 1e-12 * std::fabs(value))
      << where << ": \"" << text << "\" stands for " << value;
}

}  // namespace thimble
