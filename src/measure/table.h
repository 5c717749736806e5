// Aligned text tables for terminals: columns as wide as their widest cell (UTF-8 aware), numbers to
// the right, header underlined, optional colour.
#pragma once

#include <string>
#include <vector>

namespace thimble {

enum class Align { left, right };
enum class Tone { plain, good, bad, dim, strong };

class TextTable {
 public:
  // A column without a header is allowed ("").
  TextTable& column(std::string header, Align align = Align::left);
  // Missing cells are empty, surplus ones ignored. Control characters become spaces.
  TextTable& row(std::vector<std::string> cells, Tone tone = Tone::plain);
  TextTable& rule();  // a horizontal line
  // colour: ANSI escapes (the caller decides: terminal, NO_COLOR). width > 0: a wider table continues below, the
  // first column repeated; a column of text that is too wide even so is filled into several lines. Ends with a line
  // break.
  std::string text(bool colour = false, int width = 0) const;
  // The same as a Markdown table (rules left out, | escaped).
  std::string markdown() const;

 private:
  struct Column {
    std::string header;
    Align align;
  };
  struct Row {
    std::vector<std::string> cells;
    Tone tone = Tone::plain;
    bool is_rule = false;
  };
  std::string part(bool colour, std::vector<int> widths, const std::vector<size_t>& columns, int width) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

// The text in lines of at most so many columns (at least 1), broken at spaces; a word that is longer stands alone.
std::vector<std::string> fill_lines(const std::string& text, int columns);
// Columns that the text takes on a terminal: code points, combining marks as 0, wide ones as 2.
int display_width(const std::string& text);

}  // namespace thimble
