// The frame of the command line: how a subcommand declares its options, and what it gets to run with.
// One file per subcommand defines `Action define_NAME(Options&)`; commands.h lists them. Parsing is
// CLI11's job and stays in command.cc, so that no other file compiles it; help and completion are
// printed from what was declared here.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thimble::app {

// What every command gets: the common options, and where to write.
struct Context {
  bool json = false;                    // --json: one JSON document on stdout and nothing else
  bool quiet = false, verbose = false;  // -q, -v
  int64_t threads = 0;                  // --threads; 0 when not given
  int64_t max_memory = 0;               // --max-memory, in bytes; 0 when not given
  std::string data_dir;                 // --data-dir; empty: the usual places
  std::vector<std::string> arguments;   // as typed, the program's name left out

  // --threads, or the number of physical cores.
  int thread_count() const;
  // Whether tables on stdout may be coloured (a terminal, NO_COLOR unset).
  bool colour() const;
  // Whether a progress line may be drawn on stderr (a terminal, no -q).
  bool draws_progress() const;
  // Columns that a table on stdout may take; 0 (any) where that is no terminal.
  int table_width() const;
  // Columns of a progress line: one less than the terminal of stderr has.
  int progress_width() const;
  // Replaces the progress line on stderr, where one may be drawn; whatever is printed next takes it away first.
  void draw_progress(std::string_view line) const;
  void clear_progress() const;
  // Data: to stdout as it stands. What could not be written is reported when the command has ended.
  void print(std::string_view text) const;
  // Whether there is any on stdout yet: with --json the document, to which no second one may be added.
  bool printed() const;
  // A sentence of the answer: as print, with a line break, and on a terminal broken at words.
  void say(std::string_view sentence) const;
  // One line of narration on stderr; nothing with -q. Narration on a terminal is broken at words.
  void note(std::string_view line) const;
  // A line that matters even with -q.
  void warn(std::string_view line) const;
};

// What a command does once its options are parsed.
using Action = std::function<Status(const Context&)>;

// One declared option or argument, as help and completion print it.
struct OptionRow {
  std::string names;        // "-o,--output"; "MODEL" for an argument
  std::string placeholder;  // "FILE"; empty for a flag
  std::string help;
  std::string section;             // heading in the help; empty: "Options"
  std::vector<std::string> words;  // the only values allowed; empty: any
  bool positional = false, required = false, repeatable = false;
};

// The options of one command. The pointers must stay valid while the action does: keep the struct
// they point into in a shared_ptr that the action holds. Targets keep their value when the option
// is not given, so their initial value is the default (say it in the help text).
class Options {
 public:
  Options();
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // Whole command lines, one per line, printed first in --help; "# …" lines are comments.
  Options& examples(std::string_view lines);
  // Paragraphs printed after the usage line.
  Options& about(std::string_view text);
  // The options declared from here on stand under this heading.
  Options& section(std::string_view title);

  Options& argument(const std::string& name, std::string* to, std::string_view help, bool required = true);
  Options& arguments(const std::string& name, std::vector<std::string>* to, std::string_view help,
                     bool required = false);
  // names: "-o,--output". Giving such an option twice is an error.
  Options& text(const std::string& names, std::string* to, const std::string& placeholder, std::string_view help,
                bool required = false);
  Options& texts(const std::string& names, std::vector<std::string>* to, const std::string& placeholder,
                 std::string_view help);  // may be given several times
  Options& choice(const std::string& names, std::string* to, std::vector<std::string> words, std::string_view help,
                  bool required = false);
  Options& integer(const std::string& names, int64_t* to, const std::string& placeholder, std::string_view help,
                   int64_t lowest = 0, int64_t highest = std::numeric_limits<int64_t>::max());
  Options& number(const std::string& names, double* to, const std::string& placeholder, std::string_view help,
                  double lowest = -std::numeric_limits<double>::max(),
                  double highest = std::numeric_limits<double>::max());
  Options& flag(const std::string& names, bool* to, std::string_view help,
                std::function<void()> given = {});  // --x or --x=false; `given` is called where it stands there

  // The same with a place of one's own for what was read; a value that `take` refuses is an error.
  using Take = std::function<Status(const std::string&)>;
  Options& value(const std::string& names, const std::string& placeholder, std::string_view help, Take take);
  Options& values(const std::string& names, const std::string& placeholder, std::string_view help, Take take);
  Options& choice(const std::string& names, std::vector<std::string> words, std::string_view help,
                  std::function<void(size_t)> take, bool required = false);
  Options& integer(const std::string& names, const std::string& placeholder, std::string_view help, int64_t lowest,
                   int64_t highest, std::function<void(int64_t)> take);
  Options& number(const std::string& names, const std::string& placeholder, std::string_view help, double lowest,
                  double highest, std::function<void(double)> take);

  // Options of another tool that mean nothing here: --x or --x=VALUE is accepted and its name goes to `given`.
  // They stand in no help and no completion.
  Options& ignored(std::vector<std::string> names, std::vector<std::string>* given);
  // What users of other tools type where this command has a recipe's key: an unknown --epochs is answered with
  // "--set train.epochs=3". A key that holds VALUE is a whole setting: "train.optimizer={adam=VALUE}".
  Options& elsewhere(const std::string& name, const std::string& key);

  const std::vector<OptionRow>& rows() const;
  const std::string& example_text() const;
  const std::string& about_text() const;
  // Words after the command's name. Errors: usage, with the nearest option as the hint.
  Status parse(const std::vector<std::string>& words, const std::string& command);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct CommandRow {
  const char* name;
  const char* summary;  // one line for `thimble --help`
  Action (*define)(Options&);
};

// --json, -q, -v, --threads, --data-dir, -h: what every command understands.
void declare_common(Options& options, Context* context, bool* help);

// `text` filled to so many columns; it begins at column `indent`, as do the lines that continue it.
std::string filled(std::string_view text, size_t indent, size_t columns);

// The whole text of `thimble NAME --help`; it begins with the examples.
std::string help_text(const CommandRow& command, const Options& options);

}  // namespace thimble::app
