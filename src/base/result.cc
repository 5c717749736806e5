#include "base/result.h"

#include <algorithm>
#include <new>

#include "base/format.h"
#include "base/json.h"

namespace thimble {

const char* name(ErrorCode code) {
  switch (code) {
    case ErrorCode::internal: return "internal";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::io: return "io";
    case ErrorCode::diverged: return "diverged";
    case ErrorCode::usage: return "usage";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::needs_value: return "needs_value";
    case ErrorCode::bad_file: return "bad_file";
    case ErrorCode::gate_failed: return "gate_failed";
    case ErrorCode::interrupted: return "interrupted";
  }
  return "internal";
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage: return 2;
    case ErrorCode::unsupported: return 3;
    case ErrorCode::needs_value: return 3;
    case ErrorCode::bad_file: return 4;
    case ErrorCode::gate_failed: return 5;
    case ErrorCode::interrupted: return 130;
    default: return 1;
  }
}

Error::Error() = default;
Error::Error(ErrorCode kind, std::string text, std::vector<std::string> places, std::string way_out)
    : code(kind), message(std::move(text)), context(std::move(places)), hint(std::move(way_out)) {}
// Never throws: tl::expected copies an error where nothing may (construct_error), and the process would end there. What
// cannot be copied for lack of memory has become that lack, in a text that takes none.
Error::Error(const Error& other) : code(other.code) {
  try {
    message = other.message;
    context = other.context;
    hint = other.hint;
  } catch (const std::bad_alloc&) {
    code = ErrorCode::out_of_memory;
    message = "out of memory";
    context.clear();
    hint.clear();
  }
}
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(const Error&) = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint) {
  return tl::unexpected<Error>(Error(code, std::move(message), {}, std::move(hint)));
}

namespace {

// Of UTF-8: a byte that does not begin a character.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Words longer than any path lose their middle: names in a hostile file may have a megabyte each.
std::string with_short_words(const std::string& text) {
  constexpr size_t kLongest = 512, kKept = 200;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = std::string_view(text).substr(at, end - at);
    if (word.size() <= kLongest) {
      out += word;
    } else {
      size_t head = kKept, tail = word.size() - kKept;
      while (head > 0 && is_continuation(word[head])) --head;
      while (tail < word.size() && is_continuation(word[tail])) ++tail;
      out += word.substr(0, head);
      out += format("…({} bytes)…", word.size());
      out += word.substr(tail);
    }
    if (end < text.size()) out += text[end];
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string Error::to_string() const {
  std::string text = "error: " + with_short_words(message);
  for (const std::string& where : context) text += "\n  in  " + with_short_words(where);
  if (!hint.empty()) text += "\n  fix " + with_short_words(hint);
  return text;
}

std::string Error::to_json() const {
  JsonWriter json;
  json.begin_object();
  json.field("code", name(code));
  json.field("message", with_short_words(message));
  json.key("context").begin_array();
  for (auto it = context.rbegin(); it != context.rend(); ++it) json.value(with_short_words(*it));
  json.end_array();
  json.field("hint", with_short_words(hint));
  json.end_object();
  return json.take();
}

tl::unexpected<Error> with_context(Error error, std::string where) {
  error.context.push_back(std::move(where));
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace thimble
