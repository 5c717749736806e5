// One picture of many samples, for `thimble data show SET -o SHEET.png`.
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "data/picture.h"

namespace thimble {

// Sample i of a picture set as a picture (floats are brought to 0 … 255 by their own range). Errors: usage for tables.
Result<Picture> sample_picture(const Dataset& set, int64_t i);
// The samples side by side, class by class (one row per class, `columns` each, in the order of the set), or in the
// order of the set when there are no classes; small pictures are enlarged to about 56 pixels. Errors: usage for tables.
Result<Picture> contact_sheet(const Dataset& set, int64_t columns = 20, int64_t max_rows = 50);

}  // namespace thimble
