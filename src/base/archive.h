// Plain data as bytes and back, for files that only Thimble reads (checkpoints, finished pieces of a study). A type has
// one function for both directions, so that they cannot disagree:
//   template <class Stream> void transfer(Stream& s, Point& p) { s(p.name, p.x, p.values); }
// Little endian: numbers as 8 bytes (floating point as double), texts and vectors of bytes or numbers with an 8-byte
// count before their memory, vectors of structs element by element. What is read may be hostile: after the first
// shortage everything reads as zero or empty and `ok` is false; nothing larger than the input is ever allocated at
// once.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace thimble {

class ArchiveOut {
 public:
  static constexpr bool kReading = false;
  std::vector<uint8_t> bytes;

  template <class... T>
  requires(sizeof...(T) > 1) void operator()(T&... values) { ((*this)(values), ...); }
  template <class T>
  void operator()(T& v) {
    if constexpr (std::is_floating_point_v<T>) {
      const double wide = v;
      raw(&wide, 8);
    } else if constexpr (std::is_integral_v<T>) {
      const auto wide = static_cast<int64_t>(v);
      raw(&wide, 8);
    } else {
      transfer(*this, v);
    }
  }
  void operator()(std::string& text) { memory(text.data(), text.size(), 1); }
  template <class T>
  void operator()(std::vector<T>& v) {
    if constexpr (std::is_arithmetic_v<T>) {
      memory(v.data(), v.size(), sizeof(T));
    } else {
      uint64_t n = v.size();
      (*this)(n);
      for (T& element : v) (*this)(element);
    }
  }
  template <class T>
  void operator()(std::map<std::string, T>& values) {
    uint64_t n = values.size();
    (*this)(n);
    for (auto& [key, value] : values) {
      std::string name = key;
      (*this)(name, value);
    }
  }
  void raw(const void* p, size_t n) {
    bytes.insert(bytes.end(), static_cast<const uint8_t*>(p), static_cast<const uint8_t*>(p) + n);
  }

 private:
  void memory(const void* p, size_t count, size_t element) {
    uint64_t n = count;
    (*this)(n);
    if (count > 0) raw(p, count * element);
  }
};

class ArchiveIn {
 public:
  static constexpr bool kReading = true;
  bool ok = true;

  explicit ArchiveIn(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool at_end() const { return at_ == bytes_.size(); }

  template <class... T>
  requires(sizeof...(T) > 1) void operator()(T&... values) { ((*this)(values), ...); }
  template <class T>
  void operator()(T& v) {
    if constexpr (std::is_arithmetic_v<T>) {
      std::conditional_t<std::is_floating_point_v<T>, double, int64_t> wide = 0;
      take(&wide, 8);
      v = static_cast<T>(wide);
    } else {
      transfer(*this, v);
    }
  }
  void operator()(std::string& text) { memory(text, 1); }
  template <class T>
  void operator()(std::vector<T>& v) {
    if constexpr (std::is_arithmetic_v<T>) {
      memory(v, sizeof(T));
    } else {
      v.clear();
      for (uint64_t n = count(); n > 0 && ok; --n) (*this)(v.emplace_back());
    }
  }
  template <class T>
  void operator()(std::map<std::string, T>& values) {
    values.clear();
    for (uint64_t n = count(); n > 0 && ok; --n) {
      std::string name;
      (*this)(name);
      (*this)(values[name]);
    }
  }

 private:
  // Of things that take at least 8 bytes each.
  uint64_t count() {
    uint64_t n = 0;
    (*this)(n);
    if (n > (bytes_.size() - at_) / 8) ok = false;
    return ok ? n : 0;
  }
  template <class Container>
  void memory(Container& c, size_t element) {
    uint64_t n = 0;
    (*this)(n);
    if (n > (bytes_.size() - at_) / element) ok = false;
    c.resize(ok ? n : 0);
    if (!c.empty()) take(c.data(), n * element);
  }
  void take(void* p, size_t n) {
    if (!ok || n > bytes_.size() - at_) {
      ok = false;
      return;
    }
    std::memcpy(p, bytes_.data() + at_, n);
    at_ += n;
  }

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

}  // namespace thimble
