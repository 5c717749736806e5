#include "data/fit_picture.h"

#include "data/handwriting.h"
#include "data/resize.h"

namespace thimble {

Picture fitted_picture(const Picture& picture, const std::vector<int64_t>& shape, bool handwriting) {
  Picture fitted = handwriting ? with_channels({28, 28, 1, prepare_handwriting(picture)}, shape[2])
                               : with_channels(picture, shape[2]);
  if (fitted.height == shape[0] && fitted.width == shape[1]) return fitted;
  return resize_antialias(fitted, shape[0], shape[1]);
}

}  // namespace thimble
