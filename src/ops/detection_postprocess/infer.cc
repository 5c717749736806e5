#include <algorithm>

#include "base/numbers.h"
#include "ops/detection_postprocess/detection_postprocess.h"

namespace thimble {

DetectionScratch detection_scratch(const thimble_detection_postprocess& p, bool regular) {
  const int64_t n = p.boxes;
  DetectionScratch s{};
  s.best = 16 * n;            // decoded: 4 floats; best: a float
  s.order = s.best + 4 * n;   // int32
  s.taken = s.order + 4 * n;  // Detection
  s.best_classes = s.taken + static_cast<int64_t>(sizeof(Detection)) * (p.detections + (regular ? p.of_each : 0));
  s.bytes = s.best_classes + 4 * (regular ? n : p.classes);
  return s;
}

namespace infer {

Status detection_postprocess(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 4));
  THIMBLE_TRY(ctx.expect_attrs<DetectionPostprocessAttrs>());
  const auto& a = ctx.node.attrs.as<DetectionPostprocessAttrs>();
  for (const int i : {0, 1, 2}) THIMBLE_TRY(ctx.expect_type(i, {DType::f32, DType::u8}));
  for (const int i : {0, 1}) THIMBLE_TRY(ctx.expect_rank(i, 3, 3));
  THIMBLE_TRY(ctx.expect_rank(2, 2, 2));
  const Tensor &encodings = ctx.in(0), &scores = ctx.in(1), &anchors = ctx.in(2);
  for (const int i : {0, 1, 2})
    if (ctx.in(i).type == DType::u8) THIMBLE_TRY(ctx.expect_per_tensor_quantized(ctx.in(i)));
  const int64_t n = encodings.shape[1], columns = scores.shape[2];
  if (encodings.type != anchors.type)
    return fail(ErrorCode::bad_file, format("{} and {} differ in type", encodings.to_string(), anchors.to_string()));
  if (encodings.shape[0] != 1 || scores.shape[0] != 1)
    return fail(ErrorCode::unsupported, format("a batch of {}", std::max(encodings.shape[0], scores.shape[0])),
                "run pictures one by one");
  if (encodings.shape[2] < 4 || scores.shape[1] != n || !(anchors.shape == Shape{n, 4}))
    return fail(ErrorCode::bad_file, format("{}, {} and {} do not belong together", encodings.to_string(),
                                            scores.to_string(), anchors.to_string()));
  if (a.num_classes < 1 || (columns != a.num_classes && columns != int64_t{a.num_classes} + 1))
    return fail(ErrorCode::bad_file, format("{} classes in {}", a.num_classes, scores.to_string()));
  if (a.max_detections < 0 || a.max_classes_per_detection < 1 || (a.use_regular_nms && a.detections_per_class < 1))
    return fail(ErrorCode::bad_file, format("{} detections of {} classes, {} of a class", a.max_detections,
                                            a.max_classes_per_detection, a.detections_per_class));
  if (!(a.nms_iou_threshold > 0 && a.nms_iou_threshold <= 1))
    return fail(ErrorCode::bad_file, format("nms_iou_threshold {} is outside (0, 1]", a.nms_iou_threshold));
  int64_t places;
  if (!checked_mul(a.max_detections, a.max_classes_per_detection, &places))
    return fail(ErrorCode::bad_file, "the number of detections overflows");
  const int64_t boxes[] = {1, places, 4}, list[] = {1, places};
  ctx.outputs[0].type = ctx.outputs[1].type = ctx.outputs[2].type = ctx.outputs[3].type = DType::f32;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(boxes)));
  THIMBLE_ASSIGN(ctx.outputs[1].shape, Shape::make(std::span<const int64_t>(list)));
  ctx.outputs[2].shape = ctx.outputs[1].shape;
  ctx.outputs[3].shape = Shape{1};
  auto& p = ctx.plan.make<thimble_detection_postprocess>();
  p.boxes = static_cast<thimble_dim>(n);
  p.encoding = static_cast<thimble_dim>(encodings.shape[2]);
  p.columns = static_cast<thimble_dim>(columns);
  p.classes = a.num_classes;
  p.detections = a.max_detections;
  p.of_each = a.use_regular_nms ? std::min(a.detections_per_class, std::max(a.max_detections, 1))
                                : std::min(a.max_classes_per_detection, a.num_classes);
  ctx.scratch_bytes = detection_scratch(p, a.use_regular_nms).bytes;
  return {};
}

}  // namespace infer
}  // namespace thimble
