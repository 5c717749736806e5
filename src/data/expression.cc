#include "data/expression.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/suggest.h"

namespace thimble {
namespace {

constexpr size_t kMaxText = 1000;
constexpr int kMaxDepth = 64;
// Every value on the stack has a character of its own in the text.
constexpr size_t kMaxStack = kMaxText;

struct Unary {
  const char* name;
  double (*value)(double);
};
constexpr Unary kUnary[] = {
    {"sin", [](double a) { return std::sin(a); }},
    {"cos", [](double a) { return std::cos(a); }},
    {"tan", [](double a) { return std::tan(a); }},
    {"asin", [](double a) { return std::asin(a); }},
    {"acos", [](double a) { return std::acos(a); }},
    {"atan", [](double a) { return std::atan(a); }},
    {"sinh", [](double a) { return std::sinh(a); }},
    {"cosh", [](double a) { return std::cosh(a); }},
    {"tanh", [](double a) { return std::tanh(a); }},
    {"exp", [](double a) { return std::exp(a); }},
    {"log", [](double a) { return std::log(a); }},
    {"ln", [](double a) { return std::log(a); }},
    {"log2", [](double a) { return std::log2(a); }},
    {"log10", [](double a) { return std::log10(a); }},
    {"sqrt", [](double a) { return std::sqrt(a); }},
    {"cbrt", [](double a) { return std::cbrt(a); }},
    {"abs", [](double a) { return std::fabs(a); }},
    {"sign", [](double a) { return a > 0   ? 1.0
                                   : a < 0 ? -1.0
                                           : 0.0; }},
    {"step", [](double a) { return a >= 0 ? 1.0 : 0.0; }},
    {"floor", [](double a) { return std::floor(a); }},
    {"ceil", [](double a) { return std::ceil(a); }},
    {"round", [](double a) { return std::round(a); }},
};

struct Binary {
  const char* name;
  double (*value)(double, double);
};
constexpr Binary kBinary[] = {
    {"min", [](double a, double b) { return std::fmin(a, b); }},
    {"max", [](double a, double b) { return std::fmax(a, b); }},
    {"pow", [](double a, double b) { return std::pow(a, b); }},
    {"atan2", [](double a, double b) { return std::atan2(a, b); }},
    {"hypot", [](double a, double b) { return std::hypot(a, b); }},
    {"mod", [](double a, double b) { return std::fmod(a, b); }},
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Result<Expression> run() {
    if (text_.size() > kMaxText)
      return fail(ErrorCode::usage,
                  format("the formula has {} characters, at most {} are read", text_.size(), kMaxText));
    THIMBLE_TRY(sum(0));
    skip();
    if (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ')') return wrong("a ) that nothing opened");
      if (is_letter(c) || is_digit(c) || c == '(')
        return wrong("an operator is missing here", "write a product as 2*x");
      return wrong(format("'{}' is not understood here", shown(c)), "operators are + - * / ^");
    }
    return std::move(out_);
  }

 private:
  using Code = Expression::Code;

  static std::string shown(char c) {
    return c >= 0x20 && c < 0x7f ? std::string(1, c) : format("byte {}", static_cast<unsigned char>(c));
  }
  tl::unexpected<Error> wrong(const std::string& what, std::string hint = {}) const {
    return wrong_at(at_, what, hint);
  }
  tl::unexpected<Error> wrong_at(size_t at, const std::string& what, std::string hint = {}) const {
    return fail(ErrorCode::usage, format("formula \"{}\", column {}: {}", printable(), at + 1, what), std::move(hint));
  }
  std::string printable() const {
    std::string out(text_.substr(0, 80));
    for (char& c : out)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return text_.size() > 80 ? out + "…" : out;
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void emit(Code code, uint8_t function = 0, double number = 0) { out_.steps_.push_back({code, function, number}); }

  Status sum(int depth) {
    if (depth > kMaxDepth) return wrong(format("more than {} levels of brackets", kMaxDepth));
    THIMBLE_TRY(product(depth));
    for (;;) {
      const bool plus = accept('+');
      if (!plus && !accept('-')) return {};
      THIMBLE_TRY(product(depth));
      emit(plus ? Code::add : Code::subtract);
    }
  }

  Status product(int depth) {
    THIMBLE_TRY(sign(depth));
    for (;;) {
      const bool times = accept('*');
      if (!times && !accept('/')) return {};
      THIMBLE_TRY(sign(depth));
      emit(times ? Code::multiply : Code::divide);
    }
  }

  // Signs in a row are counted, not nested.
  Status sign(int depth) {
    bool negative = false;
    for (;;) {
      if (accept('-'))
        negative = !negative;
      else if (!accept('+'))
        break;
    }
    THIMBLE_TRY(power(depth));
    if (negative) emit(Code::negate);
    return {};
  }

  Status power(int depth) {
    if (depth > kMaxDepth) return wrong(format("more than {} levels of powers", kMaxDepth));
    THIMBLE_TRY(atom(depth));
    bool raised = accept('^');  // blanks are skipped now
    if (!raised && text_.substr(at_).starts_with("**")) {
      raised = true;
      at_ += 2;
    }
    if (!raised) return {};
    THIMBLE_TRY(sign(depth + 1));
    emit(Code::power);
    return {};
  }

  Status atom(int depth) {
    skip();
    if (at_ >= text_.size()) return wrong(text_.empty() ? "the formula is empty" : "the formula ends too early");
    const char c = text_[at_];
    if (c == '(') {
      const size_t open = at_++;
      THIMBLE_TRY(sum(depth + 1));
      if (!accept(')')) return unclosed(open);
      return {};
    }
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return name(depth);
    return wrong(format("a number, x, y, a function or ( is expected, not '{}'", shown(c)));
  }

  tl::unexpected<Error> unclosed(size_t open) {
    skip();
    if (at_ < text_.size() && text_[at_] == ',') return wrong("one value is expected here, not a list");
    if (at_ < text_.size()) return wrong("an operator or ) is missing here", "write a product as 2*x");
    return wrong_at(open, "this ( is never closed");
  }

  Status number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto parsed = std::from_chars(begin, text_.data() + text_.size(), value);
    if (parsed.ec != std::errc()) return wrong("a number is expected", "for example 0.5 or 1e-3");
    at_ += static_cast<size_t>(parsed.ptr - begin);
    emit(Code::number, 0, value);
    return {};
  }

