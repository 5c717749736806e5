// Which version of packed files has what: codings of constants, operators, fields of attributes. A file has the lowest
// version that can say what is in it, so that every reader reads what it can.
#pragma once

#include "formats/thim/thim.h"
#include "ops/op.h"

namespace thimble::thim {

// The attributes of a new node of each operator in packed files: what is known of its fields and their defaults.
using AttributesFn = Attrs (*)(Op);
Attrs attributes_of(Op op);

// Of what is known. No version is above 31 (is_thim).
int newest_version(AttributesFn attributes);
// The lowest version that has every field of the graph's nodes that is not at its default.
int version_of_fields(const Graph& graph, AttributesFn attributes);
// Whether nodes of the graph have more fields in files of version `high` than in those of version `low`.
bool more_fields(const Graph& graph, AttributesFn attributes, int low, int high);

// write_thim and read_thim, with operators whose fields are others.
Result<PackedModel> write(const Graph& graph, const ThimOptions& options, AttributesFn attributes);
Result<Checked> read(std::span<const uint8_t> bytes, AttributesFn attributes);

}  // namespace thimble::thim
