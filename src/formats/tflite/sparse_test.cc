// Sparse constants: every layout the schema allows comes back dense, and a wrong number is refused by name.
#include "formats/tflite/sparse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <numeric>

#include "base/random.h"
#include "formats/tflite/parts.h"
#include "formats/tflite/rule.h"
#include "formats/tflite/schema.h"
#include "formats/tflite/tflite.h"

namespace thimble {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using AnyTable = flatbuffers::Table;
using tflite::TableWriter;
using tflite::write_table;

struct LevelSpec {
  int format = schema::kDimensionDense;
  int32_t size = 0;
  std::vector<int64_t> segments, indices;
  int segments_kind = schema::kInt32Vector, indices_kind = schema::kInt32Vector;
};

// A file with one sparse constant and nothing else than an identity to hold it.
struct FileSpec {
  DType type = DType::f32;
  std::vector<int32_t> shape, order, blocks;
  std::vector<LevelSpec> levels;
  std::vector<uint8_t> values;
  bool variable = false, densify = false;
  std::vector<int32_t> densify_shape;  // empty: as `shape`
  int densify_inputs = 1;
};

class FileWriter {
 public:
  std::vector<uint8_t> write(const FileSpec& spec) {
    const auto empty = write_table(b_, [](TableWriter&) {});
    b_.ForceVectorAlignment(spec.values.size(), 1, 16);
    const auto bytes = b_.CreateVector(spec.values);
    const auto data = write_table(b_, [&](TableWriter& t) { t.offset(schema::kBufferData, bytes); });
    const auto buffers = b_.CreateVector(std::vector<Offset<AnyTable>>{empty, data});
    std::vector<Offset<AnyTable>> tensors{tensor("x", DType::f32, {2}, 0, {}, false),
                                          tensor("weights", spec.type, spec.shape, 1, sparsity(spec), spec.variable)};
    std::vector<Offset<AnyTable>> operators;
    std::vector<int32_t> outputs{0};
    if (!spec.densify) {
      outputs.push_back(1);
    } else {
      tensors.push_back(
          tensor("dense", spec.type, spec.densify_shape.empty() ? spec.shape : spec.densify_shape, 0, {}, false));
      const auto in = b_.CreateVector(std::vector<int32_t>(static_cast<size_t>(spec.densify_inputs), 1));
      const auto out = b_.CreateVector(std::vector<int32_t>{2});
      operators.push_back(write_table(b_, [&](TableWriter& t) {
        t.offset(schema::kOperatorInputs, in);
        t.offset(schema::kOperatorOutputs, out);
      }));
      outputs.push_back(2);
    }
    const auto code = write_table(b_, [&](TableWriter& t) {
      t.scalar<int8_t>(schema::kCodeDeprecated, schema::kDensifyOperator, 0);
      t.scalar<int32_t>(schema::kCodeBuiltin, schema::kDensifyOperator, 0);
    });
    const auto codes = b_.CreateVector(std::vector<Offset<AnyTable>>{code});
    const auto tensor_list = b_.CreateVector(tensors), operator_list = b_.CreateVector(operators);
    const auto ins = b_.CreateVector(std::vector<int32_t>{0}), outs = b_.CreateVector(outputs);
    const auto graph = write_table(b_, [&](TableWriter& t) {
      t.offset(schema::kSubgraphTensors, tensor_list);
      t.offset(schema::kSubgraphInputs, ins);
      t.offset(schema::kSubgraphOutputs, outs);
      t.offset(schema::kSubgraphOperators, operator_list);
    });
    const auto graphs = b_.CreateVector(std::vector<Offset<AnyTable>>{graph});
    b_.Finish(write_table(b_,
                          [&](TableWriter& t) {
                            t.scalar<uint32_t>(schema::kModelVersion, 3, 0);
                            t.offset(schema::kModelOperatorCodes, codes);
                            t.offset(schema::kModelSubgraphs, graphs);
                            t.offset(schema::kModelBuffers, buffers);
                          }),
              "TFL3");
    return {b_.GetBufferPointer(), b_.GetBufferPointer() + b_.GetSize()};
  }

