// Where a command's output goes: data to stdout, narration to stderr.
#include <algorithm>
#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include "app/command.h"
#include "base/cpu.h"
#include "base/environment.h"
#include "measure/table.h"

namespace thimble::app {

int Context::thread_count() const { return threads > 0 ? static_cast<int>(threads) : physical_cores(); }

bool Context::colour() const { return isatty(STDOUT_FILENO) == 1 && !environment(Knob::no_color); }

bool Context::draws_progress() const { return !quiet && isatty(STDERR_FILENO) == 1; }

namespace {
bool g_progress_drawn = false;  // a progress line stands on stderr; the process has one terminal
bool g_printed = false;         // something stands on stdout

// Columns of the terminal behind a descriptor; 0 where there is none or it does not say.
int columns_of(int descriptor) {
  winsize size{};
  if (isatty(descriptor) != 1 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}
}  // namespace

namespace {
// Lines that are longer than the terminal is wide continue below, two columns further in; columns 0: as it is.
std::string broken_at_words(std::string_view text, int columns) {
  if (columns < 20) return std::string(text);
  std::string out;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line(text.substr(at, end - at));
    const size_t lead = std::min(line.find_first_not_of(' '), line.size());
    if (at > 0) out += '\n';
    if (display_width(line) <= columns)
      out += line;
    else
      out += std::string(lead, ' ') + filled(line.substr(lead), lead + 2, static_cast<size_t>(columns));
    at = end + 1;
  }
  return out;
}
}  // namespace

int Context::table_width() const {
  const int columns = columns_of(STDOUT_FILENO);
  return columns > 0 ? std::max(columns, 40) : 0;
}

int Context::progress_width() const {
  const int columns = columns_of(STDERR_FILENO);
  return (columns > 0 ? columns : 80) - 1;  // the last column stays free: a cursor there wraps
}

void Context::draw_progress(std::string_view line) const {
  if (!draws_progress()) return;
  const std::string text = "\r\x1b[K" + std::string(line);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  g_progress_drawn = true;
}

void Context::clear_progress() const {
  if (!g_progress_drawn) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  g_progress_drawn = false;
}

bool Context::printed() const { return g_printed; }

void Context::print(std::string_view text) const {
  clear_progress();
  g_printed = true;
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void Context::note(std::string_view line) const {
  if (!quiet) warn(line);
}

void Context::warn(std::string_view line) const {
  clear_progress();
  const std::string text = broken_at_words(line, columns_of(STDERR_FILENO)) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Context::say(std::string_view sentence) const {
  print(broken_at_words(sentence, columns_of(STDOUT_FILENO)) + "\n");
}

void declare_common(Options& options, Context* context, bool* help) {
  options.section("Common options");
  options.flag("--json", &context->json, "one JSON document on stdout and nothing else");
  options.integer("--threads", &context->threads, "N", "threads to use (default: one per physical core)", 1, 256);
  options.integer("--max-memory", &context->max_memory, "BYTES",
                  "working memory that a model may take (default: 4 GiB)", 1);
  options.text("--data-dir", &context->data_dir, "DIR", "where data sets lie (also THIMBLE_DATA)");
  options.flag("-q,--quiet", &context->quiet, "no narration and no progress on stderr");
  options.flag("-v,--verbose", &context->verbose, "more narration on stderr");
  options.flag("-h,--help", help, "this text");
  options.section("");
}

}  // namespace thimble::app
