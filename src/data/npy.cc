#include "data/npy.h"

#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "base/numbers.h"
#include "data/files.h"

namespace thimble {
namespace {

constexpr const char* kHint = "write it with numpy.save";

// The header is a Python dict literal: {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }
struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

// The text after 'key': in the header, or nothing.
std::string_view value_of(std::string_view header, std::string_view key) {
  const size_t at = header.find(format("'{}'", key));
  if (at == std::string_view::npos) return {};
  const size_t colon = header.find(':', at);
  if (colon == std::string_view::npos) return {};
  header.remove_prefix(colon + 1);
  while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
  return header;
}

Result<Header> parse_header(std::string_view text) {
  const auto bad = [](const char* what) { return fail(ErrorCode::bad_file, format("npy header: {}", what), kHint); };
  Header out;
  std::string_view descr = value_of(text, "descr");
  if (descr.size() < 2 || descr[0] != '\'') return bad("descr is missing or not a simple type");
  descr.remove_prefix(1);
  out.descr = std::string(descr.substr(0, descr.find('\'')));
  const std::string_view order = value_of(text, "fortran_order");
  if (order.substr(0, 4) == "True")
    out.fortran = true;
  else if (order.substr(0, 5) != "False")
    return bad("fortran_order is missing");
  std::string_view shape = value_of(text, "shape");
  const size_t close = shape.find(')');
  if (shape.empty() || shape[0] != '(' || close == std::string_view::npos) return bad("shape is missing");
  const size_t behind = shape.find_first_not_of(' ', close + 1);
  if (behind == std::string_view::npos || (shape[behind] != ',' && shape[behind] != '}'))
    return bad("shape is no tuple of whole numbers");
  shape = shape.substr(1, close - 1);
  while (!shape.empty()) {
    while (!shape.empty() && (shape[0] == ' ' || shape[0] == ',')) shape.remove_prefix(1);
    if (shape.empty()) break;
    int64_t size = 0;
    size_t digits = 0;
    for (; digits < shape.size() && shape[digits] >= '0' && shape[digits] <= '9'; ++digits)
      if (!checked_mul(size, 10, &size) || !checked_add(size, shape[digits] - '0', &size))
        return bad("a dimension is too large");
    if (digits == 0) return bad("a dimension is not a whole number");
    shape.remove_prefix(digits);
    if (!shape.empty() && shape[0] == 'L') shape.remove_prefix(1);  // Python 2
    out.shape.push_back(size);
    if (out.shape.size() > 8) return bad("more than 8 dimensions");
  }
  return out;
}

void swap_bytes(std::vector<uint8_t>& bytes, int64_t item) {
  for (size_t i = 0; i + static_cast<size_t>(item) <= bytes.size(); i += static_cast<size_t>(item))
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.begin() + static_cast<std::ptrdiff_t>(i) + item);
}

std::vector<uint8_t> fortran_to_c(const std::vector<uint8_t>& in, const std::vector<int64_t>& shape, int64_t item) {
  std::vector<uint8_t> out(in.size());
  const size_t rank = shape.size();
  std::vector<int64_t> index(rank), stride(rank, 1);
  for (size_t d = 1; d < rank; ++d) stride[d] = stride[d - 1] * shape[d - 1];
  const int64_t n = static_cast<int64_t>(in.size()) / item;
  for (int64_t i = 0; i < n; ++i) {
    int64_t from = 0;
    for (size_t d = 0; d < rank; ++d) from += index[d] * stride[d];
    std::memcpy(&out[static_cast<size_t>(i * item)], &in[static_cast<size_t>(from * item)], static_cast<size_t>(item));
    for (size_t d = rank; d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

template <class T>
T load(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// Calls fn(value) with every element in its own type.
template <class F>
void for_each(const NpyArray& a, F fn) {
  const int64_t item = npy_item_size(a.dtype), n = a.elements();
  const uint8_t* p = a.bytes.data();
  for (int64_t i = 0; i < n; ++i, p += item) {
    if (a.dtype == "f4")
      fn(load<float>(p));
    else if (a.dtype == "f8")
      fn(load<double>(p));
    else if (a.dtype == "c8")
      fn(load<float>(p));  // the real part: who cares for numbers refuses these
    else if (a.dtype == "f2")
      fn(half_to_float(load<uint16_t>(p)));
    else if (a.dtype == "u1" || a.dtype == "b1")
      fn(*p);
    else if (a.dtype == "i1")
      fn(static_cast<int8_t>(*p));
    else if (a.dtype == "i2")
      fn(load<int16_t>(p));
    else if (a.dtype == "u2")
      fn(load<uint16_t>(p));
    else if (a.dtype == "i4")
      fn(load<int32_t>(p));
    else if (a.dtype == "u4")
      fn(load<uint32_t>(p));
    else if (a.dtype == "i8")
      fn(load<int64_t>(p));
    else
      fn(load<uint64_t>(p));
  }
}

}  // namespace

int64_t npy_item_size(std::string_view dtype) {
  for (const char* known : {"f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "b1", "c8"})
    if (dtype == known) return known[1] - '0';
  return 0;
}

int64_t NpyArray::elements() const {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}

std::vector<float> NpyArray::as_floats() const {
  std::vector<float> out;
  out.reserve(static_cast<size_t>(elements()));
  for_each(*this, [&](auto v) { out.push_back(static_cast<float>(v)); });
  return out;
}

Result<std::vector<int64_t>> NpyArray::as_integers() const {
  if (dtype[0] == 'f' || dtype[0] == 'c')
    return fail(ErrorCode::bad_file, format("an array of {} does not hold whole numbers", dtype));
  std::vector<int64_t> out;
  out.reserve(static_cast<size_t>(elements()));
  for_each(*this, [&](auto v) { out.push_back(static_cast<int64_t>(v)); });
  return out;
}

Result<NpyArray> parse_npy(std::span<const uint8_t> file) {
  const auto bad = [](std::string what) { return fail(ErrorCode::bad_file, std::move(what), kHint); };
  if (file.size() < 10 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0)
    return bad("not an .npy file (magic \\x93NUMPY is missing)");
  const int version = file[6];
  if (version < 1 || version > 3) return bad(format("npy version {} is not known (1 to 3 are)", version));
  const size_t fixed = version == 1 ? 10 : 12;
  if (file.size() < fixed) return bad("the npy header is truncated");
  const size_t length =
      version == 1 ? static_cast<size_t>(load<uint16_t>(&file[8])) : static_cast<size_t>(load<uint32_t>(&file[8]));
  if (length > file.size() - fixed || length > 65536)
    return bad(format("the npy header claims {} bytes, the file has {}", length, file.size()));
  THIMBLE_ASSIGN(const Header header, parse_header({reinterpret_cast<const char*>(file.data()) + fixed, length}));
  NpyArray out;
  out.shape = header.shape;
  const char order = header.descr.empty() ? '?' : header.descr[0];
  out.dtype = header.descr.substr(header.descr.empty() ? 0 : 1);
  const int64_t item = npy_item_size(out.dtype);
  if (item == 0 || (order != '<' && order != '>' && order != '|' && order != '='))
    return fail(ErrorCode::bad_file, format("npy dtype '{}' is not supported", header.descr.substr(0, 20)),
                std::string("OSU").find(out.dtype.empty() ? '?' : out.dtype[0]) != std::string::npos
                    ? "numbers are needed; of texts: names, y = numpy.unique(y, return_inverse=True)"
                    : "convert it with numpy: array.astype('float32')");
  int64_t total = item;
  for (int64_t d : out.shape)
    if (!checked_mul(total, d, &total) || total > kMaxDataBytes)
      return bad(format("the npy header announces more than {} bytes", kMaxDataBytes));
  const auto data = file.subspan(fixed + length);
  if (static_cast<int64_t>(data.size()) != total)
    return bad(format("the npy header announces {} bytes of data, the file holds {}", total, data.size()));
  out.bytes.assign(data.begin(), data.end());
  if (order == '>') swap_bytes(out.bytes, out.dtype[0] == 'c' ? item / 2 : item);
  if (header.fortran && out.shape.size() > 1) out.bytes = fortran_to_c(out.bytes, out.shape, item);
  return out;
}

Result<NpyArray> read_npy(const std::string& path) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_whole_file(path, kMaxDataBytes + 65536));
  auto array = parse_npy(file);
  if (!array) return with_context(std::move(array).error(), format("file {}", path));
  return array;
}

std::vector<uint8_t> npy_bytes(std::string_view dtype, const std::vector<int64_t>& shape,
                               std::span<const uint8_t> data) {
  std::string dims;
  for (int64_t d : shape) dims += format("{}{}", d, shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) dims.resize(dims.size() - 2);
  std::string header = format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                              npy_item_size(dtype) == 1 ? '|' : '<', dtype, dims);
  header.append(63 - (10 + header.size()) % 64, ' ');  // the data begins at a multiple of 64
  header += '\n';
  std::vector<uint8_t> out;
  out.reserve(10 + header.size() + data.size());
  for (char c : std::string_view("\x93NUMPY\x01\0", 8)) out.push_back(static_cast<uint8_t>(c));
  out.push_back(static_cast<uint8_t>(header.size()));
  out.push_back(static_cast<uint8_t>(header.size() >> 8));
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Status write_npy(const std::string& path, std::string_view dtype, const std::vector<int64_t>& shape,
                 std::span<const uint8_t> data) {
  return write_whole_file(path, npy_bytes(dtype, shape, data));
}

}  // namespace thimble
