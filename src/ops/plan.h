// What an operator's loops need to know beyond where their tensors lie: a struct that C could hold (src/ops/NAME/
// kernel.h), derived once by infer and read by the reference, the lowering and whatever else computes or writes the
// operator.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/c99.h"

namespace thimble {

// Sees the fields of a plan in the order of its struct, each with its name in the field's own terms.
class PlanVisitor {
 public:
  virtual ~PlanVisitor() = default;
  virtual void number(std::string_view name, int64_t value) = 0;
  virtual void real(std::string_view name, float value) = 0;
  // Null, or `count` values.
  virtual void array(std::string_view name, const int8_t* values, int64_t count) = 0;
  virtual void array(std::string_view name, const int32_t* values, int64_t count) = 0;
  virtual void array(std::string_view name, const uint32_t* values, int64_t count) = 0;
  virtual void array(std::string_view name, const float* values, int64_t count) = 0;
  // The same of sizes and positions: not overloaded, as a thimble_dim is an int32_t on some machines.
  virtual void positions(std::string_view name, const thimble_dim* values, int64_t count) = 0;
  // A struct or a list inside.
  virtual void begin(std::string_view name) = 0;
  virtual void end() = 0;
};

class Plan {
 public:
  // A zeroed P in place of what was there; it keeps its place while this plan, or a copy of it, lives. `fields(visitor,
  // const P&)` is found by its name.
  template <class P>
  P& make() {
    static_assert(std::is_trivially_copyable_v<P> && std::is_standard_layout_v<P>, "C must be able to hold it");
    auto value = std::make_shared<P>();
    P& made = *value;
    value_ = std::move(value);
    arrays_.clear();
    tag_ = &kTag<P>;
    visit_ = [](const void* plan, PlanVisitor& v) { fields(v, *static_cast<const P*>(plan)); };
    return made;
  }
  // A zeroed array of the plan, which lives as long.
  template <class T>
  T* array(int64_t count) {
    auto values = std::make_shared<T[]>(static_cast<size_t>(count));
    arrays_.push_back(values);
    return values.get();
  }
  template <class P>
  bool holds() const {
    return tag_ == &kTag<P>;
  }
  template <class P>
  const P& as() const {
    return *static_cast<const P*>(value_.get());
  }
  explicit operator bool() const { return value_ != nullptr; }
  void visit(PlanVisitor& v) const {
    if (value_) visit_(value_.get(), v);
  }

 private:
  template <class P>
  static constexpr char kTag = 0;

  std::shared_ptr<void> value_;
  std::vector<std::shared_ptr<void>> arrays_;
  const void* tag_ = nullptr;
  void (*visit_)(const void*, PlanVisitor&) = nullptr;
};

}  // namespace thimble

// The first `count` numbers, at least one, of an array that lies in the struct; what follows is 0.
inline void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_dim* values, int count) {
  v.begin(name);
  for (int i = 0; i == 0 || i < count; ++i) v.number("", values[i]);
  v.end();
}

// The parts that several plans share (base/c99.h).
inline void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_axis& a) {
  v.begin(name);
  v.number("in", a.in);
  v.number("kernel", a.kernel);
  v.number("stride", a.stride);
  v.number("dilation", a.dilation);
  v.number("out", a.out);
  v.number("padding", a.pad);
  v.end();
}
inline void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_range& r) {
  v.begin(name);
  v.real("low", r.lo);
  v.real("high", r.hi);
  v.end();
}
inline void fields(thimble::PlanVisitor& v, std::string_view name, const thimble_requantize& r, int64_t channels) {
  v.begin(name);
  v.number("zero point", r.zero);
  v.number("low", r.lo);
  v.number("high", r.hi);
  v.array("multipliers", r.multiplier, channels);
  v.array("shifts", r.shift, channels);
  v.end();
}
