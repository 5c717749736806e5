#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// ADD_N 106 (AddNOptions, union tag 82), without fields.
tflite::TfliteRule add_n(Op) { return tflite::fieldless_rule<Op::add_n, 106, 82>(); }

}  // namespace thimble::tflite_rule