 private:
  template <class T>
  Offset<AnyTable> vector_of(const std::vector<int64_t>& values) {
    std::vector<T> narrow;
    for (const int64_t v : values) narrow.push_back(static_cast<T>(v));
    b_.ForceVectorAlignment(narrow.size(), sizeof(T), 4);
    const auto list = b_.CreateVector(narrow);
    return write_table(b_, [&](TableWriter& t) { t.offset(0, list); });
  }
  Offset<AnyTable> numbers(const std::vector<int64_t>& values, int kind) {
    return kind == schema::kUint8Vector    ? vector_of<uint8_t>(values)
           : kind == schema::kUint16Vector ? vector_of<uint16_t>(values)
                                           : vector_of<int32_t>(values);
  }
  Offset<AnyTable> sparsity(const FileSpec& spec) {
    std::vector<Offset<AnyTable>> levels;
    for (const LevelSpec& level : spec.levels) {
      const auto segments = numbers(level.segments, level.segments_kind);
      const auto indices = numbers(level.indices, level.indices_kind);
      levels.push_back(write_table(b_, [&](TableWriter& t) {
        t.scalar<int8_t>(schema::kDimensionFormat, static_cast<int8_t>(level.format), 0);
        t.scalar<int32_t>(schema::kDimensionDenseSize, level.size, 0);
        if (level.format == schema::kDimensionDense) return;
        t.scalar<uint8_t>(schema::kDimensionSegmentsType, static_cast<uint8_t>(level.segments_kind), 0);
        t.offset(schema::kDimensionSegments, segments);
        t.scalar<uint8_t>(schema::kDimensionIndicesType, static_cast<uint8_t>(level.indices_kind), 0);
        t.offset(schema::kDimensionIndices, indices);
      }));
    }
    const auto list = b_.CreateVector(levels);
    const auto order = b_.CreateVector(spec.order), blocks = b_.CreateVector(spec.blocks);
    return write_table(b_, [&](TableWriter& t) {
      t.offset(schema::kSparsityTraversalOrder, order);
      t.offset(schema::kSparsityBlockMap, blocks);
      t.offset(schema::kSparsityDimensions, list);
    });
  }
  Offset<AnyTable> tensor(const char* text, DType type, const std::vector<int32_t>& shape, uint32_t buffer,
                          Offset<AnyTable> sparse, bool variable) {
    const auto name = b_.CreateString(text);
    const auto dims = b_.CreateVector(shape);
    return write_table(b_, [&](TableWriter& t) {
      t.offset(schema::kTensorShape, dims);
      t.scalar<int8_t>(schema::kTensorType, static_cast<int8_t>(schema::file_type(type)), 0);
      t.scalar<uint32_t>(schema::kTensorBuffer, buffer, 0);
      t.offset(schema::kTensorName, name);
      t.scalar<uint8_t>(schema::kTensorIsVariable, variable, 0);
      if (!sparse.IsNull()) t.offset(schema::kTensorSparsity, sparse);
    });
  }

