#include "app/command.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <list>
#include <map>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/suggest.h"

namespace thimble::app {
namespace {

std::string last_name(const std::string& names) {
  const size_t comma = names.rfind(',');
  return comma == std::string::npos ? names : names.substr(comma + 1);
}

tl::unexpected<Error> wrong_value(const std::string& name, const std::string& value, std::string wanted) {
  return fail(ErrorCode::usage, format("{} is '{}'", name, value), "give " + wanted);
}

}  // namespace

struct Options::Impl {
  // Where a parsed value goes; called once per value, in order.
  struct Target {
    std::string name;
    std::function<Status(const std::string&)> take;
    size_t row = 0;  // in `rows`
    std::vector<std::string> values;
  };
  struct Flag {
    bool* to;
    bool value;
    CLI::Option* option;
    std::function<void()> given;
  };

  CLI::App app;
  std::vector<OptionRow> rows;
  std::list<Target> targets;  // stable addresses
  std::list<Flag> flags;
  std::string examples, about, section;
  std::vector<std::string> ignored_names;
  std::vector<std::string>* ignored_given = nullptr;
  std::map<std::string, std::string> elsewhere;  // --epochs → train.epochs

  Impl() {
    app.set_help_flag();
    app.allow_extras();
  }

  void add(OptionRow row, std::function<Status(const std::string&)> take) {
    row.section = row.positional ? "Arguments" : section;
    targets.push_back({last_name(row.names), std::move(take), rows.size(), {}});
    Target* target = &targets.back();
    CLI::Option* option = app.add_option(row.names, [target](const CLI::results_t& values) {
      target->values = values;
      return true;
    });
    if (row.positional && row.repeatable)
      option->expected(1, 1 << 20)->allow_extra_args();
    else
      option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    rows.push_back(std::move(row));
  }

  std::vector<std::string> option_names() const {
    std::vector<std::string> names;
    for (const OptionRow& row : rows) {
      if (row.positional) continue;
      for (size_t at = 0; at <= row.names.size();) {
        const size_t comma = std::min(row.names.find(',', at), row.names.size());
        names.push_back(row.names.substr(at, comma - at));
        at = comma + 1;
      }
    }
    return names;
  }

  // "--set train.epochs=3" for --epochs 3; empty where the option is of no other tool that we know.
  std::string elsewhere_hint(const std::string& extra, const std::vector<std::string>& words) const {
    const size_t equals = extra.find('=');
    const auto key = elsewhere.find(extra.substr(0, equals));
    if (key == elsewhere.end()) return {};
    std::string value = "VALUE";
    const auto at = std::ranges::find(words, extra);
    if (equals != std::string::npos)
      value = extra.substr(equals + 1);
    else if (at != words.end() && at + 1 != words.end() && !(at + 1)->starts_with("-"))
      value = *(at + 1);
    const size_t blank = key->second.find("VALUE");
    if (blank == std::string::npos) return format("that is a key of the recipe: --set {}={}", key->second, value);
    return format("that is a key of the recipe: --set '{}{}{}'", key->second.substr(0, blank), value,
                  key->second.substr(blank + 5));
  }

  // What CLI11 could not place: an unknown option, or one argument too many.
  Status check_extras(const std::vector<std::string>& words, const std::string& command) const {
    const std::vector<std::string> extras = app.remaining();
    for (const std::string& extra : extras) {
      if (extra.size() < 2 || extra[0] != '-') continue;
      const std::string bare = extra.substr(0, extra.find('='));
      std::string hint = elsewhere_hint(extra, words);
      if (hint.empty()) hint = did_you_mean(bare, option_names());
      if (hint.empty()) hint = format("'thimble {} --help' lists the options", command);
      return fail(ErrorCode::usage, format("thimble {} has no option '{}'", command, bare), hint);
    }
    if (!extras.empty())
      return fail(ErrorCode::usage, format("thimble {} does not expect the argument '{}'", command, extras[0]),
                  format("see 'thimble {} --help'", command));
    return {};
  }
};

Options::Options() : impl_(std::make_unique<Impl>()) {}
Options::~Options() = default;

Options& Options::examples(std::string_view lines) {
  impl_->examples = lines;
  return *this;
}
Options& Options::about(std::string_view text) {
  impl_->about = text;
  return *this;
}
Options& Options::section(std::string_view title) {
  impl_->section = title;
  return *this;
}

Options& Options::argument(const std::string& name, std::string* to, std::string_view help, bool required) {
  impl_->add({name, name, std::string(help), "", {}, true, required, false}, [to](const std::string& v) -> Status {
    *to = v;
    return {};
  });
  return *this;
}

Options& Options::arguments(const std::string& name, std::vector<std::string>* to, std::string_view help,
                            bool required) {
  impl_->add({name, name, std::string(help), "", {}, true, required, true}, [to](const std::string& v) -> Status {
    to->push_back(v);
    return {};
  });
  return *this;
}

Options& Options::value(const std::string& names, const std::string& placeholder, std::string_view help, Take take) {
  impl_->add({names, placeholder, std::string(help), "", {}, false, false, false}, std::move(take));
  return *this;
}

Options& Options::values(const std::string& names, const std::string& placeholder, std::string_view help, Take take) {
  impl_->add({names, placeholder, std::string(help), "", {}, false, false, true}, std::move(take));
  return *this;
}

Options& Options::text(const std::string& names, std::string* to, const std::string& placeholder, std::string_view help,
                       bool required) {
  impl_->add({names, placeholder, std::string(help), "", {}, false, required, false},
             [to](const std::string& v) -> Status {
               *to = v;
               return {};
             });
  return *this;
}

Options& Options::texts(const std::string& names, std::vector<std::string>* to, const std::string& placeholder,
                        std::string_view help) {
  return values(names, placeholder, help, [to](const std::string& v) -> Status {
    to->push_back(v);
    return {};
  });
}

Options& Options::choice(const std::string& names, std::vector<std::string> words, std::string_view help,
                         std::function<void(size_t)> put, bool required) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : "|") + word;
  auto take = [put = std::move(put), words, all, name = last_name(names)](const std::string& v) -> Status {
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] != v) continue;
      put(i);
      return {};
    }
    const std::string guess = did_you_mean(v, words);
    return fail(ErrorCode::usage, format("{} is '{}', which is none of {}", name, v, all),
                guess.empty() ? "give one of " + all : guess);
  };
  impl_->add({names, all, std::string(help), "", words, names[0] != '-', required, false}, take);
  return *this;
}

