// What the operands of an operator are and how their axes belong to the axes of its outputs: one rule per family, in
// src/ops/NAME/operands.cc. Passes that change the size of an axis (a batch, removed channels) ask here and know no
// operator.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ops/axes.h"
#include "ops/column.h"

namespace thimble {

// What an input is to its operator.
enum class Role : uint8_t {
  data,        // what is computed with; also a constant operand of a binary function
  weights,     // the matrices and filters of a layer
  bias,        // added to what the weights give, one value per output channel
  slope,       // trained as weights are, applied as data is: one value, or one per channel
  statistics,  // scale, shift, mean and variance of a normalisation, one value per channel
  state,       // a variable that the operator reads and writes
  parameter,   // one value that belongs to the operator (what padding fills in)
  indices,     // picks entries of the data
  integers     // decides shapes: axes, sizes, paddings
};

// How an axis of an input stands to an axis `to` of the outputs.
enum class AxisLink : uint8_t {
  same,        // index k is index k of `to` (k·repeat … k·repeat + repeat − 1 where repeat > 1)
  placed,      // index k is index k + offset of the outputs laid end to end along `to`; others have no partner here
  wrapped,     // row-major: index i of the longer is index i mod the length of the shorter
  contracted,  // summed over, alone or against axis `with_axis` of input `with`: no output has it
  coupled,     // every index of `to` depends on all of it
  picked,      // its entries are picked by the integers of input `with`
  slides,      // indices of `to` are windows over it
  mixed        // none of these
};

struct AxisUse {
  AxisLink link = AxisLink::mixed;
  int to = -1;
  int64_t offset = 0, repeat = 1;
  bool broadcasts = false;   // same: an axis of 1 serves every index of `to`
  bool equal_parts = false;  // placed: the outputs must keep one size along `to`
  // The first axis alone: p equal parts of it are p equal parts of the outputs' first axis, wherever both divide
  // by p (row-major order is kept from the outermost axis on).
  bool outermost = false;
  int with = -1, with_axis = -1;
  const char* does = nullptr;  // for messages, of anything but `same`: "sums over {}"
};

// Of one node, filled by its operator's rule; every axis starts as `mixed`.
class AxisMap {
 public:
  AxisMap(const Graph& g, const Node& n);

  const Graph& graph;
  const Node& node;

  const Shape& x(size_t i) const { return graph.at(node.inputs[i]).shape; }
  const Shape& y(size_t i = 0) const { return graph.at(node.outputs[i]).shape; }
  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  // Empty for an input that is left out, or a scalar.
  std::span<const AxisUse> uses(size_t input) const { return uses_[input]; }
  AxisUse& use(size_t input, int axis) { return uses_[input][static_cast<size_t>(axis)]; }
  IntList ints(size_t input) const;  // empty if it is not a constant

  // For rules: all axes of an input as they are, its last one aligned with the last of the output.
  void same(size_t input);
  void broadcast(size_t input);
  // Input 0 is images [n, h, w, c], over whose rows and columns windows slide; c is left to the rule.
  void windows();
  // One value per entry of the output's last axis: bias, statistics.
  void per_channel(size_t input);

 private:
  std::vector<std::vector<AxisUse>> uses_;
};

// A change of size that a pass is about to make: axis `axis` of output i gets sizes[i].
struct Resize {
  Graph& graph;
  Node& node;
  int axis;
  std::span<const int64_t> sizes;

  int64_t before() const { return graph.at(node.outputs[0]).shape[axis]; }
  IntList ints(size_t input) const;
  // The node reads a copy of its integer constant `input` with other values.
  void replace_ints(size_t input, std::span<const int64_t> values);
};

// A layer: y = activation(weights · x + bias).
struct LayerOperands {
  int weights = 1, bias = 2;             // inputs
  int output_axis = 0, input_axis = -1;  // of the weights; depthwise has no input axis: an output reads one channel
  bool depthwise() const { return input_axis < 0; }
};

// What an output says of a classifier's classes.
enum class Answer : uint8_t { none, probabilities, log_probabilities };

// What an operator has decided on, so that its outputs are answers to be read as they are.
enum class Decides : uint8_t {
  nothing,
  category,   // output 0: the index of the largest entry along an axis
  detections  // outputs 0 … 3: boxes (y1, x1, y2, x2 as shares of the picture), classes, scores, how many
};

// Which maps x → scale · x + shift per channel give the same before the operator as behind it.
enum class Commutes : uint8_t { no, rising /* with positive scales */, any };

struct OperandRule {
  Attrs attributes;                     // of a new node: every field at its default
  std::vector<Role> roles;              // of the inputs; the last one is also that of all further inputs
  void (*axes)(AxisMap&) = nullptr;     // null: nothing is known, all axes are mixed
  Status (*resize)(Resize&) = nullptr;  // adapts integer operands, attributes and states; null: nothing to do

  std::optional<LayerOperands> layer = std::nullopt;
  Answer answer = Answer::none;
  Decides decides = Decides::nothing;
  bool row_major = false;    // element i of the output is made of element i of input 0 (and of operands per channel)
  bool transparent = false;  // the same values in another type or shape
  bool converts = false;     // the same values in another type, as near as it has them (quantize, dequantize)
  bool moves = false;        // its values are values of input 0: at fixed places, or the largest of several
  bool homogeneous = false;  // twice the input 0 gives twice the output (parameters being 0, activations too)
  Commutes commutes = Commutes::no;
  bool fuses = false;                        // takes an activation of the next node as its own
  Activation fused_form = Activation::none;  // the activation that this function is when it is fused

  Role role(size_t input) const { return roles[input < roles.size() ? input : roles.size() - 1]; }
};

using OperandRuleFn = OperandRule (*)(Op);
// Null for operators of the training graph.
const OperandRule* operands_of(Op op);
AxisMap axes_of(const Graph& graph, const Node& node);
// Null where the node is no layer.
const LayerOperands* layer_of(const Node& node);
// Whether the node only changes the type of its input, and what its output says of classes.
bool converts(const Node& node);
Answer answer_of(const Node& node);
// How many channels a layer's weights make.
int64_t layer_outputs(const Graph& graph, const Node& node, const LayerOperands& layer);

// The fused activation among a node's attributes; none for operators that have no such attribute.
Activation fused_activation(const Node& node);
// False, and nothing changes, where the operator has no such attribute.
bool set_fused_activation(Node& node, Activation activation);

// Brings integers that pick entries of another operand (`tensor`, read in the role `indices`) into the range of what
// they pick from, modulo its length: for inputs made up at random. Other tensors stay as they are.
void keep_indices_inside(const Graph& graph, TensorId tensor, std::span<uint8_t> values);

// `conv2d "layer" sums over the batch`-like phrases: what the link does to the axis called `what`.
std::string describe(const AxisUse& use, const char* what);

}  // namespace thimble
