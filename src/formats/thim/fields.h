// Attributes of nodes in packed files: field by field in the order of the struct, each with a decision whether it
// is what the last node of the same operator had (at first: what a new node has). A file of some version has the
// fields that exist since then (graph/attrs.h); a reader leaves the others at their default.
#pragma once

#include <string>
#include <vector>

#include "formats/thim/models.h"
#include "graph/attrs.h"

namespace thimble::thim {

// One field: whole numbers, booleans, enumerations and the bits of floats in `number`.
struct Field {
  int64_t number = 0;
  std::vector<int64_t> list;
  std::string text;
  friend bool operator==(const Field&, const Field&) = default;
};

// The fields of a struct in order, and since which version each exists.
std::vector<Field> fields_of(const Attrs& attrs, std::vector<int>* since = nullptr);

class FieldCodec final : public FieldVisitor {
 public:
  // `same`: one flag per field, kept from node to node. `last`: the fields before; becomes those of this node.
  // `version`: of the file.
  FieldCodec(BitCoder& coder, int version, Number& integer, std::vector<Flag>& same, std::vector<Field>& last)
      : coder_(coder), version_(version), integer_(integer), same_(same), last_(last) {}
  using FieldVisitor::operator();
  void operator()(const char*, bool& v) override;
  void operator()(const char*, int64_t& v) override;
  void operator()(const char*, uint64_t& v) override;
  void operator()(const char*, float& v) override;
  void operator()(const char*, std::vector<int64_t>& v) override;
  void operator()(const char*, std::string& v) override;
  void enumeration(const char*, int& v, int count) override;
  bool takes(Since since) override;

 private:
  enum class Kind { boolean, integer, floating, list, text };
  void code(Kind kind, Field& field);

  BitCoder& coder_;
  const int version_;
  Number& integer_;
  std::vector<Flag>& same_;
  std::vector<Field>& last_;
  size_t next_ = 0;
};

}  // namespace thimble::thim
