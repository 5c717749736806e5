#include "data/idx.h"

#include "base/numbers.h"
#include "data/files.h"

namespace thimble {
namespace {

constexpr const char* kHint =
    "expected an IDX file of unsigned bytes as published for MNIST, plain or .gz; copy it again";

uint32_t big_endian(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 | static_cast<uint32_t>(p[2]) << 8 |
         p[3];
}

}  // namespace

Result<Idx> parse_idx(std::span<const uint8_t> file, int rank) {
  ByteStream stream(file, packing_of(file));
  uint8_t header[4 + 4 * 8];
  const size_t header_size = 4 + 4 * static_cast<size_t>(rank);
  if (rank < 1 || rank > 8) return fail(ErrorCode::internal, format("IDX rank {} asked for", rank));
  THIMBLE_ASSIGN(const size_t got, stream.read({header, header_size}));
  if (got < 4)
    return fail(ErrorCode::bad_file, format("the file has {} bytes, an IDX header needs {}", got, header_size), kHint);
  const uint32_t magic = big_endian(header), wanted = 0x800u + static_cast<uint32_t>(rank);
  if (magic != wanted)
    return fail(ErrorCode::bad_file,
                format("IDX magic is 0x{:08x}, expected 0x{:08x} ({})", magic, wanted,
                       rank == 1   ? "labels"
                       : rank == 3 ? "pictures"
                                   : "unsigned bytes"),
                magic == 0x801 || magic == 0x803 ? "the picture and label files seem to be exchanged" : kHint);
  if (got < header_size)
    return fail(ErrorCode::bad_file, format("the IDX header ends after {} of {} bytes", got, header_size), kHint);
  Idx idx;
  int64_t total = 1;
  for (int d = 0; d < rank; ++d) {
    const int64_t size = big_endian(header + 4 + 4 * d);
    if (size == 0) return fail(ErrorCode::bad_file, format("IDX dimension {} is 0", d), kHint);
    if (!checked_mul(total, size, &total) || total > kMaxDataBytes)
      return fail(ErrorCode::bad_file,
                  format("the IDX header announces more than {} bytes (dimension {} is {})", kMaxDataBytes, d, size),
                  kHint);
    idx.shape.push_back(size);
  }
  const auto short_file = [&](int64_t found) {
    return fail(ErrorCode::bad_file,
                format("the IDX header announces {} bytes of data, the file holds {}", total, found),
                "the file is truncated: copy it again");
  };
  if (total > stream.at_most()) return short_file(stream.at_most());
  idx.bytes.resize(static_cast<size_t>(total));
  THIMBLE_ASSIGN(const size_t held, stream.read(idx.bytes));
  if (held != idx.bytes.size()) return short_file(static_cast<int64_t>(held));
  uint8_t extra[1];
  THIMBLE_ASSIGN(const size_t more, stream.read(extra));
  if (more)
    return fail(ErrorCode::bad_file, format("the file goes on after the {} bytes that its IDX header announces", total),
                kHint);
  if (!stream.complete()) return short_file(static_cast<int64_t>(held));
  return idx;
}

Result<Idx> read_idx(const std::string& path, int rank) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_whole_file(path));
  auto idx = parse_idx(file, rank);
  if (!idx) return with_context(std::move(idx).error(), format("file {}", path));
  return idx;
}

Result<Samples> read_idx_pair(const std::string& images, const std::string& labels, std::string set_name,
                              std::vector<std::string> label_names) {
  THIMBLE_ASSIGN(Idx pictures, read_idx(images, 3));
  THIMBLE_ASSIGN(const Idx classes, read_idx(labels, 1));
  if (pictures.shape[0] != classes.shape[0])
    return fail(
        ErrorCode::bad_file,
        format("{} holds {} pictures but {} holds {} labels", images, pictures.shape[0], labels, classes.shape[0]),
        "use the two files of the same set");
  Samples samples;
  samples.name = std::move(set_name);
  samples.sample_shape = {pictures.shape[1], pictures.shape[2], 1};
  samples.count = pictures.shape[0];
  samples.bytes = std::move(pictures.bytes);
  samples.classes = static_cast<int>(label_names.size());
  samples.label_names = std::move(label_names);
  samples.labels.reserve(classes.bytes.size());
  for (size_t i = 0; i < classes.bytes.size(); ++i) {
    if (classes.bytes[i] >= samples.classes)
      return fail(ErrorCode::bad_file,
                  format("{}: label {} is {}, expected 0 … {}", labels, i, classes.bytes[i], samples.classes - 1),
                  "the label file is damaged or belongs to another set");
    samples.labels.push_back(classes.bytes[i]);
  }
  THIMBLE_TRY(samples.check());
  return samples;
}

}  // namespace thimble
