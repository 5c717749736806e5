#include "base/result.h"

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
Error::Error(const Error&) = default;
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(const Error&) = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint) {
  return tl::unexpected<Error>(Error(code, std::move(message), {}, std::move(hint)));
}

std::string Error::to_string() const {
  std::string text = "error: " + message;
  for (const std::string& where : context) text += "\n  in  " + where;
  if (!hint.empty()) text += "\n  fix " + hint;
  return text;
}

std::string Error::to_json() const {
  JsonWriter json;
  json.begin_object();
  json.field("code", name(code));
  json.field("message", message);
  json.key("context").begin_array();
  for (auto it = context.rbegin(); it != context.rend(); ++it) json.value(*it);
  json.end_array();
  json.field("hint", hint);
  json.end_object();
  return json.take();
}

tl::unexpected<Error> with_context(Error error, std::string where) {
  error.context.push_back(std::move(where));
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace thimble
