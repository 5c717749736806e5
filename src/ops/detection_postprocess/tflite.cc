// FlexBuffers make numbers of strings too, with a locale object that is in the compiled library alone; ours are never
// strings.
#define FLATBUFFERS_LOCALE_INDEPENDENT 0
#include <flatbuffers/flexbuffers.h>

#include "formats/tflite/rule.h"
#include "ops/detection_postprocess/detection_postprocess.h"

namespace thimble::tflite_rule {
namespace {

// The options are a FlexBuffers map by the attributes' names; what is missing is 0, but detections_per_class is 100.
class FromMap {
 public:
  explicit FromMap(flexbuffers::Map map) : map_(map) {}
  void operator()(const char* field, int& v) {
    if (const auto given = number(field); !given.IsNull()) v = given.AsInt32();
  }
  void operator()(const char* field, bool& v) {
    if (const auto given = number(field); !given.IsNull()) v = given.AsBool();
  }
  void operator()(const char* field, float& v) {
    const auto given = number(field);
    v = given.IsNull() ? 0.0f : given.AsFloat();
  }
  std::string wrong;  // the name of a field that is no number

 private:
  flexbuffers::Reference number(const char* field) {
    const flexbuffers::Reference given = map_[field];
    if (given.IsNull() || given.IsNumeric() || given.IsBool()) return given;
    wrong = field;
    return {};
  }
  flexbuffers::Map map_;
};

class ToMap {
 public:
  explicit ToMap(flexbuffers::Builder& builder) : builder_(builder) {}
  void operator()(const char* field, int v) { builder_.Int(field, v); }
  void operator()(const char* field, bool v) { builder_.Bool(field, v); }
  void operator()(const char* field, float v) { builder_.Float(field, v); }

 private:
  flexbuffers::Builder& builder_;
};

Status read(tflite::ReadContext& ctx) {
  const auto bytes = ctx.custom_options;
  if (bytes.size() < 3 || !flexbuffers::VerifyBuffer(bytes.data(), bytes.size()))
    return fail(ErrorCode::bad_file, "its options are no FlexBuffers value");
  const auto root = flexbuffers::GetRoot(bytes.data(), bytes.size());
  if (!root.IsMap()) return fail(ErrorCode::bad_file, "its options are no FlexBuffers map");
  DetectionPostprocessAttrs attrs;
  FromMap from(root.AsMap());
  attrs.fields(from);
  if (!from.wrong.empty()) return fail(ErrorCode::bad_file, format("its option {} is no number", from.wrong));
  ctx.node.op = Op::detection_postprocess;
  ctx.node.attrs = attrs;
  return {};
}

Status write(tflite::WriteContext& ctx) {
  flexbuffers::Builder builder;
  const size_t start = builder.StartMap();
  ToMap to(builder);
  DetectionPostprocessAttrs attrs = ctx.node.attrs.as<DetectionPostprocessAttrs>();
  attrs.fields(to);
  builder.EndMap(start);
  builder.Finish();
  ctx.custom_options = builder.GetBuffer();
  return {};
}

}  // namespace

tflite::TfliteRule detection_postprocess(Op) {
  return {.builtins = {}, .read = read, .write = write, .custom = "TFLite_Detection_PostProcess"};
}

}  // namespace thimble::tflite_rule
