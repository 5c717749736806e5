#include "formats/tflite/rule.h"
#include "ops/resize_bilinear/resize_bilinear.h"

namespace thimble::tflite_rule {

// RESIZE_BILINEAR 23, ResizeBilinearOptions (union tag 15): 2 align_corners, 3 half_pixel_centers.
tflite::TfliteRule resize_bilinear(Op) {
  return {
      {{23, 15}},
      [](tflite::ReadContext& ctx) -> Status {
        ctx.node.op = Op::resize_bilinear;
        ctx.node.attrs = ResizeAttrs{ctx.options.scalar<uint8_t>(2, 0) != 0, ctx.options.scalar<uint8_t>(3, 0) != 0};
        return {};
      },
      [](tflite::WriteContext& ctx) -> Status {
        const auto& attrs = ctx.node.attrs.as<ResizeAttrs>();
        const DType type = ctx.in(0).type;
        ctx.builtin = 23;
        ctx.version = type == DType::i16 ? 4 : attrs.half_pixel_centers ? 3 : type == DType::i8 ? 2 : 1;
        ctx.options_table([&](tflite::TableWriter& t) {
          t.scalar<uint8_t>(2, attrs.align_corners, 0);
          t.scalar<uint8_t>(3, attrs.half_pixel_centers, 0);
        });
        return {};
      }};
}

}  // namespace thimble::tflite_rule
