// Errors as values. Nothing of ours throws, prints, aborts or exits: what can fail returns a
// Result<T> (or a Status), and whoever passes it on adds where it happened.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "base/format.h"

namespace thimble {

// What kind of failure; the command line maps each to one exit code (exit_code below).
enum class ErrorCode {
  internal,       // a broken promise inside Thimble
  out_of_memory,  // the system, or one of our caps, refused memory
  io,             // disk full, no permission, write failed
  diverged,       // training met NaN or infinity
  usage,          // a command line, recipe or argument is wrong
  unsupported,    // the model is well formed but uses something Thimble lacks
  needs_value,    // the model's shapes hang on a value that only the run knows: known then, it is supported
  bad_file,       // a model, data, picture or checkpoint file is missing or damaged
  gate_failed,    // an accuracy, size, speed or budget gate was missed
  interrupted,    // Ctrl-C or a deadline
};

// "bad_file", as in JSON.
const char* name(ErrorCode code);
// 0 ok, 1 internal, 2 usage, 3 unsupported or needs a value, 4 bad file, 5 gate failed, 130 interrupted.
int exit_code(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;               // one sentence: what is wrong, with names and numbers
  std::vector<std::string> context;  // innermost first: tensor, node, file
  std::string hint;                  // what to do about it; may be empty

  // Defined in result.cc: every function that returns a Result would otherwise hold copies of them.
  Error();
  Error(ErrorCode code, std::string message, std::vector<std::string> context = {}, std::string hint = {});
  Error(const Error&);
  Error(Error&&) noexcept;
  Error& operator=(const Error&);
  Error& operator=(Error&&) noexcept;
  ~Error();

  // Several lines for people: "error: message", then where and fix lines.
  std::string to_string() const;
  // {"code":…,"message":…,"context":[outermost first…],"hint":…}
  std::string to_json() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {});

// Adds one place to an error on its way out: return with_context(std::move(e), "node 17 CONV_2D").
tl::unexpected<Error> with_context(Error error, std::string where);

}  // namespace thimble

// THIMBLE_TRY(status-expression): returns its error from the enclosing function.
#define THIMBLE_TRY(expr)                                                                                             \
  do {                                                                                                                \
    if (auto th_status = (expr); !th_status) return ::tl::unexpected<::thimble::Error>(std::move(th_status).error()); \
  } while (false)

#define THIMBLE_CAT2(a, b) a##b
#define THIMBLE_CAT(a, b) THIMBLE_CAT2(a, b)
// THIMBLE_ASSIGN(auto x, result-expression): x = the value, or returns the error.
#define THIMBLE_ASSIGN(target, expr) THIMBLE_ASSIGN_IMPL(THIMBLE_CAT(th_result_, __LINE__), target, expr)
#define THIMBLE_ASSIGN_IMPL(tmp, target, expr)                                 \
  auto tmp = (expr);                                                           \
  if (!tmp) return ::tl::unexpected<::thimble::Error>(std::move(tmp).error()); \
  target = std::move(*tmp)
