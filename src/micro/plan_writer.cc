#include "micro/plan_writer.h"

#include "base/format.h"
#include "micro/emit.h"
#include "micro/literals.h"

namespace thimble::micro {

void PlanWriter::item(std::string_view name, const std::string& value) {
  if (groups_.empty()) {
    lines_.push_back({value, std::string(name)});
    return;
  }
  Line& line = lines_.back();
  if (!first_) line.value += ", ";
  line.value += value;
  if (!name.empty()) line.comment += (line.comment.ends_with(':') ? " " : ", ") + std::string(name);
  first_ = false;
}

void PlanWriter::begin(std::string_view name) {
  if (groups_.empty()) {
    lines_.push_back({"{", std::string(name) + ":"});
  } else {
    item({}, "{");
  }
  groups_.emplace_back(name);
  first_ = true;
}

void PlanWriter::end() {
  lines_.back().value += "}";
  groups_.pop_back();
  first_ = false;
}

void PlanWriter::number(std::string_view name, int64_t value) { item(name, literal(value)); }
void PlanWriter::real(std::string_view name, float value) { item(name, literal(value)); }

template <class T>
void PlanWriter::add(std::string_view name, const char* type, const T* values, int64_t count) {
  if (!values || count == 0) return item(name, "NULL");  // C has no arrays of no elements
  std::string symbol = prefix_;
  for (const std::string& group : groups_) symbol += "_" + identifier(group);
  symbol += "_" + identifier(name);
  const std::string& held_by = written_.name(type, std::span(values, static_cast<size_t>(count)), symbol);
  if (held_by == symbol) {
    arrays_ += micro::array<T>(type, symbol, values, count);
    array_bytes_ += count * static_cast<int64_t>(sizeof(T));
  }
  item(name, held_by);
}

void PlanWriter::array(std::string_view name, const int8_t* values, int64_t count) {
  add(name, "int8_t", values, count);
}
void PlanWriter::array(std::string_view name, const int32_t* values, int64_t count) {
  add(name, "int32_t", values, count);
}
void PlanWriter::array(std::string_view name, const uint32_t* values, int64_t count) {
  add(name, "uint32_t", values, count);
}
void PlanWriter::array(std::string_view name, const float* values, int64_t count) { add(name, "float", values, count); }
void PlanWriter::positions(std::string_view name, const thimble_dim* values, int64_t count) {
  add(name, "thimble_dim", values, count);
}

std::string PlanWriter::text(std::string_view type, std::string_view symbol) const {
  std::string text = arrays_ + format("static const {} {} = {{\n", type, symbol);
  for (size_t i = 0; i < lines_.size(); ++i) {
    std::string comment = lines_[i].comment;
    if (comment.ends_with(':')) comment.pop_back();
    const std::string value = lines_[i].value + (i + 1 < lines_.size() ? "," : "");
    if (comment.empty())
      text += format("    {}\n", value);
    else if (value.size() + comment.size() > 100)
      text += format("    /* {} */\n    {}\n", comment, value);
    else
      text += format("    {:<32} /* {} */\n", value, comment);
  }
  return text + "};\n";
}

}  // namespace thimble::micro
