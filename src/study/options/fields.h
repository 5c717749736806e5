// What a technique can be told, each option described once: its key, its range or words, and one phrase about it. The
// reader of recipes (toml_fields.h), the flags and --help of the commands (app/flag_fields.h) and the tables of
// docs/recipe.md (describe.h) all follow from that description: they are visitors of it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace thimble {

// One option. In a recipe it is `key`, on the command line --key with dashes for underscores.
struct Field {
  std::string key;
  std::string placeholder;               // of its value in --help: "FRACTION"; "" for truth values and words
  std::string about;                     // a phrase: "of the channels that stay"
  std::optional<std::string> otherwise;  // what holds where it is not given, if that is not simply its value then
  std::string flag;                      // another name on the command line: "samples" for calibrate
};

// How the options of one technique were given: which of them, and in which words an error has to speak.
struct Form {
  bool flags = false;  // on the command line; else in a recipe
  std::set<std::string> given;
  std::string at;  // the key that the last refusal is about; empty: the technique as a whole

  bool has(const std::string& key) const { return given.contains(key); }
  // "--scale-bits", "scale_bits".
  std::string name(const Field& field) const;
  std::string name(std::string_view key) const;
  // How one gives it: "--pattern 2:4", "pattern = \"2:4\"" (`value` as on the command line).
  std::string setting(std::string_view key, std::string_view value) const;
  // A usage error about a key.
  tl::unexpected<Error> refuse(std::string key, std::string message, std::string hint = {});
};

class Fields {
 public:
  virtual ~Fields() = default;

  // A heading in --help; "" ends it.
  virtual void section(const char* /*title*/) {}

  template <class Number>  // double, float or std::optional<double>
  void number(const Field& f, Number* to, double low, double high) {
    if constexpr (std::is_same_v<Number, std::optional<double>>)
      number_field(f, *to, low, high, [to](double v) { *to = v; });
    else
      number_field(f, static_cast<double>(*to), low, high, [to](double v) { *to = static_cast<Number>(v); });
  }
  template <class Int>
  void whole(const Field& f, Int* to, int64_t low, int64_t high) {
    whole_field(f, static_cast<int64_t>(*to), low, high, [to](int64_t v) { *to = static_cast<Int>(v); });
  }
  virtual void truth(const Field& f, bool* to) = 0;
  virtual void text(const Field& f, std::string* to) = 0;
  // One of these words; in flags a dash may stand for an underscore.
  template <class Enum>
  void word(const Field& f, Enum* to, const std::vector<std::pair<const char*, Enum>>& words) {
    std::vector<std::string> names;
    std::vector<Enum> values;
    int now = -1;
    for (const auto& [name, value] : words) {
      if (value == *to && now < 0) now = static_cast<int>(names.size());
      names.emplace_back(name);
      values.push_back(value);
    }
    word_field(f, std::move(names), now, [to, values](size_t at) { *to = values[at]; });
  }
  // Names of layers and the like: a list in a recipe, "A,B" (and again) on the command line.
  virtual void names(const Field& f, std::vector<std::string>* to) = 0;
  // Bits of weights: 8 to 2, or "ternary" (kTernaryBits); for some layers: { dense_1 = 4 }, or dense_1=4,dense_2=2; to
  // choose from: [8, 4, 2], or 8,4,2.
  virtual void bits(const Field& f, int* to) = 0;
  virtual void layer_bits(const Field& f, std::map<std::string, int>* to) = 0;
  virtual void bits_list(const Field& f, std::vector<int>* to) = 0;
  // Only a recipe has it, as a table or list that the recipe's reader decodes itself: layers of a network.
  virtual void nested(const Field& /*f*/) {}

 protected:
  virtual void number_field(const Field& f, std::optional<double> now, double low, double high,
                            std::function<void(double)> set) = 0;
  virtual void whole_field(const Field& f, int64_t now, int64_t low, int64_t high,
                           std::function<void(int64_t)> set) = 0;
  virtual void word_field(const Field& f, std::vector<std::string> words, int now, std::function<void(size_t)> set) = 0;
};

// "8", "4", "ternary", and back. Errors: usage.
std::string bits_word(int bits);
Result<int> parse_bits(std::string_view word);

}  // namespace thimble
