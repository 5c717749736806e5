// `thimble fit`: which boards a model fits as exported C, what it takes there, and what to do where it does not.
#include <algorithm>
#include <cmath>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/cross_compile.h"
#include "app/output.h"
#include "app/weight_option.h"
#include "base/json.h"
#include "base/random.h"
#include "compress/quantize/quantize.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "passes/pipeline.h"

namespace thimble::app {
namespace {

struct Arguments {
  std::string model, board = "all";
  micro::Ram ram = micro::Ram::balanced;
  micro::Weights weights = micro::Weights::plain;
};

std::string json_of(const std::vector<BoardFit>& fits) {
  JsonWriter json;
  json.begin_array();
  for (const BoardFit& f : fits) {
    json.begin_object().field("board", f.board.name).field("title", f.board.title).field("core", f.board.core->name);
    json.field("fits", f.fits).field("flash_bytes", f.flash_bytes).field("flash_of", f.board.flash);
    json.field("ram_bytes", f.ram_bytes).field("stack_bytes", f.stack_bytes).field("ram_of", f.board.ram);
    json.field("code_bytes", f.code_bytes).field("flash_error", f.flash_error);
    json.field("instructions", static_cast<int64_t>(f.instructions + 0.5)).field("latency_ms", f.latency_ms);
    json.field("latency_error", f.latency_error).field("exceeds_cache", f.exceeds_cache());
    json.field("measured", f.compiled ? "compiled" : "modelled").end_object();
  }
  json.end_array();
  return json.take() + "\n";
}

bool has_float_weights(const Graph& g) {
  return std::ranges::any_of(g.tensors, [](const Tensor& t) { return t.constant() && t.type == DType::f32; });
}

// The board as `thimble compress` takes it: its name, the file that has it alone, or what it has.
std::string compress_goal(const Board& board, const Arguments& a) {
  if (std::ranges::find(known_boards(), board.name, &Board::name) != known_boards().end()) return board.name;
  const auto of_file = find_boards(a.board);
  if (of_file && of_file->size() == 1) return shell_quoted(a.board);
  return format("{}:flash={},ram={}", board.core->name, board.flash, board.ram);
}

// The C of the model in int8, whose sizes do not depend on the samples that ranges are measured with; empty where there
// is none.
std::optional<micro::Emitted> in_int8(const Graph& graph, const Arguments& a) {
  const CalibrationSamples made_up = [](int64_t i, std::span<float> input) {
    for (size_t k = 0; k < input.size(); ++k)
      input[k] = static_cast<float>(random_bits(0, static_cast<uint64_t>(i), k) >> 40) / 0x1p24f;
    return i < 2;
  };
  const auto made = quantize(graph, {.io = QuantizeOptions::Io::int8}, made_up);
  if (!made) return std::nullopt;
  const auto ready = prepare_for_inference(made->graph);
  if (!ready) return std::nullopt;
  auto c = emit_for_boards(*ready, a.ram, a.weights);
  return c ? std::optional(std::move(*c)) : std::nullopt;
}

// What to change, as commands, where a model does not fit. `tight`: with the smaller arena; `int8`: in integers.
std::string way_out(const Graph& graph, const BoardFit& f, const std::optional<micro::Emitted>& tight,
                    const std::optional<micro::Emitted>& int8, const Arguments& a) {
  const std::string missing = f.flash_fits() ? "memory" : f.ram_fits() ? "flash" : "flash and memory";
  std::string text = format("{}: too little {}", f.board.name, missing);
  if (!f.flash_fits())
    text += format(", {} bytes of flash for {}", format_count(f.board.flash), format_count(f.flash_bytes));
  if (!f.ram_fits())
    text += format(", {} bytes of RAM for {} and a stack of {}", format_count(f.board.ram), format_count(f.ram_bytes),
                   format_count(f.stack_bytes));
  if (f.flash_fits() && tight && fit_board(*tight, f.board).fits)
    return text + format("; with --ram tight it would fit, in {} bytes: thimble export {} --ram tight -o DIR",
                         format_count(tight->arena_bytes), shell_quoted(a.model));
  const std::string compress =
      format("thimble compress {} --data SET --board {} -o small.tflite",
             has_float_weights(graph) ? shell_quoted(a.model) : "FLOAT.tflite", compress_goal(f.board, a));
  if (!has_float_weights(graph)) {
    if (!f.flash_fits()) text += format("; without loss: thimble squeeze {} -o squeezed.tflite", shell_quoted(a.model));
    return text + format("; from the float model: {}", compress);
  }
  if (int8 && fit_board(*int8, f.board).fits)
    return text + format("; int8 would fit: thimble quantize {} --to int8 --data SET --io int8 -o int8.tflite",
                         shell_quoted(a.model));
  return text + format("; int8 alone would not do: {}", compress);
}

void print_table(const std::vector<BoardFit>& fits, const Context& context) {
  TextTable table;
  table.column("board").column("fits").column("flash", Align::right).column("of", Align::right);
  table.column("RAM", Align::right).column("stack", Align::right).column("of", Align::right);
  table.column("instructions", Align::right).column("time", Align::right).column("flash is");
  for (const BoardFit& f : fits)
    table.row(
        {f.board.name,
         f.fits                             ? "yes"
         : !f.flash_fits() && !f.ram_fits() ? "no: flash, RAM"
         : f.flash_fits()                   ? "no: RAM"
                                            : "no: flash",
         format_count(f.flash_bytes), format_count(f.board.flash), format_count(f.ram_bytes),
         format_count(f.stack_bytes), format_count(f.board.ram), format_quantity(f.instructions), latency_text(f),
         f.compiled ? "compiled" : format("modelled, ± {} %", std::max<long>(1, std::lround(f.flash_error * 100)))},
        f.fits ? Tone::plain : Tone::dim);
  context.print(table.text(context.colour(), context.table_width()));
}

Status run(const Arguments& a, const Context& context) {
  THIMBLE_ASSIGN(const std::vector<Board> boards, find_boards(a.board));
  THIMBLE_ASSIGN(LoadedModel model, load_layers(a.model));
  note_left_out(model.graph, context);
  note_free_sizes(model.graph, context);
  THIMBLE_ASSIGN(const Checked prepared, prepare_for_inference(std::move(model)));
  THIMBLE_ASSIGN(const micro::Emitted emitted, emit_for_boards(prepared, a.ram, a.weights));
  CrossCompiler compiler(emitted);
  std::vector<BoardFit> fits;
  for (const Board& board : boards) {
    THIMBLE_ASSIGN(const std::optional<CompiledBytes> compiled, compiler.bytes(board));
    fits.push_back(fit_board(emitted, board, compiled));
  }
  if (context.json) {
    context.print(json_of(fits));
  } else {
    print_table(fits, context);
    std::optional<micro::Emitted> tight, int8;
    if (a.ram != micro::Ram::tight && !std::ranges::all_of(fits, &BoardFit::ram_fits)) {
      THIMBLE_ASSIGN(tight, emit_for_boards(prepared, micro::Ram::tight, a.weights));
    }
    if (!std::ranges::all_of(fits, &BoardFit::fits) && has_float_weights(prepared.graph))
      int8 = in_int8(prepared.graph, a);
    for (const BoardFit& f : fits)
      if (!f.fits) context.say(way_out(prepared.graph, f, tight, int8, a));
    for (const BoardFit& f : fits)
      if (f.fits && f.exceeds_cache())
        context.say(
            format("{}: {} bytes of weights go through a cache of {} bytes before the flash at each run: it may "
                   "take several times as long, unless they are copied to RAM",
                   f.board.name, format_count(f.weights_bytes), format_count(f.board.cache)));
  }
  if (std::ranges::any_of(fits, &BoardFit::fits)) return {};
  return fail(ErrorCode::gate_failed, fits.size() == 1 ? format("the model does not fit {}", fits[0].board.title)
                                                       : format("the model fits none of {} boards", fits.size()));
}

}  // namespace

Action define_fit(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble fit model_int8.tflite                       # every board that is known\n"
      "thimble fit model_int8.tflite --board portenta-h7\n"
      "thimble fit model_int8.tflite --board my.toml       # your own: docs/microcontrollers.md\n");
  std::string names;
  for (const Board& board : known_boards()) names += (names.empty() ? "" : ", ") + board.name;
  options.about(
      "Whether the C that `thimble export` writes fits a board, and how long a run takes there. Flash is that of the\n"
      "objects where the core's compiler is installed, else estimated from its kernels; RAM is the arena, exactly, "
      "with\n"
      "the stack beside it; time is instructions by the table of kernels, times cycles per instruction of the core, "
      "with\n"
      "its error. The rest of the program is not in it. Exit code 5 where no board that was asked for fits.\n"
      "Boards: " +
      names + ".");
  options.argument("MODEL", &a->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("--board", &a->board, "NAME|all|FILE.toml",
               "a board, all that are known, or those of a file (default: all)");
  options.choice("--ram", {"balanced", "tight"}, "as `thimble export` has it (default: balanced)",
                 [a](size_t i) { a->ram = i == 0 ? micro::Ram::balanced : micro::Ram::tight; });
  declare_weights(options, &a->weights);
  return [a](const Context& context) { return run(*a, context); };
}

}  // namespace thimble::app
