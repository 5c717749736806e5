// Where a command's output goes: data to stdout, narration to stderr.
#include <cstdio>

#include <unistd.h>

#include "app/command.h"
#include "base/cpu.h"
#include "base/environment.h"

namespace thimble::app {

int Context::thread_count() const { return threads > 0 ? static_cast<int>(threads) : physical_cores(); }

bool Context::colour() const { return isatty(STDOUT_FILENO) == 1 && !environment(Knob::no_color); }

bool Context::draws_progress() const { return !quiet && isatty(STDERR_FILENO) == 1; }

void Context::print(std::string_view text) const { std::fwrite(text.data(), 1, text.size(), stdout); }

void Context::note(std::string_view line) const {
  if (!quiet) warn(line);
}

void Context::warn(std::string_view line) const {
  const std::string text = std::string(line) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void declare_common(Options& options, Context* context, bool* help) {
  options.section("Common options");
  options.flag("--json", &context->json, "one JSON document on stdout and nothing else");
  options.integer("--threads", &context->threads, "N", "threads to use (default: one per physical core)", 1, 256);
  options.text("--data-dir", &context->data_dir, "DIR", "where data sets lie (also THIMBLE_DATA)");
  options.flag("-q,--quiet", &context->quiet, "no narration and no progress on stderr");
  options.flag("-v,--verbose", &context->verbose, "more narration on stderr");
  options.flag("-h,--help", help, "this text");
  options.section("");
}

}  // namespace thimble::app
