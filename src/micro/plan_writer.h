// An operator's plan as a C constant.
#pragma once

#include <string>
#include <vector>

#include "ops/plan.h"

namespace thimble::micro {

// Positional initialisers of the struct (C++ of 2011 knows no others), a line for each field with its name behind it;
// the arrays that the struct points to as constants before it, called PREFIX_GROUP_NAME.
class PlanWriter final : public PlanVisitor {
 public:
  explicit PlanWriter(std::string prefix) : prefix_(std::move(prefix)) {}

  void number(std::string_view name, int64_t value) override;
  void real(std::string_view name, float value) override;
  void array(std::string_view name, const int8_t* values, int64_t count) override;
  void array(std::string_view name, const int32_t* values, int64_t count) override;
  void array(std::string_view name, const uint32_t* values, int64_t count) override;
  void array(std::string_view name, const float* values, int64_t count) override;
  void positions(std::string_view name, const thimble_dim* values, int64_t count) override;
  void begin(std::string_view name) override;
  void end() override;

  // The constants, and `static const TYPE SYMBOL = {…};` behind them.
  std::string text(std::string_view type, std::string_view symbol) const;
  int64_t array_bytes() const { return array_bytes_; }

 private:
  struct Line {
    std::string value, comment;
  };
  void item(std::string_view name, const std::string& value);
  template <class T>
  void add(std::string_view name, const char* type, const T* values, int64_t count);

  std::string prefix_, arrays_;
  std::vector<std::string> groups_;  // that are open, outermost first
  std::vector<Line> lines_;
  int64_t array_bytes_ = 0;
  bool first_ = true;  // in the innermost group
};

}  // namespace thimble::micro
