#include "report/report_json.h"

#include <algorithm>
#include <cmath>

#include "measure/text.h"
#include "report/devices.h"
#include "report/verdict.h"

namespace thimble {

namespace {
void write_interval(JsonWriter& json, std::string_view key, const Interval& interval) {
  json.key(key);
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) {
    json.null();
    return;
  }
  json.begin_array().value(interval.low).value(interval.high).end_array();
}

// Only where the answer is a number; classifiers have no such field.
void write_regression(JsonWriter& json, const RegressionScore& r) {
  if (!r.present()) return;
  json.key("regression")
      .begin_object()
      .field("mse", r.mse)
      .field("rmse", r.rmse)
      .field("mae", r.mae)
      .field("r2", r.r2)
      .field("max_error", r.max_error)
      .end_object();
}

void write_json(JsonWriter& json, const Measurement& m) {
  json.begin_object().field("threads", m.threads).key("latency_us");
  write_json(json, m.latency_us);
  json.key("test_set_seconds")
      .begin_object()
      .field("mean", m.test_set_seconds.mean)
      .field("stddev", m.test_set_seconds.stddev)
      .field("trials", m.test_set_seconds.trials)
      .end_object();
  json.field("cpu_share", m.cpu_share).field("peak_rss_bytes", m.peak_rss_bytes).end_object();
}

// Only where the recipe names boards.
void write_boards(JsonWriter& json, const std::vector<BoardRow>& boards) {
  if (boards.empty()) return;
  json.key("boards").begin_array();
  for (const BoardRow& b : boards) {
    json.begin_object().field("board", b.board).field("title", b.title).field("core", b.core).field("fits", b.fits);
    if (b.no_c.empty()) {
      json.field("flash_bytes", b.flash_bytes).field("flash_of", b.flash_of);
      json.field("ram_bytes", b.ram_bytes).field("stack_bytes", b.stack_bytes).field("ram_of", b.ram_of);
      json.field("instructions", static_cast<int64_t>(b.instructions + 0.5)).field("latency_ms", b.latency_ms);
      json.field("latency_error", b.latency_error)
          .field("exceeds_cache", b.exceeds_cache)
          .field("measured", "modelled");
    } else {
      json.field("flash_of", b.flash_of).field("ram_of", b.ram_of).field("why", b.no_c);
    }
    json.end_object();
  }
  json.end_array();
}

void write_epochs(JsonWriter& json, const std::vector<EpochRow>& epochs) {
  json.key("epochs").begin_array();
  for (const EpochRow& epoch : epochs) write_json(json, epoch);
  json.end_array();
}

void write_json(JsonWriter& json, const ModelSummary& model) {
  json.begin_object().field("parameters", model.parameters).field("macs", model.macs).key("layers").begin_array();
  for (const LayerRow& layer : model.layers)
    json.begin_object()
        .field("name", layer.name)
        .field("op", layer.op)
        .array("output_shape", layer.output_shape)
        .field("parameters", layer.parameters)
        .field("macs", layer.macs)
        .end_object();
  json.end_array().end_object();
}

void write_json(JsonWriter& json, const TrainingSummary& training) {
  json.begin_object()
      .field("images_per_s", training.images_per_s)
      .field("seconds", training.seconds)
      .field("peak_rss_bytes", training.peak_rss_bytes);
  write_epochs(json, training.epochs);
  json.key("per_seed").begin_array();
  for (const SeedTraining& seed : training.per_seed) {
    json.begin_object()
        .field("seed", seed.seed)
        .field("seconds", seed.seconds)
        .field("images_per_s", seed.images_per_s)
        .field("test_accuracy", seed.test_accuracy)
        .field("test_loss", seed.test_loss);
    write_epochs(json, seed.epochs);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_variants(JsonWriter& json, const std::vector<VariantResult>& variants) {
  json.key("variants").begin_array();
  for (const VariantResult& variant : variants) write_json(json, variant);
  json.end_array();
}
// The advice: names of variants, null where there is none.
void write_verdict(JsonWriter& json, const StudyResult& result) {
  const Verdict verdict = judge(result);
  json.key("verdict").begin_object().field("allow_drop", verdict.allow);
  const auto variant = [&](std::string_view key, int i) {
    json.key(key);
    if (i < 0)
      json.null();
    else
      json.value(result.variants[static_cast<size_t>(i)].name);
  };
  variant("ship", verdict.useless ? -1 : verdict.ship);
  variant("runner_up", verdict.runner_up);
  variant("packed", verdict.packed);
  variant("fastest", verdict.fastest);
  json.array("doubts", verdict.doubts.reasons).array("sentences", verdict.sentences).end_object();
}
}  // namespace

void write_json(JsonWriter& json, const MachineInfo& machine) {
  json.begin_object()
      .field("cpu", machine.cpu)
      .field("isa", machine.isa)
      .field("cores", machine.cores)
      .field("os", machine.os)
      .field("thimble_version", machine.thimble_version)
      .end_object();
}

void write_json(JsonWriter& json, const EpochRow& epoch) {
  json.begin_object()
      .field("epoch", epoch.epoch)
      .field("loss", epoch.loss)
      .field("accuracy", epoch.accuracy)
      .field("val_loss", epoch.val_loss)
      .field("val_accuracy", epoch.val_accuracy)
      .field("learning_rate", epoch.learning_rate)
      .field("seconds", epoch.seconds)
      .end_object();
}

void write_json(JsonWriter& json, const VariantResult& v) {
  json.begin_object()
      .field("name", v.name)
      .field("file", v.file)
      .field("technique", v.technique)
      .field("bytes", v.bytes)
      .field("bytes_deflated", v.bytes_deflated)
      .field("bytes_packed", v.bytes_packed)
      .field("parameters", v.parameters)
      .field("macs", v.macs)
      .field("sparsity", v.sparsity)
      .field("accuracy", v.accuracy)
      .field("accuracy_stddev", v.accuracy_stddev);
  write_interval(json, "interval95", v.interval95);
  json.field("loss", v.loss);
  write_regression(json, v.regression);
  json.field("parameters_plus_kb", parameters_plus_kb(v)).field("n", v.test_samples).key("per_seed").begin_array();
  for (const SeedScore& s : v.per_seed) {
    json.begin_object().field("seed", s.seed).field("accuracy", s.accuracy).field("loss", s.loss);
    write_regression(json, s.regression);
    json.end_object();
  }
  json.end_array().key("extra").begin_object();
  for (const ExtraScore& e : v.extra) {
    json.key(e.set).begin_object().field("accuracy", e.accuracy);
    write_interval(json, "interval95", e.interval95);
    write_regression(json, e.regression);
    json.field("n", e.n).end_object();
  }
  json.end_object()
      .field("agreement_with_float32", v.agreement_with_float32)
      .field("max_abs_output_difference", v.max_abs_output_difference)
      .key("latency_us");
  if (const LatencySummary* latency = first_latency(v))
    write_json(json, *latency);
  else
    json.null();
  json.key("measurements").begin_array();
  for (const Measurement& m : v.measurements) write_json(json, m);
  json.end_array();
  write_boards(json, v.boards);
  json.field("arena_bytes", v.arena_bytes).key("unquantized_tensors").begin_array();
  for (const UnquantizedRow& t : v.unquantized_tensors)
    json.begin_object().field("name", t.name).field("bytes", t.bytes).field("why", t.why).end_object();
  json.end_array().key("tensors").begin_array();
  for (const TensorSizeRow& t : v.tensors)
    json.begin_object()
        .field("name", t.name)
        .field("type", t.type)
        .field("elements", t.elements)
        .field("zeros", t.zeros)
        .field("distinct", t.distinct)
        .field("bytes_before", t.before_bytes)
        .field("bytes", t.after_bytes)
        .field("bytes_deflated", t.deflated_bytes)
        .field("bytes_packed", t.packed_bytes)
        .field("packed_how", t.packed_how)
        .field("why", t.reason)
        .end_object();
  json.end_array().key("stages").begin_array();
  for (size_t s = 0; s < v.stages.size(); ++s) {
    json.begin_object();
    if (s < v.stage_names.size()) json.field("name", v.stage_names[s]);
    write_epochs(json, v.stages[s]);
    json.end_object();
  }
  json.end_array().end_object();
}

// Only where the recipe names devices.
static void write_devices(JsonWriter& json, const StudyResult& result) {
  if (result.devices.empty()) return;
  json.key("devices").begin_array();
  for (const DeviceResult& d : result.devices) {
    json.begin_object()
        .field("device", d.device)
        .field("architecture", d.architecture)
        .field("cpu", d.cpu)
        .field("system", d.system)
        .field("cores", d.cores)
        .field("memory_bytes", d.memory_bytes)
        .field("emulated", d.emulated)
        .field("problem", d.problem)
        .field("counted", d.counted)
        .key("variants")
        .begin_array();
    for (const DeviceVariant& v : d.variants) {
      const auto here = std::ranges::find(result.variants, v.name, &VariantResult::name);
      json.begin_object()
          .field("name", v.name)
          .field("accuracy", v.accuracy)
          .field("rmse", v.rmse)
          .field("samples", v.samples)
          .field("same_answers", v.same_answers)
          .key("latency_us");
      if (v.latency_us.p50 > 0)
        write_json(json, v.latency_us);
      else
        json.null();
      json.key("test_set_seconds")
          .begin_object()
          .field("mean", v.test_set_seconds.mean)
          .field("stddev", v.test_set_seconds.stddev)
          .field("trials", v.test_set_seconds.trials)
          .end_object()
          .field("drift", v.drift)
          .field("instructions", v.instructions);
      json.field("load_us", v.load_us)
          .field("first_us", v.first_us)
          .field("cpu_share", v.cpu_share)
          .field("peak_rss_bytes", v.peak_rss_bytes)
          .field("break_even_us", here == result.variants.end() ? kAbsent : break_even_us(*here, d, v))
          .field("problem", v.problem)
          .end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

std::string report_json(const StudyResult& result) {
  JsonWriter json;
  json.begin_object()
      .field("schema", "thimble.study/1")
      .key("study")
      .begin_object()
      .field("name", result.study.name)
      .field("title", result.study.title)
      .field("seed", result.study.seed)
      .field("recipe_sha256", result.study.recipe_sha256)
      .end_object()
      .key("machine");
  write_json(json, result.machine);
  json.key("model");
  write_json(json, result.model);
  json.key("training");
  write_json(json, result.training);
  write_variants(json, result.variants);
  json.key("sweep").begin_array();
  for (const SweepRow& row : result.sweep) {
    json.begin_object().field("key", row.key).field("value", row.value);
    if (!row.note.empty()) json.field("note", row.note);
    if (!row.settings.empty()) {
      json.key("settings").begin_object();
      for (const auto& [key, value] : row.settings) json.field(key, value);
      json.end_object();
    }
    write_variants(json, row.variants);
    write_epochs(json, row.epochs);
    json.end_object();
  }
  json.end_array();
  write_devices(json, result);
  write_verdict(json, result);
  json.end_object();
  return valid_utf8(json.text()) + "\n";  // names come from files and may hold any byte
}

}  // namespace thimble
