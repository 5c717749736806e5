// Reading flatbuffers tables of untrusted files: a thin view over libflatbuffers' Table in which
// every access is verified first (offsets, lengths, alignment). The first violation is remembered
// in the shared Damage; reads after it give defaults, so callers check once at the end of a unit.
// Format: the FlatBuffers internals document; field ids are those of the TFLite schema.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <flatbuffers/flatbuffers.h>

namespace thimble::tflite {

struct Damage {
  flatbuffers::Verifier* verifier = nullptr;
  std::string what;  // empty while everything read was sound
  void report(std::string_view text) {
    if (what.empty()) what = text;
  }
};

class Table;

// A vector of offsets to tables.
class Tables {
 public:
  Tables() = default;
  Tables(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>* v, Damage* d) : vector_(v), damage_(d) {}
  size_t size() const { return vector_ ? vector_->size() : 0; }
  explicit operator bool() const { return vector_ != nullptr; }
  Table operator[](size_t i) const;

 private:
  const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>* vector_ = nullptr;
  Damage* damage_ = nullptr;
};

class Table {
 public:
  Table() = default;
  // Verifies the table's own header and vtable.
  Table(const flatbuffers::Table* table, Damage* damage);

  explicit operator bool() const { return table_ != nullptr; }
  bool has(int field) const { return table_ && table_->CheckField(offset(field)); }

  template <class T>
  T scalar(int field, T otherwise) const {
    if (!has(field)) return otherwise;
    if (!table_->VerifyField<T>(*damage_->verifier, offset(field), sizeof(T))) {
      damage_->report("a scalar field lies outside the file");
      return otherwise;
    }
    return table_->GetField<T>(offset(field), otherwise);
  }
  template <class Enum>
  Enum enumeration(int field, Enum otherwise, int count) const {
    const int v = scalar<int8_t>(field, static_cast<int8_t>(otherwise));
    if (v < 0 || v >= count) {
      if (damage_) damage_->report("an enumeration value is out of range");
      return otherwise;
    }
    return static_cast<Enum>(v);
  }
  template <class T>
  std::span<const T> scalars(int field) const {
    const auto* v = vector<T>(field);
    return v ? std::span<const T>(reinterpret_cast<const T*>(v->data()), v->size()) : std::span<const T>();
  }
  std::string_view string(int field) const;
  Table table(int field) const;
  Tables tables(int field) const;

 private:
  static flatbuffers::voffset_t offset(int field) { return static_cast<flatbuffers::voffset_t>(4 + 2 * field); }
  template <class T>
  const flatbuffers::Vector<T>* vector(int field) const {
    if (!has(field)) return nullptr;
    if (!table_->VerifyOffset(*damage_->verifier, offset(field))) {
      damage_->report("a vector lies outside the file");
      return nullptr;
    }
    const auto* v = table_->GetPointer<const flatbuffers::Vector<T>*>(offset(field));
    if (!v || !damage_->verifier->VerifyVector(v)) {
      damage_->report("a vector is longer than the file");
      return nullptr;
    }
    if (reinterpret_cast<uintptr_t>(v->data()) % alignof(T) != 0) {
      damage_->report("a vector of numbers is not aligned");
      return nullptr;
    }
    return v;
  }

  const flatbuffers::Table* table_ = nullptr;
  Damage* damage_ = nullptr;
  friend class Tables;
};

}  // namespace thimble::tflite
