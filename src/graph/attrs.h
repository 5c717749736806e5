// The attributes of a node, type-erased: the graph carries, compares and prints them without
// knowing any operator. An attribute struct is plain data with one visitor:
//   struct SoftmaxAttrs { float beta = 1; template <class V> void fields(V& v) { v("beta", beta); } };
// A field that is added later says since which version packed files have it: v("gamma", gamma, since(4)). Files of
// earlier versions give it its default; order, types and defaults of fields are never changed (docs/thim.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace thimble {

// Activation fused into the operator that produces a tensor.
enum class Activation : uint8_t { none, relu, relu_n1_to_1, relu6, tanh, sign_bit, sigmoid };
const char* name(Activation a);
// The clamp bounds of a fused activation (−inf, +inf for none).
void activation_range(Activation a, float* lo, float* hi);

enum class Padding : uint8_t { same, valid };
const char* name(Padding p);

// Since which version of packed files a field exists; fields without it exist since the first.
struct Since {
  int version = 1;
};
constexpr Since since(int version) { return {version}; }

// Prints each field as " name=value".
class FieldPrinter {
 public:
  template <class T>
  void operator()(const char* field, const T& v, Since) {
    (*this)(field, v);
  }
  void operator()(const char* field, bool v);
  void operator()(const char* field, int v) { (*this)(field, static_cast<int64_t>(v)); }
  void operator()(const char* field, int64_t v);
  void operator()(const char* field, uint64_t v) { (*this)(field, static_cast<int64_t>(v)); }
  void operator()(const char* field, float v);
  void operator()(const char* field, const std::vector<int64_t>& v);
  void operator()(const char* field, const std::string& v);
  void operator()(const char* field, Activation v);
  void operator()(const char* field, Padding v);
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* field, Enum v) { (*this)(field, std::string(name(v))); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// How many values an enumeration among the attributes has.
template <class Enum>
constexpr int enum_count() {
  if constexpr (std::is_same_v<Enum, Activation>) return 7;
  if constexpr (std::is_same_v<Enum, Padding>) return 2;
  if constexpr (!std::is_same_v<Enum, Activation> && !std::is_same_v<Enum, Padding>)
    return static_cast<int>(Enum::count);
}

// Sees every field of an attribute struct and may change it: what writes or reads any operator's attributes
// without knowing the operator (Attrs::visited).
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void operator()(const char* field, bool& v) = 0;
  virtual void operator()(const char* field, int64_t& v) = 0;
  virtual void operator()(const char* field, uint64_t& v) = 0;
  virtual void operator()(const char* field, float& v) = 0;
  virtual void operator()(const char* field, std::vector<int64_t>& v) = 0;
  virtual void operator()(const char* field, std::string& v) = 0;
  // One of `count` values, from 0.
  virtual void enumeration(const char* field, int& v, int count) = 0;

  // Before a field with a mark: whether the visitor takes it.
  virtual bool takes(Since) { return true; }

  template <class T>
  void operator()(const char* field, T& v, Since since) {
    if (takes(since)) (*this)(field, v);
  }
  void operator()(const char* field, int& v) {
    int64_t wide = v;
    (*this)(field, wide);
    v = wide < INT32_MIN ? INT32_MIN : wide > INT32_MAX ? INT32_MAX : static_cast<int>(wide);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* field, Enum& v) {
    int number = static_cast<int>(v);
    enumeration(field, number, enum_count<Enum>());
    v = static_cast<Enum>(number);
  }
};

class Attrs {
 public:
  Attrs() = default;
  template <class T>
  Attrs(T value) : box_(std::make_shared<Box<T>>(std::move(value))) {}  // NOLINT: implicit on purpose

  // The struct, or a default one if the node carries another kind (the verifier refuses such nodes).
  template <class T>
  const T& as() const {
    static const T missing{};
    return holds<T>() ? static_cast<const Box<T>*>(box_.get())->value : missing;
  }
  template <class T>
  bool holds() const {
    return box_ && box_->tag() == &tag_of<T>;
  }
  bool empty() const { return !box_; }
  // Whether both carry the same struct, whatever its values.
  bool same_kind(const Attrs& other) const {
    return box_ && other.box_ ? box_->tag() == other.box_->tag() : !box_ && !other.box_;
  }
  std::string to_string() const { return box_ ? box_->print() : std::string(); }
  // A copy whose fields the visitor has seen, and changed as it likes.
  Attrs visited(FieldVisitor& visitor) const { return box_ ? box_->visited(visitor) : Attrs(); }
  friend bool operator==(const Attrs& a, const Attrs& b) { return a.to_string() == b.to_string(); }

 private:
  template <class T>
  static inline const char tag_of = 0;
  struct BoxBase {
    virtual ~BoxBase() = default;
    virtual const char* tag() const = 0;
    virtual std::string print() const = 0;
    virtual Attrs visited(FieldVisitor& visitor) const = 0;
  };
  template <class T>
  struct Box final : BoxBase {
    explicit Box(T v) : value(std::move(v)) {}
    const char* tag() const override { return &tag_of<T>; }
    std::string print() const override {
      FieldPrinter printer;
      T copy = value;
      copy.fields(printer);
      return printer.take();
    }
    Attrs visited(FieldVisitor& visitor) const override {
      T copy = value;
      copy.fields(visitor);
      return Attrs(std::move(copy));
    }
    T value;
  };
  std::shared_ptr<const BoxBase> box_;
};

}  // namespace thimble
