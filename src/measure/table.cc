#include "measure/table.h"

#include <algorithm>

#include "measure/text.h"

namespace thimble {

namespace {
int width_of(char32_t c) {
  if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || (c >= 0xfe00 && c <= 0xfe0f)) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
                    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
  return wide ? 2 : 1;
}

std::string clean(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

void append_padded(std::string& out, const std::string& cell, int width, Align align) {
  const auto gap = static_cast<size_t>(std::max(0, width - display_width(cell)));
  if (align == Align::right) out.append(gap, ' ');
  out += cell;
  if (align == Align::left) out.append(gap, ' ');
}

void trim_right(std::string& line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
}

const char* escape_of(Tone tone) {
  switch (tone) {
    case Tone::good: return "\x1b[32m";
    case Tone::bad: return "\x1b[31m";
    case Tone::dim: return "\x1b[2m";
    case Tone::strong: return "\x1b[1m";
    case Tone::plain: break;
  }
  return "";
}

void append_line(std::string& out, const std::string& line, const std::string& tone) {
  out += tone;
  out += line;
  if (!tone.empty()) out += "\x1b[0m";
  out += '\n';
}

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '<') out += '\\';
    out += c;
  }
  return out;
}
}  // namespace

int display_width(const std::string& text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint p = decode_utf8(text, at);
    width += width_of(p.code);
    at += p.bytes;
  }
  return width;
}

std::vector<std::string> fill_lines(const std::string& text, int columns) {
  std::vector<std::string> lines(1);
  int used = 0;
  bool begun = false;  // a word stands in the line
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const int wide = display_width(word);
    if (begun && used + 1 + wide > columns) {
      trim_right(lines.back());
      lines.emplace_back();
      used = 0;
      begun = false;
      if (word.empty()) {  // a gap of several spaces ends the line
        at = end + 1;
        continue;
      }
    } else if (begun) {
      lines.back() += ' ';
      ++used;
    }
    lines.back() += word;
    used += wide;
    begun = true;
    at = end + 1;
  }
  trim_right(lines.back());
  if (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return lines;
}

TextTable& TextTable::column(std::string header, Align align) {
  columns_.push_back({clean(std::move(header)), align});
  return *this;
}

TextTable& TextTable::row(std::vector<std::string> cells, Tone tone) {
  for (std::string& cell : cells) cell = clean(std::move(cell));
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), tone, false});
  return *this;
}

TextTable& TextTable::rule() {
  rows_.push_back({std::vector<std::string>(columns_.size()), Tone::plain, true});
  return *this;
}

std::string TextTable::text(bool colour, int width) const {
  std::vector<int> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    int widest = display_width(columns_[c].header);
    for (const Row& row : rows_) widest = std::max(widest, display_width(row.cells[c]));
    widths.push_back(widest);
  }
  std::string out;
  for (size_t next = 0; next < columns_.size();) {
    std::vector<size_t> columns;
    if (next > 0) columns.push_back(0);
    int used = next > 0 ? widths[0] : 0;
    for (; next < columns_.size(); ++next) {
      const int more = widths[next] + (columns.empty() ? 0 : 2);
      // At least one column beside the first, however wide.
      if (width > 0 && used + more > width && columns.size() > 1) break;
      columns.push_back(next);
      used += more;
    }
    if (!out.empty()) out += '\n';
    out += part(colour, widths, columns, width);
  }
  return out;
}

// These columns only.
std::string TextTable::part(bool colour, std::vector<int> widths, const std::vector<size_t>& columns, int width) const {
  // The last column gives way where it is text.
  int used = 0;
  for (size_t c : columns) used += widths[c] + (c == columns.front() ? 0 : 2);
  const size_t last = columns.back();
  constexpr int kLeastText = 20;
  if (width > 0 && used > width && columns_[last].align == Align::left)
    widths[last] = std::max(std::min(widths[last], kLeastText), widths[last] - (used - width));
  std::string rule;
  bool any_header = false;
  for (size_t c : columns) {
    any_header |= !columns_[c].header.empty();
    if (c != columns.front()) rule += "  ";
    for (int i = 0; i < widths[c]; ++i) rule += "─";
  }
  const auto line_of = [&](auto&& cell_of) {
    std::string line;
    for (size_t c : columns) {
      if (c != columns.front()) line += "  ";
      append_padded(line, cell_of(c), widths[c], columns_[c].align);
    }
    trim_right(line);
    return line;
  };
  std::string out;
  if (any_header) {
    const std::string head = line_of([&](size_t c) -> const std::string& { return columns_[c].header; });
    append_line(out, head, colour ? "\x1b[1m" : "");
    append_line(out, rule, "");
  }
  static const std::string kEmpty;
  for (const Row& row : rows_) {
    if (row.is_rule) {
      append_line(out, rule, "");
      continue;
    }
    const bool fits = display_width(row.cells[last]) <= widths[last];
    const std::vector<std::string> text =
        fits ? std::vector<std::string>{row.cells[last]} : fill_lines(row.cells[last], widths[last]);
    for (size_t i = 0; i < text.size(); ++i) {
      const std::string line = line_of([&](size_t c) -> const std::string& {
        return c == last ? text[i] : i == 0 ? row.cells[c] : kEmpty;
      });
      append_line(out, line, colour ? escape_of(row.tone) : "");
    }
  }
  return out;
}

std::string TextTable::markdown() const {
  std::string out = "|", under = "|";
  for (const Column& column : columns_) {
    out += ' ';
    out += markdown_cell(column.header);
    out += " |";
    under += column.align == Align::right ? "---:|" : "---|";
  }
  out += '\n';
  out += under;
  out += '\n';
  for (const Row& row : rows_) {
    if (row.is_rule) continue;
    out += "|";
    for (const std::string& cell : row.cells) {
      out += ' ';
      out += markdown_cell(cell);
      out += " |";
    }
    out += "\n";
  }
  return out;
}

}  // namespace thimble
