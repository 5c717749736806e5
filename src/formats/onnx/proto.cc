#include "formats/onnx/proto.h"

#include <algorithm>

#include <protozero/pbf_reader.hpp>

namespace thimble::onnx {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr int kMaxDepth = 64;
constexpr int64_t kMostMessages = 1'000'000, kMaxAttributes = 1000;

// A file beyond a cap; parse_model makes an Error of it, as of what protozero throws.
struct TooMuch {
  const char* what;
};

// protozero throws at what is damaged, so that a reader has one way out.
[[noreturn]] void too_much(const char* what) { throw TooMuch{what}; }  // lint: allow (parse_model catches it)

std::string_view view(pbf_reader& r) {
  const auto v = r.get_view();
  return {v.data(), v.size()};
}

void want(const pbf_reader& r, pbf_wire_type type) {
  if (r.wire_type() == type) return;
  throw protozero::unknown_pbf_wire_type_exception{};  // lint: allow (parse_model catches it)
}

class Parser {
 public:
  explicit Parser(size_t file) : most_(std::min<int64_t>(kMostMessages, 4096 + static_cast<int64_t>(file / 4))) {}

  ModelProto model(pbf_reader r) {
    ModelProto m;
    while (r.next()) switch (r.tag()) {
        case 1: m.ir_version = number(r); break;
        case 2: m.producer = text(r); break;
        case 7:
          m.graph = graph(message(r));
          m.has_graph = true;
          break;
        case 8:
          m.opsets.push_back(opset(message(r)));
          if (m.opsets.size() > 1024) too_much("more than 1,024 opsets");
          break;
        case 14: m.metadata.push_back(entry(message(r))); break;
        case 25: m.functions.push_back(function(message(r))); break;
        default: r.skip();
      }
    return m;
  }

 private:
  // Counts what is opened, and how deep it lies in others.
  class Level {
   public:
    explicit Level(Parser& p) : p_(p) {
      if (++p_.depth_ > kMaxDepth) too_much("messages nest more than 64 deep");
      if (++p_.messages_ > p_.most_) too_much("more messages than a model of its size has");
    }
    ~Level() { --p_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& p_;
  };

  static pbf_reader message(pbf_reader& r) {
    want(r, pbf_wire_type::length_delimited);
    return r.get_message();
  }
  static std::string_view text(pbf_reader& r) {
    want(r, pbf_wire_type::length_delimited);
    return view(r);
  }
  static int64_t number(pbf_reader& r) {
    want(r, pbf_wire_type::varint);
    return r.get_int64();
  }

  // Repeated numbers, packed or one by one.
  static void varints(pbf_reader& r, auto* to) {
    using T = typename std::remove_pointer_t<decltype(to)>::value_type;
    if (r.wire_type() == pbf_wire_type::length_delimited) {
      if constexpr (std::is_same_v<T, uint64_t>)
        for (const auto v : r.get_packed_uint64()) to->push_back(v);
      else
        for (const auto v : r.get_packed_int64()) to->push_back(static_cast<T>(v));
      return;
    }
    to->push_back(static_cast<T>(number(r)));
  }
  static void dimensions(pbf_reader& r, std::vector<int64_t>* to) {
    const auto put = [to](int64_t size) {
      to->push_back(size);
      if (to->size() > 1024) too_much("a shape has more than 1,024 dimensions");
    };
    if (r.wire_type() != pbf_wire_type::length_delimited) return put(number(r));
    for (const auto size : r.get_packed_int64()) put(size);
  }
  static void floats(pbf_reader& r, std::vector<float>* to) {
    if (r.wire_type() == pbf_wire_type::length_delimited) {
      for (const float v : r.get_packed_float()) to->push_back(v);
      return;
    }
    want(r, pbf_wire_type::fixed32);
    to->push_back(r.get_float());
  }
  static void doubles(pbf_reader& r, std::vector<double>* to) {
    if (r.wire_type() == pbf_wire_type::length_delimited) {
      for (const double v : r.get_packed_double()) to->push_back(v);
      return;
    }
    want(r, pbf_wire_type::fixed64);
    to->push_back(r.get_double());
  }

  OpsetProto opset(pbf_reader r) {
    const Level level(*this);
    OpsetProto o;
    while (r.next()) switch (r.tag()) {
        case 1: o.domain = text(r); break;
        case 2: o.version = number(r); break;
        default: r.skip();
      }
    return o;
  }

  std::pair<std::string_view, std::string_view> entry(pbf_reader r) {
    const Level level(*this);
    std::pair<std::string_view, std::string_view> e;
    while (r.next()) switch (r.tag()) {
        case 1: e.first = text(r); break;
        case 2: e.second = text(r); break;
        default: r.skip();
      }
    return e;
  }

  TensorProto tensor(pbf_reader r) {
    const Level level(*this);
    TensorProto t;
    while (r.next()) switch (r.tag()) {
        case 1: dimensions(r, &t.dims); break;
        case 2: t.type = static_cast<int32_t>(number(r)); break;
        case 4: floats(r, &t.floats); break;
        case 5: varints(r, &t.int32s); break;
        case 6:
          (void)text(r);
          ++t.strings;
          break;
        case 7: varints(r, &t.int64s); break;
        case 8: t.name = text(r); break;
        case 9:
          t.raw = text(r);
          t.has_raw = true;
          break;
        case 10: doubles(r, &t.doubles); break;
        case 11: varints(r, &t.uint64s); break;
        case 13: t.location.push_back(entry(message(r))); break;
        case 14: t.external = number(r) != 0; break;
        default: r.skip();
      }
    return t;
  }

