// `thimble completion`: scripts for bash, zsh and fish, made from what the commands declare.
#include <algorithm>

#include "app/commands.h"
#include "base/json.h"
#include "data/sources.h"

namespace thimble::app {
namespace {

struct OptionWord {
  std::string name, placeholder, help;
  std::vector<std::string> values;
  bool presets = false;  // values: the presets of the recipe on the line
};
struct CommandWords {
  std::string name, summary;
  std::vector<OptionWord> options;       // one per spelling
  std::vector<std::string> first_words;  // values of the first argument, when it is a choice
};

// What --data may begin with: "mnist", "folder:".
std::vector<std::string> set_words() {
  std::vector<std::string> words;
  for (const SetInfo& set : list_sets()) {
    const std::string word = set.name.substr(0, std::min(set.name.find(':'), set.name.size() - 1) + 1);
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  return words;
}

std::vector<CommandWords> all_words() {
  const std::vector<std::string> sets = set_words();
  std::vector<CommandWords> all;
  for (const CommandRow& row : commands()) {
    Options options;
    Context context;
    bool help = false;
    const Action action = row.define(options);
    declare_common(options, &context, &help);
    CommandWords words{row.name, row.summary, {}, {}};
    for (const OptionRow& option : options.rows()) {
      if (option.positional) {
        if (words.first_words.empty()) words.first_words = option.words;
        continue;
      }
      for (size_t at = 0; at <= option.names.size();) {
        const size_t comma = std::min(option.names.find(',', at), option.names.size());
        const std::string name = option.names.substr(at, comma - at);
        words.options.push_back({name, option.placeholder, option.help,
                                 option.placeholder == "SET" ? sets : option.words, name == "--preset"});
        at = comma + 1;
      }
    }
    all.push_back(std::move(words));
  }
  return all;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// For single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string names_of(const CommandWords& command) {
  std::vector<std::string> names;
  for (const OptionWord& word : command.options) names.push_back(word.name);
  return joined(names);
}

std::string bash(const std::vector<CommandWords>& all) {
  std::vector<std::string> names;
  for (const CommandWords& command : all) names.push_back(command.name);
  std::string text =
      "# thimble completion for bash: source <(thimble completion bash)\n"
      "_thimble() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      joined(names) +
      " --help --version' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CommandWords& command : all) {
    text += "    " + command.name + ")\n      case $before in\n";
    for (const OptionWord& word : command.options)
      if (word.presets)
        text += "        " + word.name +
                ")\n          local recipe\n          for recipe in \"${COMP_WORDS[@]}\"; do\n            [[ $recipe "
                "== *.toml ]] && "
                "COMPREPLY=($(compgen -W \"$(thimble words presets \"$recipe\" --plain 2>/dev/null)\" -- \"$word\"))\n"
                "          done\n          return;;\n";
      else if (!word.values.empty())
        text += "        " + word.name + ") COMPREPLY=($(compgen -W '" + joined(word.values) +
                "' -- \"$word\")); return;;\n";
    text += "      esac\n      if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W '" + names_of(command) +
            "' -- \"$word\"))\n        return\n      fi\n";
    if (!command.first_words.empty())
      text += "      if [ \"$COMP_CWORD\" -eq 2 ]; then\n        COMPREPLY=($(compgen -W '" +
              joined(command.first_words) + "' -- \"$word\"))\n        return\n      fi\n";
    text += "      ;;\n";
  }
  return text +
         "  esac\n  COMPREPLY=($(compgen -f -- \"$word\"))\n}\ncomplete -o filenames -o bashdefault -F _thimble "
         "thimble\n";
}

// Colons part the fields of zsh's descriptions.
std::string escaped_colons(std::string text) {
  for (size_t at = 0; (at = text.find(':', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\:");
  return text;
}

std::string zsh(const std::vector<CommandWords>& all) {
  std::string text =
      "#compdef thimble\n# thimble completion for zsh: thimble completion zsh > ~/.zfunc/_thimble\n"
      "_thimble() {\n  local -a commands\n  commands=(\n";
  for (const CommandWords& command : all) {
    text += "    " + quoted(command.name + ":" + escaped_colons(command.summary)) + "\n";
  }
  text += "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n";
  for (const CommandWords& command : all) {
    text += "    " + command.name + ")\n      _arguments -s \\\n";
    for (const OptionWord& word : command.options) {
      std::string help;
      for (char c : word.help) help += (c == '[' || c == ']' || c == ':') ? std::string("\\") + c : std::string(1, c);
      std::string line = word.name +
                         (word.placeholder.empty()      ? ""
                          : word.name.starts_with("--") ? "="
                                                        : "+") +
                         "[" + help + "]";
      if (word.presets)
        line += ":value:{compadd -- $(thimble words presets ${(M)words[@]:#*.toml} --plain 2>/dev/null)}";
      else if (!word.values.empty())
        line += ":value:(" + escaped_colons(joined(word.values)) + ")";
      else if (!word.placeholder.empty())
        line += ":value:_files";
      text += "        " + quoted(line) + " \\\n";
    }
    text += command.first_words.empty()
                ? "        '*:file:_files'\n"
                : "        " + quoted("2:action:(" + joined(command.first_words) + ")") + " '*:file:_files'\n";
    text += "      ;;\n";
  }
  return text + "  esac\n}\n_thimble \"$@\"\n";
}

std::string fish(const std::vector<CommandWords>& all) {
  std::string text =
      "# thimble completion for fish: thimble completion fish > ~/.config/fish/completions/thimble.fish\n";
  for (const CommandWords& command : all) {
    text +=
        "complete -c thimble -n __fish_use_subcommand -f -a " + command.name + " -d " + quoted(command.summary) + "\n";
    const std::string when = "-n " + quoted("__fish_seen_subcommand_from " + command.name);
    for (const OptionWord& word : command.options) {
      const bool is_long = word.name.starts_with("--");
      text += "complete -c thimble " + when + (is_long ? " -l " + word.name.substr(2) : " -s " + word.name.substr(1));
      if (word.presets)
        text += " -x -a " +
                quoted("(thimble words presets (commandline -opc | string match '*.toml') --plain 2>/dev/null)");
      else if (!word.values.empty())
        text += " -x -a " + quoted(joined(word.values));
      else if (!word.placeholder.empty())
        text += " -r";
      text += " -d " + quoted(word.help) + "\n";
    }
    if (!command.first_words.empty())
      text += "complete -c thimble " + when + " -f -a " + quoted(joined(command.first_words)) + "\n";
  }
  return text;
}

}  // namespace

Action define_completion(Options& options) {
  auto shell = std::make_shared<std::string>();
  options.examples(
      "source <(thimble completion bash)\n"
      "thimble completion zsh > ~/.zfunc/_thimble\n"
      "thimble completion fish > ~/.config/fish/completions/thimble.fish\n");
  options.choice("SHELL", shell.get(), {"bash", "zsh", "fish"}, "the shell to complete in", true);
  return [shell](const Context& context) -> Status {
    const std::vector<CommandWords> all = all_words();
    const std::string script = *shell == "bash" ? bash(all) : *shell == "zsh" ? zsh(all) : fish(all);
    if (context.json) {
      JsonWriter json;
      json.begin_object()
          .field("schema", "thimble.completion/1")
          .field("shell", *shell)
          .field("script", script)
          .end_object();
      context.print(json.take() + "\n");
    } else {
      context.print(script);
    }
    return {};
  };
}

}  // namespace thimble::app
