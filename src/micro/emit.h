// A checked graph as C99: one header, one source, its constants, and the kernels that they call. Nothing is allocated
// and nothing is looked up at run time: the memory plan, the plans of the operators and every derived constant are
// written out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "micro/kernel_call.h"
#include "micro/weight_forms.h"
#include "ops/check.h"
#include "ops/column.h"

namespace thimble::micro {

struct File {
  std::string path;  // in the package
  std::string text;
};

// How samples become the real values of the network's input, where the model says it: element i of the sample less
// mean[i % n], divided by deviation[i % n]; n is the size of both.
struct Preparation {
  std::vector<float> mean, deviation;
  std::string samples;              // what they are, for comments: "pixels of 0 to 255", "columns: size, age"
  std::vector<std::string> labels;  // of the outputs; may be empty
  bool micro_speech = false;        // the sample is rows of bytes of base/c99_micro_speech.h, which is then shipped
};
// What the arena may cost in time. tight: layers run row by row where that makes it smaller.
enum class Ram : uint8_t { balanced, tight };

struct EmitOptions {
  std::string name;             // of the functions; in capitals of the macros
  std::string origin;           // what it was made from, for the heads of files
  std::string version;          // of Thimble
  int64_t alignment = 8;        // of the arena and of every buffer in it, in bytes
  bool trainable_head = false;  // the last dense layer in float32 too, with what learns on (micro/head.h)
  std::optional<Preparation> preparation;
  Ram ram = Ram::balanced;
  Weights weights = Weights::plain;
  // For the self-test: inputs (each the bytes of all inputs, one behind the other) and the answers to them.
  std::vector<std::vector<uint8_t>> examples, answers;
};

struct Emitted {
  std::vector<File> files;            // NAME.h, .hpp, .c, NAME_weights.h …, thimble_*.h, without a folder
  int64_t arena_bytes = 0;            // with inputs and outputs
  int64_t weights_bytes = 0;          // constants of the model
  int64_t derived_bytes = 0;          // multipliers, shifts, tables
  int64_t head_bytes = 0;             // RAM of the trainable head, beside the arena
  std::vector<KernelCall> calls;      // in the order of the code
  std::vector<StoredTensor> weights;  // constants of the model, in the order of the code
};

// Errors: unsupported, of a node that has no C, with what would help; of weights none of which take the form that was
// asked for by name.
Result<Emitted> emit_c(const Checked& checked, const EmitOptions& options);
// Every reason why a graph has no C, and not the first alone: of element types, states and nodes.
std::vector<Error> without_c(const Checked& checked);

// A name for the functions and files of a network out of any text: other characters become '_', and what is reserved,
// begins with a digit or is a header of C gets a word more. Names that may stay come back as they are.
std::string network_name(std::string_view text);
// Text of which any name goes on: what no name holds becomes '_'.
std::string identifier(std::string_view text);

// ops/NAME/kernel.h
inline std::string kernel(std::string_view op) { return "ops/" + std::string(op) + "/kernel.h"; }

class Emitter;

// What the `emit` column of an operator sees of its node, and how it writes calls.
class EmitContext {
 public:
  EmitContext(Emitter& emitter, NodeId id);

  const Graph& graph;
  const NodeId node_id;
  const Node& node;
  const Resolved& resolved;

  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  const Tensor& in(size_t i) const { return graph.at(node.inputs[i]); }
  const Tensor& out(size_t i = 0) const { return graph.at(node.outputs[i]); }

  // The operand as an expression of a pointer to its element type: a place in the arena, a constant, or NULL.
  std::string operand(size_t input);
  std::string result(size_t output = 0);
  // `&NAME_plan_3`: the node's plan, written as a constant of the struct `type`.
  std::string plan(std::string_view type);
  // A further scratch buffer of the node, as a `void *`.
  std::string scratch(int64_t bytes);
  // One that may also be larger, by whole steps: where other nodes need the memory anyway.
  struct Buffer {
    std::string word;
    int64_t bytes;
  };
  Buffer scratch(int64_t least, int64_t step, int64_t most);

  // A further constant of the node, called NAME_p3_WHAT.
  std::string constant(std::string_view what, std::span<const int32_t> values);
  // One that stands for another on AVR with a multiplier, where that one is not used.
  std::string constant_on_avr(std::string_view what, std::span<const int32_t> values);
  // The weights of input 1 in another form are made of these, which count as no derived constants.
  std::string numbers(std::string_view what, std::span<const uint8_t> values);
  std::string numbers(std::string_view what, std::span<const int8_t> values);
  std::string numbers(std::string_view what, std::span<const float> values);
  // What form weights may take here, how they were stored, or why they are plain.
  Weights weights() const;
  void stored(StoredTensor tensor);
  void plain_because(const std::string& why);

  // `static const TYPE NAME_p3_WHAT = VALUE;` in ordinary memory; of an array of `count` where that is not 0.
  std::string declare(std::string_view what, std::string_view type, std::string_view value, int64_t count = 0);
  // int8 constants in another order than the model's. `on_avr`, where it is given, stands in their place on AVR, if
  // they are not too many for it.
  std::string packed(std::string_view what, std::span<const int8_t> values, std::span<const int8_t> on_avr = {});

  // Output rows are windows over the rows of input 0, and `h` is the member of that name in the plan's struct: with
  // another `h`, and pointers to the rows in question, the same calls give some of the rows. Operators that work on
  // each row by itself say nothing (their axes do).
  void windows(const thimble_axis& h);

  // On AVR constants are read through macros of their own: compiling stops there, where that cannot be.
  void not_on_avr(const std::string& why);

  // `function(arguments…);`, from the header at this path under src/: `kernel("conv2d")` is that of an operator.
  void call(const std::string& header, std::string_view function, const std::vector<std::string>& arguments);
  // The next call has this one in its place on AVR with a multiplier.
  void on_avr(const std::string& header, std::string_view function, const std::vector<std::string>& arguments);
  // thimble_FUNCTION_s8(plan, the first `inputs` inputs, the output), or _f32, with a plan thimble_FAMILY: the form
  // that most operators have. Inputs that are left out are NULL. Errors: unsupported for inputs of other types, or of
  // different ones.
  Status usual(std::string_view family, std::string_view function, size_t inputs);
  // The same of families that have thimble_FUNCTION_bytes(…, flip) for uint8 too.
  Status usual_bytes(std::string_view family, std::string_view function, size_t inputs);
  // An operand of 8 bits of either sign, as the loops that read through `flip` take it.
  std::string bytes_of(const std::string& operand) const;
  Status usual(std::string_view family, size_t inputs) { return usual(family, family, inputs); }

  tl::unexpected<Error> unsupported(const std::string& why, const std::string& fix) const;

 private:
  Emitter& emitter_;
};

using EmitFn = Status (*)(EmitContext&);
const Cell<EmitFn>& emitter_of(Op op);

}  // namespace thimble::micro