  Status name(int depth) {
    const size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string word(text_.substr(begin, at_ - begin));
    if (word == "x") return emit(Code::x), Status();
    if (word == "y") return emit(Code::y), Status();
    if (word == "pi") return emit(Code::number, 0, 3.14159265358979323846), Status();
    if (word == "e") return emit(Code::number, 0, 2.71828182845904523536), Status();
    for (size_t i = 0; i < std::size(kUnary); ++i)
      if (word == kUnary[i].name) {
        THIMBLE_TRY(arguments(word, 1, depth));
        return emit(Code::unary, static_cast<uint8_t>(i)), Status();
      }
    for (size_t i = 0; i < std::size(kBinary); ++i)
      if (word == kBinary[i].name) {
        THIMBLE_TRY(arguments(word, 2, depth));
        return emit(Code::binary, static_cast<uint8_t>(i)), Status();
      }
    std::vector<std::string> known = expression_functions();
    known.insert(known.end(), {"x", "y", "pi", "e"});
    const std::string near = did_you_mean(word, known);
    return wrong_at(begin, format("nothing is called \"{}\"", word),
                    near.empty() ? "variables are x and y, constants pi and e; functions sin, cos, exp, sqrt …" : near);
  }

  Status arguments(const std::string& function, int count, int depth) {
    if (!accept('(')) return wrong(format("{} needs its argument in brackets", function), format("{}(x)", function));
    const size_t open = at_ - 1;
    for (int i = 0; i < count; ++i) {
      if (i > 0 && !accept(','))
        return wrong(format("{} takes {} values, {} found", function, count, i), format("{}(x, y)", function));
      THIMBLE_TRY(sum(depth + 1));
    }
    skip();
    if (at_ < text_.size() && text_[at_] == ',')
      return wrong(format("{} takes {} value{}", function, count, count > 1 ? "s" : ""));
    if (!accept(')')) return unclosed(open);
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  Expression out_;
};

Result<Expression> Expression::parse(std::string_view text) { return ExpressionParser(text).run(); }

double Expression::operator()(double x, double y) const {
  std::array<double, kMaxStack> stack;
  size_t n = 0;
  for (const Step& s : steps_) {
    switch (s.code) {
      case Code::number: stack[n++] = s.number; continue;
      case Code::x: stack[n++] = x; continue;
      case Code::y: stack[n++] = y; continue;
      case Code::negate: stack[n - 1] = -stack[n - 1]; continue;
      case Code::unary: stack[n - 1] = kUnary[s.function].value(stack[n - 1]); continue;
      default: break;
    }
    const double b = stack[--n], a = stack[n - 1];
    switch (s.code) {
      case Code::add: stack[n - 1] = a + b; break;
      case Code::subtract: stack[n - 1] = a - b; break;
      case Code::multiply: stack[n - 1] = a * b; break;
      case Code::divide: stack[n - 1] = a / b; break;
      case Code::power: stack[n - 1] = std::pow(a, b); break;
      default: stack[n - 1] = kBinary[s.function].value(a, b); break;
    }
  }
  return n > 0 ? stack[0] : 0;
}

std::vector<std::string> expression_functions() {
  std::vector<std::string> names;
  for (const Unary& f : kUnary) names.emplace_back(f.name);
  for (const Binary& f : kBinary) names.emplace_back(f.name);
  return names;
}

}  // namespace thimble
