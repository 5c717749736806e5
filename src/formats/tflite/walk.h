// One look at every table of a flatbuffers file, before any of it is used.
#pragma once

#include "formats/tflite/table.h"

namespace thimble::tflite {

enum class Kind : uint8_t {
  i8,
  i32,
  u64,
  text,
  data,  // bytes that are viewed, never copied once per visit
  int32s,
  int64s,
  floats,
  index_list,  // a union of three kinds of vectors: its type, and in the field behind it the table
  options,     // a union whose type says what the fields are, to whoever reads them: its type, and behind it the table
  table,
  tables,
};

struct Layout;
struct Field {
  int id;
  Kind kind;
  const Layout* child = nullptr;
};
// A table's fields, as far as they are read.
struct Layout {
  std::span<const Field> fields;
};

// Visits every table below the root once per way that leads there; a layout must not contain itself. Table's accessors
// check each offset before it is followed and note the first violation; the walk stops there. Visits are counted: a
// table that is named once takes at least 8 bytes (4 in the list that names it, 4 of its own), and lists that tables
// share are read once per table, so a file cannot ask for much more than its size says.
void walk_tables(const Table& root, const Layout& layout, size_t file_bytes, Damage* damage);

}  // namespace thimble::tflite