  FlatBufferBuilder b_;
};

std::vector<uint8_t> file_of(const FileSpec& spec) { return FileWriter().write(spec); }

// 3×4 float32, rows in CSR: [0 0 5 0 | 0 0 0 0 | 6 0 0 7].
FileSpec small() {
  FileSpec s;
  s.shape = {3, 4};
  s.order = {0, 1};
  s.levels = {{schema::kDimensionDense, 3, {}, {}}, {schema::kDimensionSparse, 0, {0, 1, 1, 3}, {2, 0, 3}}};
  const float values[] = {5, 6, 7};
  s.values.assign(reinterpret_cast<const uint8_t*>(values), reinterpret_cast<const uint8_t*>(values + 3));
  return s;
}

// The layout as a tree, built from the dense numbers: the definition, not the reader turned around.
FileSpec encode(const std::vector<float>& dense, const std::vector<int32_t>& shape, const std::vector<int32_t>& order,
                const std::vector<std::pair<int32_t, int32_t>>& blocks, const std::vector<bool>& csr, int kind) {
  const size_t rank = shape.size();
  std::vector<int32_t> sizes(shape);
  FileSpec spec{.shape = shape, .order = order};
  for (const auto& [d, size] : blocks) {
    spec.blocks.push_back(d);
    sizes[static_cast<size_t>(d)] /= size;
    sizes.push_back(size);
  }
  using Index = std::vector<int64_t>;  // along the order, from the root
  const auto at = [&](const Index& path) {
    std::vector<int64_t> of(sizes.size());
    for (size_t l = 0; l < path.size(); ++l) of[static_cast<size_t>(order[l])] = path[l];
    for (size_t b = 0; b < blocks.size(); ++b) {
      auto& outer = of[static_cast<size_t>(blocks[b].first)];
      outer = outer * blocks[b].second + of[rank + b];
    }
    int64_t flat = 0;
    for (size_t d = 0; d < rank; ++d) flat = flat * shape[d] + of[d];
    return dense[static_cast<size_t>(flat)];
  };
  const std::function<bool(Index)> any = [&](const Index& path) {
    if (path.size() == order.size()) return at(path) != 0;
    for (int64_t i = 0; i < sizes[static_cast<size_t>(order[path.size()])]; ++i) {
      Index child = path;
      child.push_back(i);
      if (any(child)) return true;
    }
    return false;
  };
  std::vector<Index> nodes{{}};
  for (size_t l = 0; l < order.size(); ++l) {
    LevelSpec level{.size = sizes[static_cast<size_t>(order[l])], .segments_kind = kind, .indices_kind = kind};
    std::vector<Index> children;
    level.segments.push_back(0);
    for (const Index& node : nodes) {
      for (int64_t i = 0; i < level.size; ++i) {
        Index child = node;
        child.push_back(i);
        if (csr[l] && !any(child)) continue;
        level.indices.push_back(i);
        children.push_back(std::move(child));
      }
      level.segments.push_back(static_cast<int64_t>(children.size()));
    }
    if (csr[l]) level.format = schema::kDimensionSparse;
    spec.levels.push_back(std::move(level));
    nodes = std::move(children);
  }
  for (const Index& leaf : nodes) {
    const float v = at(leaf);
    const auto* bytes = reinterpret_cast<const uint8_t*>(&v);
    spec.values.insert(spec.values.end(), bytes, bytes + 4);
  }
  return spec;
}

TEST(SparseTensor, ExpandsRowsByHand) {
  const auto graph = read_tflite(file_of(small()));
  ASSERT_TRUE(graph) << graph.error().to_string();
  const auto values = graph->at(1).data.as<float>();
  const std::vector<float> want{0, 0, 5, 0, 0, 0, 0, 0, 6, 0, 0, 7};
  EXPECT_TRUE(std::ranges::equal(values, want));
  EXPECT_TRUE(graph->at(1).constant());
}

TEST(SparseTensor, ExpandsEveryLayout) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    const size_t rank = 1 + random.below(4);
    std::vector<int32_t> shape(rank), order(rank);
    std::vector<std::pair<int32_t, int32_t>> blocks;
    for (size_t d = 0; d < rank; ++d) {
      shape[d] = static_cast<int32_t>(1 + random.below(4));
      if (random.below(3) == 0) {
        blocks.emplace_back(static_cast<int32_t>(d), static_cast<int32_t>(1 + random.below(3)));
        shape[d] *= blocks.back().second;
      }
    }
    std::iota(order.begin(), order.end(), 0);
    const auto shuffle = [&](std::vector<int32_t>& v, size_t from) {
      for (size_t i = v.size(); i > from + 1; --i) std::swap(v[i - 1], v[from + random.below(i - from)]);
    };
    shuffle(order, 0);
    for (size_t b = 0; b < blocks.size(); ++b) order.push_back(static_cast<int32_t>(rank + b));
    shuffle(order, rank);
    std::vector<bool> csr(order.size(), false);
    for (size_t l = 0; l < rank; ++l) csr[l] = random.below(2) == 0;
    const size_t count = static_cast<size_t>(std::accumulate(shape.begin(), shape.end(), 1, std::multiplies<>()));
    std::vector<float> dense(count);
    for (float& v : dense) v = random.below(3) == 0 ? static_cast<float>(1 + random.below(100)) : 0;
    const auto graph =
        read_tflite(file_of(encode(dense, shape, order, blocks, csr, static_cast<int>(1 + random.below(3)))));
    ASSERT_TRUE(graph) << round << graph.error().to_string();
    EXPECT_TRUE(std::ranges::equal(graph->at(1).data.as<float>(), dense)) << round;
  }
}

