// What each stage of a variant can be told (fields) and how its settings go together (complete). The same for a
// recipe's `prune = { … }` and for `thimble prune`.
#pragma once

#include "compress/distill/distill.h"
#include "compress/retrain.h"
#include "study/options/fields.h"
#include "study/variant_spec.h"

namespace thimble {

// How long a stage trains, and how fast it learns at first; `rate` 0: usual_rate() of the technique.
template <class Int>
void training_fields(Fields& v, const Form& form, std::string_view technique, Int* epochs, double* rate,
                     int64_t least_epochs = 1) {
  std::optional<std::string> few;  // on the command line: the value
  if (!form.flags) few = "a fifth of train.epochs, 1 to 10";
  v.whole({"epochs", "N", "passes over the training part", few}, epochs, least_epochs, 1'000'000);
  v.number({"learning_rate", "R", "at first; falls to 0 as a cosine",
            format("{} of the optimiser's own", usual_rate(technique))},
           rate, 1e-12, 1e30);
}

void fields(Fields& v, NetworkStage& stage);
void fields(Fields& v, ContinueStage& stage);
void fields(Fields& v, ShrinkStage& stage);
void fields(Fields& v, PruneStage& stage);
void fields(Fields& v, ClusterStage& stage);
void fields(Fields& v, DistillStage& stage);
void fields(Fields& v, QatStage& stage);
void fields(Fields& v, QuantizeStage& stage);
void fields(Fields& v, SearchStage& stage);
// Type of inputs and outputs.
void io_field(Fields& v, QuantizeOptions& options);
// Of a QatStage what quantising without training does not have.
void qat_fields(Fields& v, QatStage& stage);

// Called when all fields have their values: reads texts with a form of their own ("2:4") and refuses what does not go
// together. Errors: usage, about stage.form.at.
Status complete(NetworkStage& stage);
Status complete(ContinueStage& stage);
Status complete(ShrinkStage& stage);
Status complete(PruneStage& stage);
Status complete(ClusterStage& stage);
Status complete(DistillStage& stage);
Status complete(QatStage& stage);
Status complete(QuantizeStage& stage);
Status complete(SearchStage& stage);

// Without the teacher itself.
DistillOptions distill_options(const DistillStage& stage);

}  // namespace thimble
