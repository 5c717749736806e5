// What `inspect` says of a file beside the network that runs: signatures, subgraphs, operators without support.
#pragma once

#include "app/command.h"
#include "base/json.h"
#include "formats/tflite/listing.h"

namespace thimble::app {

// One line per signature with its inputs and outputs; then, with `all`, a table per subgraph.
std::string listing_text(const TfliteListing& listing, bool all, const Context& context);

// Fields of the document that is being written: "operators", "operators_supported", "signatures" and, with `all`,
// "subgraphs".
void listing_json(const TfliteListing& listing, bool all, JsonWriter& json);

}  // namespace thimble::app
