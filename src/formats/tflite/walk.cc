#include "formats/tflite/walk.h"

#include <algorithm>

#include "formats/tflite/schema.h"

namespace thimble::tflite {
namespace {

constexpr size_t kMaxTables = 1'000'000;

class Walk {
 public:
  Walk(Damage* damage, size_t file_bytes)
      : damage_(damage),
        tables_left_(std::min(kMaxTables, 4096 + file_bytes / 8)),
        bytes_left_((1 << 20) + 4 * file_bytes) {}

  void table(const Table& t, const Layout& layout) {
    if (!t || !damage_->what.empty()) return;
    if (tables_left_-- == 0) return damage_->report("more tables than a file of its size can hold");
    for (const Field& field : layout.fields) {
      if (!damage_->what.empty()) return;
      visit(t, field);
    }
  }

 private:
  void visit(const Table& t, const Field& f) {
    switch (f.kind) {
      case Kind::i8: (void)t.scalar<int8_t>(f.id, 0); break;
      case Kind::i32: (void)t.scalar<int32_t>(f.id, 0); break;
      case Kind::u64: (void)t.scalar<uint64_t>(f.id, 0); break;
      case Kind::text: count(t.string(f.id).size()); break;
      case Kind::data: (void)t.scalars<uint8_t>(f.id); break;
      case Kind::int32s: count(t.scalars<int32_t>(f.id).size_bytes()); break;
      case Kind::int64s: count(t.scalars<int64_t>(f.id).size_bytes()); break;
      case Kind::floats: count(t.scalars<float>(f.id).size_bytes()); break;
      case Kind::index_list: index_list(t, f.id); break;
      case Kind::options:
        (void)t.scalar<uint8_t>(f.id, 0);
        table(t.table(f.id + 1), Layout{});
        break;
      case Kind::table: table(t.table(f.id), *f.child); break;
      case Kind::tables: {
        const Tables all = t.tables(f.id);
        count(all.size() * sizeof(flatbuffers::uoffset_t));
        for (size_t i = 0; i < all.size() && damage_->what.empty(); ++i) table(all[i], *f.child);
        break;
      }
    }
  }

  void index_list(const Table& t, int id) {
    const int kind = t.scalar<uint8_t>(id, 0);
    const Table list = t.table(id + 1);
    table(list, Layout{});
    if (kind == schema::kInt32Vector) count(list.scalars<int32_t>(0).size_bytes());
    if (kind == schema::kUint16Vector) count(list.scalars<uint16_t>(0).size_bytes());
    if (kind == schema::kUint8Vector) count(list.scalars<uint8_t>(0).size_bytes());
  }

  void count(size_t bytes) {
    if (bytes > bytes_left_) return damage_->report("its tables share lists so often that they would outgrow the file");
    bytes_left_ -= bytes;
  }

  Damage* damage_;
  size_t tables_left_, bytes_left_;
};

}  // namespace

void walk_tables(const Table& root, const Layout& layout, size_t file_bytes, Damage* damage) {
  Walk(damage, file_bytes).table(root, layout);
}

}  // namespace thimble::tflite
