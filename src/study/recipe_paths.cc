#include "study/recipe_paths.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "base/suggest.h"
#include "train/layers.h"

namespace thimble {
namespace {

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= path.size()) {
    const size_t dot = std::min(path.find('.', start), path.size());
    parts.push_back(path.substr(start, dot - start));
    start = dot + 1;
  }
  return parts;
}

tl::unexpected<Error> no_such(const std::string& key, const std::string& why, std::string hint = {}) {
  return fail(ErrorCode::usage, format("setting {}: {}", key, why), std::move(hint));
}

// The layer word of a layer table: the key that names the layer.
std::string word_of(const toml::table& layer) {
  const std::vector<std::string> words = layer_words();
  for (const auto& [key, value] : layer)
    if (std::ranges::find(words, std::string(key.str())) != words.end()) return std::string(key.str());
  return "";
}

// "units", "filters", "rate" … stand for the layer word itself.
std::string layer_key(const toml::table& layer, const std::string& key) {
  const std::string word = word_of(layer);
  const bool size = key == "size" || (key == "units" && (word == "dense" || word == "lstm" || word == "gru")) ||
                    (key == "filters" && (word == "conv2d" || word == "separable_conv2d")) ||
                    (key == "rate" && word == "dropout");
  return size ? word : key;
}

// Names by which the items of a list can be selected.
std::vector<std::string> names_in(const toml::array& list, bool variants) {
  std::vector<std::string> names;
  std::map<std::string, int> seen;
  for (const toml::node& item : list) {
    const toml::table* table = item.as_table();
    if (!table) continue;
    const std::string given = (*table)["name"].value_or(std::string());
    names.push_back(!given.empty() || variants ? given : format("{}_{}", word_of(*table), ++seen[word_of(*table)]));
  }
  return names;
}

// Layers that a selector means: a position, a name (given, or word and number), or "*".
std::vector<toml::table*> select(toml::array& layers, const std::string& selector, const std::string& key) {
  std::vector<toml::table*> chosen;
  std::map<std::string, int> seen;
  for (size_t i = 0; i < layers.size(); ++i) {
    toml::table* layer = layers.get(i)->as_table();
    if (!layer) continue;
    const std::string word = word_of(*layer), given = (*layer)["name"].value_or(std::string());
    const std::string name = given.empty() ? format("{}_{}", word, ++seen[word]) : given;
    if (selector == "*" ? layer->contains(layer_key(*layer, key)) : selector == std::to_string(i) || selector == name)
      chosen.push_back(layer);
  }
  return chosen;
}

}  // namespace

std::string value_text(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_table<decltype(value)>) {
      toml::table inline_copy = value;
      inline_copy.is_inline(true);
      out << inline_copy;
    } else {
      out << value;
    }
  });
  std::string text = out.str();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

Status apply_setting(toml::table& root, const Setting& setting) {
  auto parsed = toml::parse("x = " + setting.value);
  if (!parsed) {
    std::string quoted = "x = \"";
    for (char c : setting.value) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    parsed = toml::parse(quoted + "\"");
    if (!parsed) return no_such(setting.key, "the value cannot be read");
  }
  toml::table holder = std::move(parsed).table();
  const toml::node& value = *holder.get("x");
  const std::vector<std::string> path = split_path(setting.key);
  if (path.size() < 2) return no_such(setting.key, "a path has at least two parts", "for example train.epochs=4");

  if (path[0] == "sweep") {  // the keys of [sweep] are paths themselves
    if (!root.contains("sweep")) root.insert("sweep", toml::table{});
    toml::table* sweep = root["sweep"].as_table();
    if (!sweep) return no_such(setting.key, "\"sweep\" is not a table");
    sweep->insert_or_assign(setting.key.substr(6), value);
    return {};
  }
  toml::table* table = &root;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    toml::node* next = table->get(path[i]);
    if (!next) {
      if (i == 0 && path[0] != "study" && path[0] != "data" && path[0] != "model" && path[0] != "train" &&
          path[0] != "measure" && path[0] != "variant")
        return no_such(
            setting.key, format("there is no section \"{}\"", path[0]),
            did_you_mean(path[0], std::vector<std::string>{"study", "data", "model", "train", "measure", "variant"}));
      table->insert(path[i], toml::table{});
      next = table->get(path[i]);
    }
    if (toml::array* list = next->as_array()) {  // layers or variants
      // A key of a variant may be a table itself: variant.NAME.prune.sparsity.
      const bool inner = path[i] == "variant" && i + 4 == path.size();
      if (i + 3 != path.size() && !inner) return no_such(setting.key, "after a list come a selector and a key");
      const std::string& selector = path[i + 1];
      std::vector<toml::table*> chosen;
      if (path[i] == "variant") {
        for (toml::node& item : *list)
          if (toml::table* t = item.as_table();
              t && (selector == "*" || (*t)["name"].value_or(std::string()) == selector))
            if (!inner || (*t)[path[i + 2]].is_table()) chosen.push_back(t);
      } else {
        chosen = select(*list, selector, path[i + 2]);
      }
      if (chosen.empty())
        return no_such(setting.key,
                       format("\"{}\" names no {} that has \"{}\"", selector,
                              path[i] == "variant" ? "variant" : "layer", path[i + 2]),
                       did_you_mean_or_all(selector, names_in(*list, path[i] == "variant")));
      if (inner) {
        for (toml::table* variant : chosen) (*variant)[path[i + 2]].as_table()->insert_or_assign(path.back(), value);
        return {};
      }
      for (toml::table* layer : chosen)
        layer->insert_or_assign(path[i] == "variant" ? path[i + 2] : layer_key(*layer, path[i + 2]), value);
      return {};
    }
    table = next->as_table();
    if (!table) return no_such(setting.key, format("\"{}\" is not a table", path[i]));
  }
  table->insert_or_assign(path.back(), value);
  return {};
}

}  // namespace thimble