Options& Options::choice(const std::string& names, std::string* to, std::vector<std::string> words,
                         std::string_view help, bool required) {
  return choice(
      names, words, help, [to, words](size_t at) { *to = words[at]; }, required);
}

Options& Options::integer(const std::string& names, const std::string& placeholder, std::string_view help,
                          int64_t lowest, int64_t highest, std::function<void(int64_t)> put) {
  return value(names, placeholder, help,
               [put = std::move(put), lowest, highest, name = last_name(names)](const std::string& v) -> Status {
                 int64_t value = 0;
                 const auto [end, error] = std::from_chars(v.data(), v.data() + v.size(), value);
                 if (error != std::errc() || end != v.data() + v.size()) return wrong_value(name, v, "a whole number");
                 if (value < lowest || value > highest)
                   return wrong_value(name, v,
                                      highest == std::numeric_limits<int64_t>::max()
                                          ? format("a whole number of at least {}", lowest)
                                          : format("a whole number from {} to {}", lowest, highest));
                 put(value);
                 return {};
               });
}

Options& Options::integer(const std::string& names, int64_t* to, const std::string& placeholder, std::string_view help,
                          int64_t lowest, int64_t highest) {
  return integer(names, placeholder, help, lowest, highest, [to](int64_t v) { *to = v; });
}

Options& Options::number(const std::string& names, const std::string& placeholder, std::string_view help, double lowest,
                         double highest, std::function<void(double)> put) {
  return value(names, placeholder, help,
               [put = std::move(put), lowest, highest, name = last_name(names)](const std::string& v) -> Status {
                 double value = 0;
                 const auto [end, error] = std::from_chars(v.data(), v.data() + v.size(), value);
                 if (error != std::errc() || end != v.data() + v.size() || !std::isfinite(value))
                   return wrong_value(name, v, "a number");
                 if (value < lowest) return wrong_value(name, v, format("a number of at least {}", lowest));
                 if (value > highest) return wrong_value(name, v, format("a number of at most {}", highest));
                 put(value);
                 return {};
               });
}

Options& Options::number(const std::string& names, double* to, const std::string& placeholder, std::string_view help,
                         double lowest, double highest) {
  return number(names, placeholder, help, lowest, highest, [to](double v) { *to = v; });
}

Options& Options::flag(const std::string& names, bool* to, std::string_view help, std::function<void()> given) {
  OptionRow row{names, "", std::string(help), impl_->section, {}, false, false, false};
  impl_->flags.push_back({to, *to, nullptr, std::move(given)});
  Impl::Flag& flag = impl_->flags.back();
  flag.option = impl_->app.add_flag(names, flag.value);
  impl_->rows.push_back(std::move(row));
  return *this;
}

Options& Options::ignored(std::vector<std::string> names, std::vector<std::string>* given) {
  impl_->ignored_names = std::move(names);
  impl_->ignored_given = given;
  return *this;
}

Options& Options::elsewhere(const std::string& name, const std::string& key) {
  impl_->elsewhere[name] = key;
  return *this;
}

const std::vector<OptionRow>& Options::rows() const { return impl_->rows; }
const std::string& Options::example_text() const { return impl_->examples; }
const std::string& Options::about_text() const { return impl_->about; }

Status Options::parse(const std::vector<std::string>& words, const std::string& command) {
  Impl& impl = *impl_;
  std::vector<std::string> own;
  for (const std::string& word : words) {
    const std::string bare = word.substr(0, word.find('='));
    if (std::ranges::find(impl.ignored_names, bare) == impl.ignored_names.end())
      own.push_back(word);
    else
      impl.ignored_given->push_back(bare);
  }
  try {
    impl.app.parse(std::vector<std::string>(own.rbegin(), own.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    THIMBLE_TRY(impl.check_extras(words, command));
    return fail(ErrorCode::usage, format("thimble {}: {}", command, error.what()),
                format("see 'thimble {} --help'", command));
  }
  THIMBLE_TRY(impl.check_extras(words, command));
  bool help = false;
  for (Impl::Flag& flag : impl.flags) {
    if (flag.option->count() > 0) {
      *flag.to = flag.value;
      if (flag.given) flag.given();
    }
    if (flag.option->check_lname("help") && flag.value) help = true;
  }
  if (help) return {};
  for (Impl::Target& target : impl.targets) {
    const OptionRow& row = impl.rows[target.row];
    if (target.values.empty() && row.required)
      return fail(ErrorCode::usage, format("thimble {} needs {}", command, target.name),
                  format("see the examples in 'thimble {} --help'", command));
    if (!row.repeatable && target.values.size() > 1)
      return fail(ErrorCode::usage, format("{} is given {} times", target.name, target.values.size()), "give it once");
    for (const std::string& value : target.values) THIMBLE_TRY(target.take(value));
  }
  return {};
}

}  // namespace thimble::app
