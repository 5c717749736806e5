#include "formats/tflite/table.h"

namespace thimble::tflite {

Table::Table(const flatbuffers::Table* table, Damage* damage) : damage_(damage) {
  if (!table) return;
  // VerifyTableStart counts depth and tables; the pair of calls leaves the depth as it was.
  if (!table->VerifyTableStart(*damage->verifier)) {
    damage->report("a table or its field list lies outside the file");
    return;
  }
  damage->verifier->EndTable();
  table_ = table;
}

Table Tables::operator[](size_t i) const {
  if (!vector_ || i >= vector_->size()) return {};
  // The offset itself is inside the verified vector; its target is checked before it is followed.
  const auto* element = vector_->Data() + i * sizeof(flatbuffers::uoffset_t);
  const auto distance = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(element);
  if (distance == 0 || distance >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    damage_->report("an offset to a table is zero or too large");
    return {};
  }
  return Table(reinterpret_cast<const flatbuffers::Table*>(element + distance), damage_);
}

std::string_view Table::string(int field) const {
  if (!has(field)) return {};
  if (!table_->VerifyOffset(*damage_->verifier, offset(field))) {
    damage_->report("a string lies outside the file");
    return {};
  }
  const auto* s = table_->GetPointer<const flatbuffers::String*>(offset(field));
  if (!s || !damage_->verifier->VerifyString(s)) {
    damage_->report("a string is longer than the file or not terminated");
    return {};
  }
  return {s->c_str(), s->size()};
}

Table Table::table(int field) const {
  if (!has(field)) return {};
  if (!table_->VerifyOffset(*damage_->verifier, offset(field))) {
    damage_->report("a table lies outside the file");
    return {};
  }
  return Table(table_->GetPointer<const flatbuffers::Table*>(offset(field)), damage_);
}

Tables Table::tables(int field) const {
  return Tables(vector<flatbuffers::Offset<flatbuffers::Table>>(field), damage_);
}

}  // namespace thimble::tflite
