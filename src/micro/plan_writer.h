// An operator's plan as a C constant.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ops/plan.h"

namespace thimble::micro {

// Arrays that have been written, by what they hold: the same weights, tables and multipliers in every step of a
// recurrent layer stand in flash once.
class WrittenArrays {
 public:
  // The array's name, which is `symbol` where it has to be written.
  template <class T>
  const std::string& name(const std::string& type, std::span<const T> values, const std::string& symbol) {
    const auto bytes = std::as_bytes(values);
    const std::string held(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return symbols_.try_emplace({type, held}, symbol).first->second;
  }
  void clear() { symbols_.clear(); }

 private:
  std::map<std::pair<std::string, std::string>, std::string> symbols_;
};

// Positional initialisers of the struct (C++ of 2011 knows no others), a line for each field with its name behind it;
// the arrays that the struct points to, where there are none like them yet, as constants before it, called
// PREFIX_GROUP_NAME.
class PlanWriter final : public PlanVisitor {
 public:
  PlanWriter(std::string prefix, WrittenArrays& written) : prefix_(std::move(prefix)), written_(written) {}

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
  WrittenArrays& written_;
  std::vector<std::string> groups_;  // that are open, outermost first
  std::vector<Line> lines_;
  int64_t array_bytes_ = 0;
  bool first_ = true;  // in the innermost group
};

}  // namespace thimble::micro
