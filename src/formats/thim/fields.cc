#include "formats/thim/fields.h"

#include <bit>

namespace thimble::thim {
namespace {

constexpr size_t kLongestList = 64, kLongestText = 4096;

class Recorder final : public FieldVisitor {
 public:
  using FieldVisitor::operator();
  void operator()(const char*, bool& v) override { add({v ? 1 : 0, {}, {}}); }
  void operator()(const char*, int64_t& v) override { add({v, {}, {}}); }
  void operator()(const char*, uint64_t& v) override { add({static_cast<int64_t>(v), {}, {}}); }
  void operator()(const char*, float& v) override { add({std::bit_cast<int32_t>(v), {}, {}}); }
  void operator()(const char*, std::vector<int64_t>& v) override { add({0, v, {}}); }
  void operator()(const char*, std::string& v) override { add({0, {}, v}); }
  void enumeration(const char*, int& v, int) override { add({v, {}, {}}); }
  bool takes(Since mark) override {
    next_ = mark;
    return true;
  }
  std::vector<Field> fields;
  std::vector<int> since;

 private:
  void add(Field field) {
    fields.push_back(std::move(field));
    since.push_back(next_.version);
    next_ = {};
  }
  Since next_;
};

}  // namespace

std::vector<Field> fields_of(const Attrs& attrs, std::vector<int>* since) {
  Recorder recorder;
  attrs.visited(recorder);
  if (since) *since = std::move(recorder.since);
  return std::move(recorder.fields);
}

bool FieldCodec::takes(Since since) {
  if (since.version <= version_) return true;
  ++next_;  // its place among the models stays empty
  return false;
}

void FieldCodec::code(Kind kind, Field& field) {
  while (same_.size() <= next_) same_.emplace_back(0.85);
  while (last_.size() <= next_) last_.emplace_back();
  Field& last = last_[next_];
  const bool same = same_[next_++].code(coder_, field == last);
  if (same) {
    field = last;
    return;
  }
  switch (kind) {
    case Kind::boolean: field.number = last.number ? 0 : 1; break;
    case Kind::integer: field.number = integer_.code_signed(coder_, field.number); break;
    case Kind::floating:
      field.number = static_cast<int32_t>(coder_.even_bits(static_cast<uint32_t>(field.number), 32));
      break;
    case Kind::list: {
      const uint64_t size = integer_.code_unsigned(coder_, field.list.size());
      if (size > kLongestList) return coder_.fail();
      field.list.resize(size);
      for (int64_t& v : field.list) v = integer_.code_signed(coder_, v);
      break;
    }
    case Kind::text: {
      const uint64_t size = integer_.code_unsigned(coder_, field.text.size());
      if (size > kLongestText) return coder_.fail();
      field.text.resize(size);
      for (char& c : field.text) c = static_cast<char>(coder_.even_bits(static_cast<uint8_t>(c), 8));
      break;
    }
  }
  last = field;
}

void FieldCodec::operator()(const char*, bool& v) {
  Field field{v ? 1 : 0, {}, {}};
  code(Kind::boolean, field);
  v = field.number != 0;
}

void FieldCodec::operator()(const char*, int64_t& v) {
  Field field{v, {}, {}};
  code(Kind::integer, field);
  v = field.number;
}

void FieldCodec::operator()(const char*, uint64_t& v) {
  Field field{static_cast<int64_t>(v), {}, {}};
  code(Kind::integer, field);
  v = static_cast<uint64_t>(field.number);
}

void FieldCodec::operator()(const char*, float& v) {
  Field field{std::bit_cast<int32_t>(v), {}, {}};
  code(Kind::floating, field);
  v = std::bit_cast<float>(static_cast<int32_t>(field.number));
}

void FieldCodec::operator()(const char*, std::vector<int64_t>& v) {
  Field field{0, v, {}};
  code(Kind::list, field);
  v = field.list;
}

void FieldCodec::operator()(const char*, std::string& v) {
  Field field{0, {}, v};
  code(Kind::text, field);
  v = field.text;
}

void FieldCodec::enumeration(const char*, int& v, int count) {
  Field field{v, {}, {}};
  code(Kind::integer, field);
  if (field.number < 0 || field.number >= count) return coder_.fail();
  v = static_cast<int>(field.number);
}

}  // namespace thimble::thim