  AttributeProto attribute(pbf_reader r) {
    const Level level(*this);
    AttributeProto a;
    while (r.next()) switch (r.tag()) {
        case 1: a.name = text(r); break;
        case 2:
          want(r, pbf_wire_type::fixed32);
          a.f = r.get_float();
          break;
        case 3: a.i = number(r); break;
        case 4: a.s = text(r); break;
        case 5: a.tensor = std::make_shared<const TensorProto>(tensor(message(r))); break;
        case 6: a.graph = std::make_shared<const GraphProto>(graph(message(r))); break;
        case 7: floats(r, &a.floats); break;
        case 8: varints(r, &a.ints); break;
        case 9: a.strings.push_back(text(r)); break;
        case 20: a.type = static_cast<int32_t>(number(r)); break;
        case 21: a.reference = text(r); break;
        default: r.skip();
      }
    return a;
  }

  NodeProto node(pbf_reader r) {
    const Level level(*this);
    NodeProto n;
    while (r.next()) switch (r.tag()) {
        case 1: n.inputs.push_back(text(r)); break;
        case 2: n.outputs.push_back(text(r)); break;
        case 3: n.name = text(r); break;
        case 4: n.op = text(r); break;
        case 5:
          n.attributes.push_back(attribute(message(r)));
          if (std::ssize(n.attributes) > kMaxAttributes) too_much("a node has more than 1,000 attributes");
          break;
        case 7: n.domain = text(r); break;
        case 8: n.overload = text(r); break;
        default: r.skip();
      }
    return n;
  }

  void shape(pbf_reader r, ValueProto* v) {
    const Level level(*this);
    v->has_shape = true;
    while (r.next()) {
      if (r.tag() != 1) {
        r.skip();
        continue;
      }
      pbf_reader dim = message(r);
      int64_t size = -1;
      while (dim.next()) {
        if (dim.tag() == 1)
          size = number(dim);
        else
          dim.skip();
      }
      v->dims.push_back(size);
      if (v->dims.size() > 1024) too_much("a shape has more than 1,024 dimensions");
    }
  }

  ValueProto value(pbf_reader r) {
    const Level level(*this);
    ValueProto v;
    while (r.next()) {
      if (r.tag() == 1) {
        v.name = text(r);
      } else if (r.tag() == 2) {
        pbf_reader type = message(r);
        while (type.next()) {
          if (type.tag() == 1) {
            v.kind = ValueProto::Kind::tensor;
            pbf_reader tensor = message(type);
            while (tensor.next()) switch (tensor.tag()) {
                case 1: v.type = static_cast<int32_t>(number(tensor)); break;
                case 2: shape(message(tensor), &v); break;
                default: tensor.skip();
              }
          } else {
            if (type.tag() == 4) {  // its element type 1, a map 5
              v.kind = ValueProto::Kind::other;
              pbf_reader sequence = message(type);
              while (sequence.next()) {
                pbf_reader element = message(sequence);
                while (element.next()) {
                  if (element.tag() == 5) v.kind = ValueProto::Kind::maps;
                  element.skip();
                }
              }
              continue;
            }
            if (type.tag() == 5 || type.tag() == 8 || type.tag() == 9) v.kind = ValueProto::Kind::other;
            type.skip();
          }
        }
      } else {
        r.skip();
      }
    }
    return v;
  }

  GraphProto graph(pbf_reader r) {
    const Level level(*this);
    GraphProto g;
    while (r.next()) switch (r.tag()) {
        case 1: g.nodes.push_back(node(message(r))); break;
        case 2: g.name = text(r); break;
        case 5: g.initializers.push_back(tensor(message(r))); break;
        case 11: g.inputs.push_back(value(message(r))); break;
        case 12: g.outputs.push_back(value(message(r))); break;
        case 13: g.values.push_back(value(message(r))); break;
        case 15:
          ++g.sparse_initializers;
          r.skip();
          break;
        default: r.skip();
      }
    return g;
  }

  FunctionProto function(pbf_reader r) {
    const Level level(*this);
    FunctionProto f;
    while (r.next()) switch (r.tag()) {
        case 1: f.name = text(r); break;
        case 4: f.inputs.push_back(text(r)); break;
        case 5: f.outputs.push_back(text(r)); break;
        case 7: f.nodes.push_back(node(message(r))); break;
        case 9: f.opsets.push_back(opset(message(r))); break;
        case 10: f.domain = text(r); break;
        case 11: f.defaults.push_back(attribute(message(r))); break;
        case 13: f.overload = text(r); break;
        default: r.skip();
      }
    return f;
  }

  const int64_t most_;
  int depth_ = 0;
  int64_t messages_ = 0;
};

}  // namespace

Result<ModelProto> parse_model(std::span<const uint8_t> file) {
  try {
    ModelProto model = Parser(file.size()).model(pbf_reader(reinterpret_cast<const char*>(file.data()), file.size()));
    if (!model.has_graph) return fail(ErrorCode::bad_file, "the ONNX file holds no graph");
    return model;
  } catch (const TooMuch& e) {
    return fail(ErrorCode::unsupported, format("the ONNX file is beyond a limit: {}", e.what));
  } catch (const protozero::exception& e) {
    return fail(ErrorCode::bad_file, format("the ONNX file is damaged: {}", e.what()),
                "it may have been cut off; fetch or export it again");
  }
}

bool looks_like_onnx(std::span<const uint8_t> bytes) {
  // ir_version 3 … 31, then one of ModelProto's next fields: producer, domain, model version, graph, opsets
  if (bytes.size() < 4 || bytes[0] != 0x08 || bytes[1] < 3 || bytes[1] > 31) return false;
  switch (bytes[2]) {
    case 0x12:
    case 0x1a:
    case 0x22:
    case 0x28:
    case 0x32:
    case 0x3a:
    case 0x42: return true;
    default: return false;
  }
}

}  // namespace thimble::onnx