TEST(SparseTensor, DensifyIsFoldedAway) {
  FileSpec s = small();
  s.densify = true;
  const auto graph = read_tflite(file_of(s));
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_TRUE(graph->nodes.empty());
  ASSERT_EQ(graph->outputs.size(), 2u);
  const Tensor& dense = graph->at(graph->outputs[1]);
  EXPECT_EQ(dense.name, "dense");
  ASSERT_EQ(dense.data.size, 48u);
  EXPECT_EQ(dense.data.as<float>()[8], 6);
  for (const Tensor& t : graph->tensors) EXPECT_NE(t.name, "weights");
}

TEST(SparseTensor, PartsAddUp) {
  const auto file = file_of(small());
  const auto parts = tflite_parts(file);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->sparse_tensors, 1);
  EXPECT_EQ(parts->sparse_values, 12);
  EXPECT_EQ(parts->sparse_dense_bytes, 48);
  EXPECT_GE(parts->sparse_index, 4 * (4 + 3 + 2));
  EXPECT_EQ(parts->data + parts->sparse_index + parts->shapes + parts->names + parts->structure, parts->total);
}

TEST(SparseTensor, WrongNumbersAreRefused) {
  struct Wrong {
    const char* what;
    std::function<void(FileSpec&)> change;
  };
  const Wrong wrongs[] = {
      {"segments that fall",
       [](FileSpec& s) {
         s.levels[1].segments = {0, 2, 1, 3};
       }},
      {"segments that start late",
       [](FileSpec& s) {
         s.levels[1].segments = {1, 1, 1, 3};
       }},
      {"segments beyond the indices",
       [](FileSpec& s) {
         s.levels[1].segments = {0, 9, 9, 3};
       }},
      {"segments that end early",
       [](FileSpec& s) {
         s.levels[1].segments = {0, 1, 1, 2};
       }},
      {"negative segments",
       [](FileSpec& s) {
         s.levels[1].segments = {0, -1, 1, 3};
       }},
      {"too few segments",
       [](FileSpec& s) {
         s.levels[1].segments = {0, 1, 3};
       }},
      {"too many segments",
       [](FileSpec& s) {
         s.levels[1].segments = {0, 1, 1, 3, 3};
       }},
      {"no segments", [](FileSpec& s) { s.levels[1].segments.clear(); }},
      {"an index beyond the dimension", [](FileSpec& s) { s.levels[1].indices[2] = 4; }},
      {"a negative index", [](FileSpec& s) { s.levels[1].indices[0] = -1; }},
      {"an index twice",
       [](FileSpec& s) {
         s.levels[1].indices = {2, 3, 3};
       }},
      {"indices that fall",
       [](FileSpec& s) {
         s.levels[1].indices = {2, 3, 0};
       }},
      {"too many indices", [](FileSpec& s) { s.levels[1].indices.push_back(3); }},
      {"indices of an unknown kind", [](FileSpec& s) { s.levels[1].indices_kind = 7; }},
      {"indices of no kind", [](FileSpec& s) { s.levels[1].indices_kind = 0; }},
      {"a dense size too large", [](FileSpec& s) { s.levels[0].size = 4; }},
      {"a negative dense size", [](FileSpec& s) { s.levels[0].size = -3; }},
      {"an unknown format", [](FileSpec& s) { s.levels[0].format = 5; }},
      {"no levels", [](FileSpec& s) { s.levels.clear(); }},
      {"a level too many",
       [](FileSpec& s) {
         s.levels.push_back({schema::kDimensionDense, 1, {}, {}});
       }},
      {"no traversal order", [](FileSpec& s) { s.order.clear(); }},
      {"an order that repeats",
       [](FileSpec& s) {
         s.order = {1, 1};
       }},
      {"an order beyond the dimensions",
       [](FileSpec& s) {
         s.order = {0, 2};
       }},
      {"a negative order",
       [](FileSpec& s) {
         s.order = {0, -1};
       }},
      {"too few values", [](FileSpec& s) { s.values.resize(8); }},
      {"no values", [](FileSpec& s) { s.values.clear(); }},
      {"too many values", [](FileSpec& s) { s.values.resize(16); }},
      {"half a value", [](FileSpec& s) { s.values.resize(11); }},
      {"a scalar", [](FileSpec& s) { s.shape.clear(); }},
      {"a variable", [](FileSpec& s) { s.variable = true; }},
      {"int32 elements", [](FileSpec& s) { s.type = DType::i32; }},
      {"4-bit elements", [](FileSpec& s) { s.type = DType::i4; }},
      {"values for no elements",
       [](FileSpec& s) {
         s.shape = {0, 4};
       }},
      {"DENSIFY to another shape",
       [](FileSpec& s) {
         s.densify = true, s.densify_shape = {4, 3};
       }},
      {"DENSIFY of two inputs", [](FileSpec& s) { s.densify = true, s.densify_inputs = 2; }},
  };
  for (const Wrong& wrong : wrongs) {
    FileSpec s = small();
    wrong.change(s);
    const auto graph = read_tflite(file_of(s));
    ASSERT_FALSE(graph) << wrong.what;
    const std::string text = graph.error().to_string();
    EXPECT_TRUE(text.find("weights") != std::string::npos || s.densify) << wrong.what << "\n" << text;
  }
}

