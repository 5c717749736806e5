#include "graph/attrs.h"

#include <limits>

#include "base/format.h"

namespace thimble {

const char* name(Activation a) {
  constexpr const char* names[] = {"none", "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit", "sigmoid"};
  return names[static_cast<size_t>(a)];
}

const char* name(Padding p) { return p == Padding::same ? "same" : "valid"; }

void activation_range(Activation a, float* lo, float* hi) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  *lo = -inf;
  *hi = inf;
  if (a == Activation::relu || a == Activation::relu6) *lo = 0;
  if (a == Activation::relu6) *hi = 6;
  if (a == Activation::relu_n1_to_1) {
    *lo = -1;
    *hi = 1;
  }
}

void FieldPrinter::operator()(const char* field, bool v) { text_ += format(" {}={}", field, v); }
void FieldPrinter::operator()(const char* field, int64_t v) { text_ += format(" {}={}", field, v); }
void FieldPrinter::operator()(const char* field, float v) { text_ += format(" {}={}", field, v); }
void FieldPrinter::operator()(const char* field, const std::string& v) { text_ += format(" {}={}", field, v); }
void FieldPrinter::operator()(const char* field, Activation v) { text_ += format(" {}={}", field, name(v)); }
void FieldPrinter::operator()(const char* field, Padding v) { text_ += format(" {}={}", field, name(v)); }
void FieldPrinter::operator()(const char* field, const std::vector<int64_t>& v) {
  text_ += format(" {}=[", field);
  for (size_t i = 0; i < v.size(); ++i) text_ += (i ? "," : "") + std::to_string(v[i]);
  text_ += "]";
}

}  // namespace thimble
