#include "study/options/toml_fields.h"

#include <algorithm>

#include "base/suggest.h"

namespace thimble {

const toml::node* TomlFields::given(const Field& f) {
  const toml::node* n = r_.node(f.key);
  if (n) form_.given.insert(f.key);
  return n;
}

void TomlFields::truth(const Field& f, bool* to) {
  if (given(f)) r_.truth(f.key, to);
}
void TomlFields::text(const Field& f, std::string* to) {
  if (given(f)) r_.text(f.key, to);
}
void TomlFields::names(const Field& f, std::vector<std::string>* to) {
  if (given(f)) r_.texts(f.key, to);
}

void TomlFields::number_field(const Field& f, std::optional<double>, double low, double high,
                              std::function<void(double)> set) {
  if (!given(f)) return;
  double value = low;
  r_.number(f.key, &value, low, high);
  if (r_.ok()) set(value);
}

void TomlFields::whole_field(const Field& f, int64_t, int64_t low, int64_t high, std::function<void(int64_t)> set) {
  if (!given(f)) return;
  int64_t value = low;
  r_.whole(f.key, &value, low, high);
  if (r_.ok()) set(value);
}

void TomlFields::word_field(const Field& f, std::vector<std::string> words, int, std::function<void(size_t)> set) {
  const toml::node* n = given(f);
  if (!n) return;
  std::string word;
  r_.text(f.key, &word);
  std::ranges::replace(word, '-', '_');
  if (const auto it = std::ranges::find(words, word); it != words.end())
    return set(static_cast<size_t>(it - words.begin()));
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : ", ") + w;
  const std::string near = did_you_mean(word, words);
  r_.fail_at(*n, format("{}{} is \"{}\"", r_.path(), f.key, word),
             near.empty() ? "give one of " + all : format("{}; there are {}", near, all));
}

void TomlFields::read_bits(const toml::node& n, int* to) {
  const auto number = n.value_exact<int64_t>();
  const auto bits = parse_bits(number ? std::to_string(*number) : n.value_or(std::string()));
  if (!bits) return r_.fail_at(n, "weights have 2 to 8 bits, or are \"ternary\"", "bits = 4");
  *to = *bits;
}

void TomlFields::bits(const Field& f, int* to) {
  if (const toml::node* n = given(f)) read_bits(*n, to);
}

void TomlFields::layer_bits(const Field& f, std::map<std::string, int>* to) {
  const toml::node* n = given(f);
  if (!n) return;
  const toml::table* table = n->as_table();
  if (!table) return r_.fail_at(*n, format("{}{} must be a table", r_.path(), f.key), "layer_bits = { dense_1 = 4 }");
  for (const auto& [layer, bits] : *table) read_bits(bits, &(*to)[std::string(layer.str())]);
}

void TomlFields::bits_list(const Field& f, std::vector<int>* to) {
  const toml::node* n = given(f);
  if (!n) return;
  const toml::array* list = n->as_array();
  if (!list || list->empty())
    return r_.fail_at(*n, format("{}{} must be a list of bits", r_.path(), f.key), "widths = [8, 4, 2]");
  to->clear();
  for (const toml::node& item : *list) read_bits(item, &to->emplace_back());
}

}  // namespace thimble
