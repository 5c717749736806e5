#include "formats/tflite/rule.h"
#include "ops/hashtable_lookup/hashtable_lookup.h"

namespace thimble::tflite_rule {

// HASHTABLE_LOOKUP 10, without options.
tflite::TfliteRule hashtable_lookup(Op) {
  return tflite::fieldless_rule<Op::hashtable_lookup, 10, 0, HashtableLookupAttrs>();
}

}  // namespace thimble::tflite_rule
