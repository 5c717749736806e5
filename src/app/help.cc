// The text of --help, laid out from what a command declared.
#include "app/command.h"
#include "measure/table.h"

namespace thimble::app {

std::string filled(std::string_view text, size_t indent, size_t columns) {
  std::string out;
  for (const std::string& line :
       fill_lines(std::string(text), static_cast<int>(std::max(columns, indent + 10) - indent)))
    out += (out.empty() ? "" : "\n" + std::string(indent, ' ')) + line;
  return out;
}

namespace {

constexpr size_t kHelpColumn = 28, kWidth = 100;

std::string row_text(const OptionRow& row) {
  std::string head = "  ";
  if (row.positional) {
    head += row.names;
  } else {
    for (char c : row.names) head += c == ',' ? std::string(", ") : std::string(1, c);
    if (!row.placeholder.empty()) head += " " + row.placeholder;
  }
  const auto wide = static_cast<size_t>(display_width(head));
  if (wide + 2 > kHelpColumn)
    head += "\n" + std::string(kHelpColumn, ' ');
  else
    head += std::string(kHelpColumn - wide, ' ');
  return head + filled(row.help, kHelpColumn, kWidth) + "\n";
}

}  // namespace

std::string help_text(const CommandRow& command, const Options& options) {
  std::string text = "Examples:\n";
  const std::string& examples = options.example_text();
  for (size_t at = 0; at < examples.size();) {
    const size_t end = std::min(examples.find('\n', at), examples.size());
    if (end > at) text += "  " + examples.substr(at, end - at) + "\n";
    at = end + 1;
  }
  text += format("\nthimble {}: {}\n\nUsage: thimble {}", command.name, command.summary, command.name);
  for (const OptionRow& row : options.rows()) {
    if (!row.positional) continue;
    const std::string name = row.names + (row.repeatable ? "…" : "");
    text += row.required ? " " + name : " [" + name + "]";
  }
  for (const OptionRow& row : options.rows())
    if (!row.positional && row.required) text += " " + row.names.substr(0, row.names.find(',')) + " " + row.placeholder;
  text += " [options]\n";
  const std::string& about = options.about_text();
  for (size_t at = 0; at < about.size();) {  // paragraphs are filled; a line that is short by intent ends there
    std::string paragraph;
    const bool first = at == 0;
    for (bool more = true; more && at < about.size();) {
      const size_t end = std::min(about.find('\n', at), about.size());
      paragraph += (paragraph.empty() ? "" : " ") + about.substr(at, end - at);
      more = end - at > kWidth - 20;
      at = end + 1;
    }
    text += (first ? "\n" : "") + filled(paragraph, 0, kWidth) + "\n";
  }
  std::string section = "\n";
  for (int pass = 0; pass < 2; ++pass) {  // arguments first
    for (const OptionRow& row : options.rows()) {
      if (row.positional != (pass == 0)) continue;
      const std::string title = row.section.empty() ? "Options" : row.section;
      if (title != section) text += "\n" + title + ":\n";
      section = title;
      text += row_text(row);
    }
  }
  return text;
}

}  // namespace thimble::app
