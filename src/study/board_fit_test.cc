#include "study/board_fit.h"

#include <gtest/gtest.h>

#include "api/load.h"
#include "passes/pipeline.h"

namespace thimble {
namespace {

// Of a model of tests/models.
Result<micro::Emitted> emitted(const std::string& model) {
  THIMBLE_ASSIGN(LoadedModel loaded, load_model("tests/models/" + model));
  THIMBLE_ASSIGN(const Checked checked, prepare_for_inference(std::move(loaded)));
  return emit_for_boards(checked);
}

BoardFit fit(const micro::Emitted& e, const std::string& board) { return fit_board(e, find_boards(board)->at(0)); }

// Every kernel that these models call has costs of its own: after a change of kernels tests/micro/fit_costs.py makes
// them.
TEST(BoardFit, KernelsOfTheTestModelsAreInTheTable) {
  for (const char* model :
       {"mlperf-tiny/kws_ref_model.tflite", "mlperf-tiny/vww_96_int8.tflite",
        "mlperf-tiny/pretrainedResnet_quant.tflite", "mlperf-tiny/ad01_int8.tflite", "mlperf-tiny/ad01_fp32.tflite",
        "micro/person_detect.tflite", "micro/trained_lstm_int8.tflite", "micro/trained_lstm.tflite",
        "micro/micro_speech_quantized.tflite"}) {
    const auto e = emitted(model);
    ASSERT_TRUE(e) << e.error().to_string();
    for (const micro::Core& core : micro::cores()) {
      // An unknown kernel adds to the error that all estimates for this kind of processor have.
      const double least = micro::estimate({}, core, core.can_have_fpu()).instructions_error;
      // Few whole models fit an AVR to learn from: what is stated there is large (docs/notes/latency-model.md).
      if (core.kind != micro::CpuKind::avr) {
        EXPECT_LT(least, 0.2) << core.name;
      }
      EXPECT_NEAR(micro::estimate(*e, core, core.can_have_fpu()).instructions_error, least, 0.02)
          << model << " on " << core.name;
    }
  }
}

// What a linked program had of flash when the costs were made, and instructions under emulation.
TEST(BoardFit, FiguresAreNearMeasuredOnes) {
  const auto e = emitted("mlperf-tiny/kws_ref_model.tflite");
  ASSERT_TRUE(e) << e.error().to_string();
  const BoardFit m4 = fit(*e, "nucleo-l4r5zi");
  EXPECT_TRUE(m4.fits);
  EXPECT_FALSE(m4.compiled);
  EXPECT_EQ(m4.ram_bytes, e->arena_bytes);
  EXPECT_GE(m4.flash_bytes, e->weights_bytes + e->derived_bytes);
  EXPECT_NEAR(static_cast<double>(m4.flash_bytes), 33'800, 3'400);
  EXPECT_GT(m4.instructions, 3e6);  // 2.7 million multiply-accumulates
  EXPECT_LT(m4.instructions, 9e6);
  EXPECT_NEAR(m4.latency_ms, m4.instructions * m4.board.core->cycles / 120e3, 1e-6);
  EXPECT_GT(m4.latency_error, 0.05);
  const BoardFit m0 = fit(*e, "pico");
  EXPECT_GT(m0.instructions, 2 * m4.instructions);
  EXPECT_TRUE(m0.exceeds_cache());
  EXPECT_FALSE(m4.exceeds_cache());
}

TEST(BoardFit, BothLimitsCountAndTheStackIsOneOfThem) {
  const auto e = emitted("micro/hello_world_int8.tflite");
  ASSERT_TRUE(e) << e.error().to_string();
  Board board = find_boards("uno-r3")->at(0);
  EXPECT_TRUE(fit_board(*e, board).fits);
  const BoardFit whole = fit_board(*e, board);
  board.ram = whole.ram_bytes + whole.stack_bytes;
  EXPECT_TRUE(fit_board(*e, board).fits);
  --board.ram;
  EXPECT_FALSE(fit_board(*e, board).ram_fits());
  EXPECT_TRUE(fit_board(*e, board).flash_fits());
  board.ram = 2048;
  board.flash = whole.flash_bytes - 1;
  EXPECT_FALSE(fit_board(*e, board).fits);
  EXPECT_TRUE(fit_board(*e, board, CompiledBytes{board.flash, 100, 0}).fits);
}

TEST(BoardFit, FloatsWithoutAUnitAreSlow) {
  const auto e = emitted("mlperf-tiny/ad01_fp32.tflite");
  ASSERT_TRUE(e) << e.error().to_string();
  Board board = find_boards("nucleo-l4r5zi")->at(0);
  const double with = fit_board(*e, board).instructions;
  board.fpu = false;
  EXPECT_GT(fit_board(*e, board).instructions, 5 * with);
}

// A kernel that the table does not know is stood for, and the error says so.
TEST(BoardFit, UnknownKernelsWidenTheError) {
  auto e = emitted("mlperf-tiny/kws_ref_model.tflite");
  ASSERT_TRUE(e) << e.error().to_string();
  const BoardFit known = fit(*e, "portenta-h7");
  for (micro::KernelCall& c : e->calls) c.function = "thimble_of_tomorrow_s8";
  const BoardFit unknown = fit(*e, "portenta-h7");
  EXPECT_GT(unknown.latency_error, known.latency_error + 0.1);
  EXPECT_GT(unknown.flash_error, known.flash_error);
  EXPECT_GT(unknown.instructions, 0);
}

}  // namespace
}  // namespace thimble
