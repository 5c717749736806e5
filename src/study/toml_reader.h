// A table of the recipe while it is being decoded: typed reads that remember the first error with
// its place, and which keys were read, so that the rest can be refused with a did-you-mean.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 0  // compiled once, in toml_reader.cc
#include <toml++/impl/preprocessor.h>
// What the library asserts of a text, and takes for granted in release builds, hostile texts break: its code behind
// each assertion handles that too, and must stay.
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expr) static_assert(true)
#define TOML_ASSERT_ASSUME(expr) static_assert(true)
#include <toml++/toml.h>

#include <set>

#include "base/result.h"

namespace thimble {

// The tree of a recipe. Errors: usage, with line and column behind `name`.
Result<toml::table> parse_toml(const std::string& text, const std::string& name);

// "line 12, column 3".
std::string place_of(const toml::node& node);

// What a reader asked for: the key's path (lists by "*") and what it takes ("a whole number from 1 to 1000"; empty
// where the reader decodes it itself).
struct KeyNote {
  std::string path, takes;
};

// While one lives, every key that a TableReader of this thread is asked for is noted: so the list of what a recipe can
// say is made by the code that reads it.
class KeyRecorder {
 public:
  KeyRecorder();
  ~KeyRecorder();
  KeyRecorder(const KeyRecorder&) = delete;
  KeyRecorder& operator=(const KeyRecorder&) = delete;
  static void note(const std::string& path, const std::string& key, const std::string& takes);
  // In the order of reading, each once.
  const std::vector<KeyNote>& notes() const { return notes_; }

 private:
  std::vector<KeyNote> notes_;
};

class TableReader {
 public:
  TableReader(const toml::table& table, std::string path, Status* status)
      : table_(table), path_(std::move(path)), status_(status) {}

  bool ok() const { return status_->has_value(); }
  const std::string& path() const { return path_; }
  bool has(const std::string& key) const { return table_.contains(key); }
  // The node, marked as read; null when absent. `takes`: for the list of keys.
  const toml::node* node(const std::string& key, const std::string& takes = {});
  const toml::table& table() const { return table_; }

  void text(const std::string& key, std::string* out);
  void number(const std::string& key, double* out, double lo, double hi);
  void truth(const std::string& key, bool* out);
  template <class Int>
  void whole(const std::string& key, Int* out, int64_t lo, int64_t hi) {
    int64_t value = static_cast<int64_t>(*out);
    whole64(key, &value, lo, hi);
    *out = static_cast<Int>(value);
  }
  void texts(const std::string& key, std::vector<std::string>* out);
  void wholes(const std::string& key, std::vector<int64_t>* out, int64_t lo, int64_t hi);
  void numbers(const std::string& key, std::vector<double>* out);
  // n or [h, w].
  void pair(const std::string& key, int* h, int* w, int lo, int hi);
  void fail_at(const toml::node& node, const std::string& message, const std::string& hint = {});
  // Refuses whatever has not been read; `more` are further names to suggest from.
  void finish(const std::vector<std::string>& more = {});

 private:
  void whole64(const std::string& key, int64_t* out, int64_t lo, int64_t hi);

  const toml::table& table_;
  std::string path_;
  Status* status_;
  std::set<std::string> known_;
};

}  // namespace thimble
