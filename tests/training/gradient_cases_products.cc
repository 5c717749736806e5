// Gradient cases of batched matrix products and transposed convolutions.
#include "gradient_cases.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/broadcast.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::test {
namespace {

size_t z(int64_t i) { return static_cast<size_t>(i); }

// Where the matrix of an operand begins for batch `index` of y's batches.
int64_t matrix_at(const Shape& operand, const Shape& y, int64_t index) {
  int64_t at = 0, stride = operand.dim(-1) * operand.dim(-2);
  for (int d = 3; d <= y.rank(); ++d) {
    const int64_t size = y.dim(-d), own = d <= operand.rank() ? operand.dim(-d) : 1;
    at += own == 1 ? 0 : index % size * stride;
    stride *= own;
    index /= size;
  }
  return at;
}

Forward matmul_forward(BatchMatmulAttrs a, Shape y_shape) {
  return [=](const Values& in) {
    const Shape &xs = in[0].shape, &ws = in[1].shape;
    const int64_t rows = y_shape.dim(-2), columns = y_shape.dim(-1), depth = xs.dim(a.adj_x ? -2 : -1);
    Value y{y_shape, {}};
    for (int64_t b = 0; b < y_shape.elements() / (rows * columns); ++b)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < depth; ++k)
            sum += in[0].v[z(matrix_at(xs, y_shape, b) + (a.adj_x ? k * rows + i : i * depth + k))] *
                   in[1].v[z(matrix_at(ws, y_shape, b) + (a.adj_y ? j * depth + k : k * columns + j))];
          y.v.push_back(sum);
        }
    return Values{y};
  };
}

// Every pixel of x is spread over y.
Forward transposed_forward(TransposeConvAttrs a, Shape y_shape) {
  return [=](const Values& in) {
    const Shape &xs = in[0].shape, &ws = in[1].shape;
    const auto before = [&](int64_t out, int64_t n, int64_t kernel, int stride) {
      return a.padding == Padding::same ? std::max<int64_t>((n - 1) * stride + kernel - out, 0) / 2 : 0;
    };
    const int64_t top = before(y_shape[1], xs[1], ws[1], a.stride_h),
                  left = before(y_shape[2], xs[2], ws[2], a.stride_w);
    Value y{y_shape, std::vector<double>(z(y_shape.elements()))};
    for (int64_t i = 0; i < y_shape.elements(); ++i) y.v[z(i)] = in.size() > 2 ? in[2].v[z(i % ws[0])] : 0;
    for (int64_t b = 0; b < xs[0]; ++b)
      for (int64_t ih = 0; ih < xs[1]; ++ih)
        for (int64_t iw = 0; iw < xs[2]; ++iw)
          for (int64_t o = 0; o < ws[0]; ++o)
            for (int64_t kh = 0; kh < ws[1]; ++kh)
              for (int64_t kw = 0; kw < ws[2]; ++kw) {
                const int64_t oh = ih * a.stride_h + kh - top, ow = iw * a.stride_w + kw - left;
                if (oh < 0 || oh >= y_shape[1] || ow < 0 || ow >= y_shape[2]) continue;
                for (int64_t c = 0; c < xs[3]; ++c)
                  y.v[z(((b * y_shape[1] + oh) * y_shape[2] + ow) * ws[0] + o)] +=
                      in[0].v[z(((b * xs[1] + ih) * xs[2] + iw) * xs[3] + c)] *
                      in[1].v[z(((o * ws[1] + kh) * ws[2] + kw) * xs[3] + c)];
              }
    for (double& v : y.v) v = activate(v, a.activation);
    return Values{y};
  };
}

}  // namespace

void add_product_cases(std::vector<GradientCase>& cases) {
  const struct {
    const char* name;
    Shape x, w, y;
    bool adj_x, adj_y;
  } products[] = {{"plain", {3, 4}, {4, 5}, {3, 5}, false, false},
                  {"batches", {2, 3, 4}, {2, 4, 5}, {2, 3, 5}, false, false},
                  {"adjoint_x", {2, 4, 3}, {2, 4, 5}, {2, 3, 5}, true, false},
                  {"adjoint_y", {2, 3, 4}, {2, 5, 4}, {2, 3, 5}, false, true},
                  {"adjoint_both", {4, 3}, {5, 4}, {3, 5}, true, true},
                  {"broadcast", {2, 1, 3, 4}, {3, 4, 2}, {2, 3, 3, 2}, false, false},
                  {"one_matrix_adjoint", {3, 2, 4}, {5, 4}, {3, 2, 5}, false, true}};
  for (const auto& p : products) {
    const BatchMatmulAttrs attrs{p.adj_x, p.adj_y};
    cases.push_back({.op = Op::batch_matmul,
                     .name = p.name,
                     .operands = {uniform(p.x, -2, 2, 121), uniform(p.w, -2, 2, 122)},
                     .attrs = attrs,
                     .forward = matmul_forward(attrs, p.y),
                     .tolerance = 4e-6});
  }
  const struct {
    const char* name;
    Shape x, w, y;
    TransposeConvAttrs attrs;
    bool bias = true;
  } transposed[] = {
      {"same_stride2", {2, 3, 4, 3}, {2, 3, 3, 3}, {2, 6, 8, 2}, {2, 2, Padding::same}},
      {"valid_stride_h1_w3", {1, 3, 2, 2}, {3, 2, 4, 2}, {1, 4, 7, 3}, {1, 3, Padding::valid}, false},
      {"stride_over_kernel", {1, 3, 3, 2}, {2, 1, 1, 2}, {1, 6, 6, 2}, {2, 2, Padding::same}},
      {"relu", {1, 4, 4, 2}, {3, 3, 3, 2}, {1, 4, 4, 3}, {1, 1, Padding::same, Activation::relu}},
  };
  for (const auto& t : transposed) {
    std::vector<Operand> in{uniform(t.x, -2, 2, 123), uniform(t.w, -1, 1, 124)};
    in.push_back(t.bias ? uniform({t.w[0]}, -1, 1, 125) : Operand{.wanted = false, .absent = true});
    std::vector<int32_t> shape;
    for (const int64_t d : t.y.dims()) shape.push_back(static_cast<int32_t>(d));
    in.push_back(ints(shape));
    Forward forward = transposed_forward(t.attrs, t.y);
    cases.push_back({.op = Op::transpose_conv,
                     .name = t.name,
                     .operands = std::move(in),
                     .attrs = t.attrs,
                     .forward =
                         [forward, bias = t.bias](const Values& v) {
                           return forward(bias ? Values{v[0], v[1], v[2]} : Values{v[0], v[1]});
                         },
                     .tolerance = 4e-6});
  }
}

}  // namespace thimble::test