TEST(SparseTensor, WrongBlocksAreRefused) {
  const auto blocked = [] {
    std::vector<float> dense(32, 0);
    dense[5] = dense[6] = dense[30] = 1;
    return encode(dense, {4, 8}, {0, 1, 2, 3}, {{0, 2}, {1, 4}}, {false, true, false, false}, schema::kUint8Vector);
  };
  ASSERT_TRUE(read_tflite(file_of(blocked())));
  const std::pair<const char*, std::function<void(FileSpec&)>> wrongs[] = {
      {"a dimension that does not exist",
       [](FileSpec& s) {
         s.blocks = {0, 2};
       }},
      {"a negative dimension",
       [](FileSpec& s) {
         s.blocks = {-1, 1};
       }},
      {"a dimension split twice",
       [](FileSpec& s) {
         s.blocks = {1, 1};
       }},
      {"too many blocks",
       [](FileSpec& s) {
         s.blocks = {0, 1, 1};
       }},
      {"blocks before dimensions",
       [](FileSpec& s) {
         s.order = {0, 2, 1, 3};
       }},
      {"a block of 0", [](FileSpec& s) { s.levels[2].size = 0; }},
      {"a negative block", [](FileSpec& s) { s.levels[3].size = -4; }},
      {"a block that does not divide", [](FileSpec& s) { s.levels[3].size = 3; }},
      {"a sparse block", [](FileSpec& s) { s.levels[3].format = schema::kDimensionSparse; }},
  };
  for (const auto& [what, change] : wrongs) {
    FileSpec s = blocked();
    change(s);
    EXPECT_FALSE(read_tflite(file_of(s))) << what;
  }
}

// A few hundred bytes may not ask for gigabytes.
TEST(SparseTensor, ExpansionIsBounded) {
  FileSpec s;
  s.shape = {1, 1 << 30};
  s.order = {0, 1};
  s.levels = {{schema::kDimensionDense, 1, {}, {}}, {schema::kDimensionSparse, 0, {0, 0}, {}}};
  const auto graph = read_tflite(file_of(s));
  ASSERT_FALSE(graph);
  EXPECT_NE(graph.error().to_string().find("more than 256 MiB"), std::string::npos);
  s.shape = {1, 1 << 20};
  const auto zeros = read_tflite(file_of(s));
  ASSERT_TRUE(zeros) << zeros.error().to_string();
  EXPECT_EQ(zeros->at(1).data.size, size_t{4} << 20);
}

// What is refused after its sparse tensors were expanded has not cost the memory of their zeros.
TEST(SparseTensor, ZerosCostNoMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps a shadow of the expanded tensor, which is resident";
#endif
  FileSpec s;
  s.shape = {1, 60 << 20};
  s.order = {0, 1};
  s.levels = {{schema::kDimensionDense, 1, {}, {}}, {schema::kDimensionSparse, 0, {0, 1}, {7}}};
  s.values = {0, 0, 128, 63};
  s.densify = true;
  s.densify_shape = {2, 2};
  const auto resident = [] {  // KiB; 0 where the system does not say
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;)
      if (word == "VmHWM:") {
        in >> word;
        return std::stol(word);
      }
    return 0L;
  };
  const std::vector<uint8_t> file = file_of(s);
  const long before = resident();
  EXPECT_FALSE(read_tflite(file));
  EXPECT_LT(resident() - before, 8 << 10);
}

TEST(SparseTensor, NoElements) {
  FileSpec s = small();
  s.shape = {0, 4};
  s.values.clear();
  const auto graph = read_tflite(file_of(s));
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_EQ(graph->at(1).data.size, 0u);
}

}  // namespace
}  // namespace thimble
