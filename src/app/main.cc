// The program: finds the subcommand, parses its options, runs it, turns an Error into a message and
// an exit code. Whatever a library throws ends here.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/version.h"
#include "base/environment.h"
#include "base/log.h"
#include "base/suggest.h"
#include "kernels/kernels.h"
#include "runtime/limits.h"

namespace thimble::app {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  thimble inspect model.tflite\n"
    "  thimble run model.tflite cat.jpg --labels labels.txt --top 3\n"
    "  thimble run --help\n";

std::string program_help() {
  std::string text = format(
      "{}\nthimble {}: train, compress, measure and run small neural networks\n\n"
      "Usage: thimble COMMAND [arguments] [options]\n\nCommands:\n",
      kExamples, version());
  for (const CommandRow& row : commands()) text += format("  {:<12} {}\n", row.name, row.summary);
  text +=
      "\nEvery command has --help (which begins with examples), --json, -q, -v, --threads and --data-dir.\n"
      "thimble --version [--json] lists the version, instruction sets and licences.\n"
      "Exit codes: 0 ok, 1 internal, disk or memory, 2 usage, 3 model unsupported, 4 bad file, 5 gate failed,\n"
      "130 interrupted.\n";
  return text;
}

Error unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const CommandRow& row : commands()) names.emplace_back(row.name);
  std::string hint = did_you_mean(word, names);
  if (hint.empty()) hint = "'thimble --help' lists the commands";
  return {ErrorCode::usage, format("thimble has no command '{}'", word), {}, hint};
}

// Common options may also stand before the command: they move behind it. Returns the command's
// position, or words.size().
size_t command_position(const std::vector<std::string>& words) {
  size_t at = 0;
  while (at < words.size() && words[at].size() > 1 && words[at][0] == '-') {
    const bool has_value = words[at] == "--threads" || words[at] == "--data-dir";
    at += has_value ? 2 : 1;
  }
  return std::min(at, words.size());
}

// Lines of the libraries, on stderr.
void write_log_line(LogLevel level, std::string_view text, void* context) {
  static_cast<const Context*>(context)->warn(std::string(level == LogLevel::warning ? "warning: " : "") +
                                             std::string(text));
}

// A misspelt instruction set would be measured as the fastest one.
Status check_instruction_set() {
  const auto wanted = environment(Knob::isa);
  if (!wanted) return {};
  std::vector<std::string> names;
  for (const KernelTable* table : available_kernels()) names.emplace_back(name(table->isa));
  if (std::find(names.begin(), names.end(), *wanted) != names.end()) return {};
  return fail(ErrorCode::usage, format("THIMBLE_ISA is '{}', which is no instruction set of this machine", *wanted),
              did_you_mean_or_all(*wanted, names));
}

Status dispatch(const std::vector<std::string>& words, Context* context) {
  const size_t at = command_position(words);
  const std::vector<std::string> before(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
  if (at == words.size()) {
    for (const std::string& word : words) {
      if (word == "--version") {
        context->print(context->json ? version_json() + "\n" : version_text());
        return {};
      }
      if (word == "--help" || word == "-h") {
        context->print(program_help());
        return {};
      }
    }
    for (const std::string& word : words)
      if (word != "--json" && word != "-q" && word != "-v")
        return fail(ErrorCode::usage, format("thimble has no option '{}'", word), "see 'thimble --help'");
    return fail(ErrorCode::usage, "no command is given", "see 'thimble --help'");
  }
  const std::string& name = words[at];
  if (name == "help") {
    const CommandRow* about = at + 1 < words.size() ? find_command(words[at + 1]) : nullptr;
    if (!about && at + 1 < words.size()) return tl::unexpected<Error>(unknown_command(words[at + 1]));
    return dispatch(about ? std::vector<std::string>{about->name, "--help"} : std::vector<std::string>{"--help"},
                    context);
  }
  const CommandRow* command = find_command(name);
  if (!command) return tl::unexpected<Error>(unknown_command(name));

  Options options;
  bool help = false;
  const Action action = command->define(options);
  declare_common(options, context, &help);
  std::vector<std::string> rest = before;
  rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  THIMBLE_TRY(options.parse(rest, name));
  if (help) {
    context->print(help_text(*command, options));
    return {};
  }
  if (context->max_memory > 0) set_arena_limit(context->max_memory);
  THIMBLE_TRY(check_instruction_set());
  set_log_sink(write_log_line, context,
               context->quiet ? LogLevel::warning : (context->verbose ? LogLevel::debug : LogLevel::info));
  return action(*context);
}

Status guarded(const std::vector<std::string>& words, Context* context) {
  try {
    return dispatch(words, context);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::out_of_memory, "out of memory", "give the process more memory, or less work");
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, format("unexpected failure: {}", error.what()));
  }
}

int program(int argc, char** argv) {
  install_interrupt_handler();
  Context context;
  context.arguments.assign(argv + 1, argv + argc);
  for (const std::string& word : context.arguments) context.json = context.json || word == "--json";
  Status status = guarded(context.arguments, &context);
  const bool wrote = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (status && !wrote)
    status = fail(ErrorCode::io, format("cannot write to the standard output: {}", std::strerror(errno)));
  set_log_sink(nullptr);
  if (status) return 0;
  if (context.json && !context.printed())
    context.print(format("{{\"schema\":\"thimble.error/1\",\"error\":{}}}\n", status.error().to_json()));
  else
    context.warn(status.error().to_string());
  std::fflush(stdout);
  return exit_code(status.error().code);
}

}  // namespace
}  // namespace thimble::app

int main(int argc, char** argv) { return thimble::app::program(argc, argv); }
