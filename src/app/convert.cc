// `thimble convert`: the same model in another format.
#include "api/load.h"
#include "app/commands.h"
#include "app/output.h"
#include "base/file.h"
#include "base/json.h"
#include "formats/model_file.h"
#include "formats/onnx/onnx.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string model, output;
  int64_t opset = OnnxWriteOptions{}.opset;
  bool force = false, opset_given = false;
};

Result<std::vector<uint8_t>> bytes_of(const Arguments& a, Graph graph, const Context& context) {
  if (!is_onnx_name(a.output)) return model_bytes(std::move(graph), a.output, context);
  return write_onnx(graph, {.opset = a.opset});
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_TRY(check_model_output(context, a.output, {a.model}, a.force));
  if (a.opset_given && !is_onnx_name(a.output))
    return fail(ErrorCode::usage, format("--opset is of .onnx files, and '{}' is none", a.output));
  THIMBLE_ASSIGN(LoadedModel model, load_model(a.model));
  const auto before = static_cast<int64_t>(model.file.size);
  auto bytes = bytes_of(a, std::move(model.graph), context);
  if (!bytes) return with_context(std::move(bytes).error(), a.model);
  if (a.output == "-") {
    context.print({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    return {};
  }
  THIMBLE_TRY(write_file_atomic(a.output, *bytes));
  const auto after = static_cast<int64_t>(bytes->size());
  if (context.json) {
    JsonWriter json;
    json.begin_object().field("schema", "thimble.convert/1").field("model", a.model).field("file", a.output);
    json.field("bytes_before", before).field("bytes", after).end_object();
    context.print(json.take() + "\n");
  }
  context.note(format("wrote {} ({})", a.output, format_bytes(static_cast<double>(after))));
  return {};
}

}  // namespace

Action define_convert(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble convert model.tflite model.onnx\n"
      "thimble convert model.onnx model.tflite\n"
      "thimble convert model.thim model.onnx --opset 21\n");
  options.about(
      "The ending of OUT says the format. What is written computes the same: float models to rounding, int8 models\n"
      "within one step of each layer's rounding (in .onnx their layers stand between QuantizeLinear and\n"
      "DequantizeLinear). What the other format cannot say is refused, with the layer's name.\n");
  options.argument("MODEL", &a->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.argument("OUT", &a->output, "the file to write: .tflite, .onnx or .thim (packed); - is the standard output");
  options.integer("--opset", "N", "of an .onnx file: the version of its operators, 13 to 23 (default: 17)", 13, 23,
                  [a](int64_t n) { a->opset = n, a->opset_given = true; });
  declare_force(options, &a->force);
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
