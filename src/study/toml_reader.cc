#define TOML_IMPLEMENTATION
#include "study/toml_reader.h"

#include <cmath>

#include "train/foreign_words.h"

namespace thimble {
namespace {
const char* kind(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    default: return "a date";
  }
}
}  // namespace

static std::string place_of(const toml::source_region& source) {
  const auto& at = source.begin;
  return at.line ? format("line {}, column {}", at.line, at.column)
                 : std::string("a key set by --set, a preset or a sweep");
}

namespace {
thread_local KeyRecorder* g_recorder = nullptr;
}

KeyRecorder::KeyRecorder() { g_recorder = this; }
KeyRecorder::~KeyRecorder() { g_recorder = nullptr; }

void KeyRecorder::note(const std::string& path, const std::string& key, const std::string& takes) {
  if (!g_recorder) return;
  std::string general;  // "model.layers.0." → "model.layers.*."
  for (size_t at = 0; at < path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const std::string part = path.substr(at, dot - at);
    general += (part.find_first_not_of("0123456789") == std::string::npos ? "*" : part) + ".";
    at = dot + 1;
  }
  general += key;
  for (KeyNote& known : g_recorder->notes_) {
    if (known.path != general) continue;
    if (known.takes.empty()) known.takes = takes;
    return;
  }
  g_recorder->notes_.push_back({general, takes});
}

const toml::node* TableReader::node(const std::string& key, const std::string& takes) {
  KeyRecorder::note(path_, key, takes);
  known_.insert(key);
  return table_.get(key);
}

std::string place_of(const toml::node& node) { return place_of(node.source()); }

void TableReader::fail_at(const toml::node& node, const std::string& message, const std::string& hint) {
  if (ok()) *status_ = with_context(Error{ErrorCode::usage, message, {}, hint}, place_of(node));
}

void TableReader::text(const std::string& key, std::string* out) {
  if (const toml::node* n = node(key, "text")) {
    if (const auto v = n->value_exact<std::string>())
      *out = *v;
    else
      fail_at(*n, format("{}{} must be text, it is {}", path_, key, kind(*n)));
  }
}

void TableReader::number(const std::string& key, double* out, double lo, double hi) {
  if (const toml::node* n = node(key, format("a number from {} to {}", lo, hi))) {
    const auto v = n->is_number() ? n->value<double>() : std::optional<double>();
    if (!v || !std::isfinite(*v))
      fail_at(*n, format("{}{} must be a number, it is {}", path_, key, kind(*n)));
    else if (*v < lo || *v > hi)
      fail_at(*n, format("{}{} = {} must be from {} to {}", path_, key, *v, lo, hi));
    else
      *out = *v;
  }
}

void TableReader::truth(const std::string& key, bool* out) {
  if (const toml::node* n = node(key, "true or false")) {
    if (const auto v = n->value_exact<bool>())
      *out = *v;
    else
      fail_at(*n, format("{}{} must be true or false, it is {}", path_, key, kind(*n)));
  }
}

void TableReader::whole64(const std::string& key, int64_t* out, int64_t lo, int64_t hi) {
  const std::string range = hi == INT64_MAX ? format("of at least {}", lo) : format("from {} to {}", lo, hi);
  if (const toml::node* n = node(key, "a whole number " + range)) {
    const auto v = n->value_exact<int64_t>();
    if (!v)
      fail_at(*n, format("{}{} must be a whole number, it is {}", path_, key, kind(*n)));
    else if (*v < lo || *v > hi)
      fail_at(*n, format("{}{} = {} must be from {} to {}", path_, key, *v, lo, hi));
    else
      *out = *v;
  }
}

void TableReader::texts(const std::string& key, std::vector<std::string>* out) {
  if (const toml::node* n = node(key, "a list of texts")) {
    const toml::array* list = n->as_array();
    if (!list) return fail_at(*n, format("{}{} must be a list of texts, it is {}", path_, key, kind(*n)));
    out->clear();
    for (const toml::node& item : *list) {
      const auto v = item.value_exact<std::string>();
      if (!v) return fail_at(item, format("{}{} must hold texts, this is {}", path_, key, kind(item)));
      out->push_back(*v);
    }
  }
}

void TableReader::wholes(const std::string& key, std::vector<int64_t>* out, int64_t lo, int64_t hi) {
  if (const toml::node* n = node(key, "a list of whole numbers")) {
    const toml::array* list = n->as_array();
    if (!list) return fail_at(*n, format("{}{} must be a list of whole numbers, it is {}", path_, key, kind(*n)));
    out->clear();
    for (const toml::node& item : *list) {
      const auto v = item.value_exact<int64_t>();
      if (!v || *v < lo || *v > hi)
        return fail_at(item, format("{}{} must hold whole numbers from {} to {}", path_, key, lo, hi));
      out->push_back(*v);
    }
  }
}

void TableReader::numbers(const std::string& key, std::vector<double>* out) {
  if (const toml::node* n = node(key, "a list of numbers")) {
    const toml::array* list = n->as_array();
    if (!list) return fail_at(*n, format("{}{} must be a list of numbers, it is {}", path_, key, kind(*n)));
    out->clear();
    for (const toml::node& item : *list) {
      const auto v = item.is_number() ? item.value<double>() : std::optional<double>();
      if (!v) return fail_at(item, format("{}{} must hold numbers", path_, key));
      out->push_back(*v);
    }
  }
}

void TableReader::pair(const std::string& key, int* h, int* w, int lo, int hi) {
  const toml::node* n = node(key, format("n or [height, width], from {} to {}", lo, hi));
  if (!n) return;
  if (n->is_array()) {
    std::vector<int64_t> both;
    wholes(key, &both, lo, hi);
    if (both.size() != 2) return fail_at(*n, format("{}{} must be a number or [height, width]", path_, key));
    *h = static_cast<int>(both[0]);
    *w = static_cast<int>(both[1]);
    return;
  }
  whole(key, h, lo, hi);
  *w = *h;
}

namespace {
// Whose habits a wrong key may come from.
WordPlace place_in_recipe(const std::string& path) {
  if (path.starts_with("model.layers.")) return WordPlace::layer_key;
  if (path.starts_with("model.")) return WordPlace::model_key;
  if (path.starts_with("data.")) return WordPlace::data_key;
  if (path.starts_with("train.")) return WordPlace::train_key;
  return WordPlace::section;
}
}  // namespace

void TableReader::finish(const std::vector<std::string>& more) {
  for (const auto& [key, value] : table_) {
    const std::string name(key.str());
    if (known_.contains(name) || !ok()) continue;
    std::vector<std::string> names(known_.begin(), known_.end());
    names.insert(names.end(), more.begin(), more.end());
    *status_ = with_context(Error{ErrorCode::usage,
                                  format("unknown key \"{}{}\"", path_, name),
                                  {},
                                  word_hint(place_in_recipe(path_), name, names)},
                            place_of(key.source()));
  }
}

Result<toml::table> parse_toml(const std::string& text, const std::string& name) {
  auto parsed = toml::parse(text, name);
  if (parsed) return std::move(parsed).table();
  const toml::parse_error& error = parsed.error();
  return with_context(
      Error{ErrorCode::usage, std::string(error.description()), {}, "it is TOML: strings in quotes, one key per line"},
      format("{} line {}, column {}", name, error.source().begin.line, error.source().begin.column));
}

}  // namespace thimble
