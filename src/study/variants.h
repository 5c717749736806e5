// From trained weights to files: the float graph, its compressed variants, their bytes.
#pragma once

#include "report/study_result.h"
#include "study/session_data.h"
#include "study/variant_stages.h"
#include "train/model.h"

namespace thimble {

struct Variant {
  VariantSpec spec;
  Graph graph;  // as written: what runs here is what a peer runs
  std::vector<uint8_t> file;
  VariantResult result;  // sizes, reasons, parameters, MACs and plan filled in
};

// Samples of `set` to measure ranges with: the same as `thimble quantize --data` draws.
CalibrationSamples calibration_samples(const Dataset& set, const Feeding& feeding, int64_t count);

EpochRow row_of(const EpochRecord& epoch);

// The inference graph of a trained model, ready to be written: batch 1, metadata, no training parts,
// operators that .tflite lacks decomposed.
Result<Graph> deployable_graph(const ModelSpec& model, const Weights& weights, const Feeding& feeding,
                               const std::string& name);

// One variant: its float model quantised where it asks for that, written, and read again. Calibration uses samples of
// the training part; bits per layer are chosen on those of the validation part.
Result<Variant> make_variant(const VariantSpec& spec, const Staged& staged, const StudyData& data, int threads = 1);

}  // namespace thimble
