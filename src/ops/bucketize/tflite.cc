#include "formats/tflite/rule.h"
#include "ops/bucketize/bucketize.h"

namespace thimble::tflite_rule {

// BUCKETIZE 147, BucketizeOptions (union tag 115): 0 boundaries.
tflite::TfliteRule bucketize(Op) {
  return {{{147, 115}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::bucketize;
            BucketizeAttrs attrs;
            for (const float b : ctx.options.scalars<float>(0)) attrs.boundaries.push_back(std::bit_cast<uint32_t>(b));
            ctx.node.attrs = std::move(attrs);
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 147;
            std::vector<float> list;
            for (const int64_t b : ctx.node.attrs.as<BucketizeAttrs>().boundaries) list.push_back(boundary_of(b));
            const auto offset = ctx.builder.CreateVector(list);
            ctx.options_table([&](tflite::TableWriter& t) { t.offset(0, offset); });
            return {};
          }};
}

}  // namespace thimble::tflite_rule
