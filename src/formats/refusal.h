// What a reader refuses and yet reads on: for whoever wants to know every problem of a file at once.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace thimble {

struct Refusal {
  enum class Kind : uint8_t {
    tensor,            // it cannot be read: its type, its number of dimensions
    unknown_operator,  // there is no rule for it
    custom_operator,   // nor for this one, which is no operator of the format's own
    use,               // of an operator that there is: a type, an attribute, a value that only the run knows
    follows            // it reads what an operator refused before it would give: that alone may be the reason
  };
  Kind kind = Kind::use;
  std::string op;    // what the file calls the operator: "CONV_2D"; empty for a tensor
  std::string name;  // of the node or the tensor
  Error error;
};
using Refusals = std::vector<Refusal>;

}  // namespace thimble
