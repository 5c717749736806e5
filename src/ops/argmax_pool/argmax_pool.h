// max_pool_with_argmax(x): the largest of every window of each channel of x [batch, h, w, c], then a fused clamp, and
// where in its window it stands.
//   y        [batch, out_h, out_w, c]; indices of the same shape: row · filter_w + column + 0.1, the first of equal
//   ones
// max_unpool(x, indices): x [batch, h, w, c] put back into [batch, h · filter_h, w · filter_w, c], zeros elsewhere; of
// several for one place the last stands. The fused clamp of the attributes is not applied. float32. Positions outside
// the image count for nothing; the maximum starts at the lowest finite number and passes over NaN. Windows and padding
// as in pool2d; those of max_unpool are of the pool whose output x is. An index that leads outside the image ends the
// run without an answer. Source: MediaPipe's custom operators MaxPoolingWithArgmax2D and MaxUnpooling2D.
#pragma once

#include "ops/op.h"
#include "ops/pool2d/pool2d.h"

typedef struct thimble_argmax_pool {
  thimble_dim batch, channels;
  thimble_axis h, w;  // in: the large image, out: the small one
  thimble_range range;
} thimble_argmax_pool;

inline void fields(thimble::PlanVisitor& v, const thimble_argmax_pool& p) {
  v.number("batch", p.batch);
  v.number("channels", p.channels);
  fields(v, "height", p.h);
  fields(v, "width", p.w);
  fields(v, "range", p.range);
}
