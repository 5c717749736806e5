#include "app/model_inputs.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/file.h"
#include "base/half.h"
#include "base/random.h"
#include "data/fit_picture.h"
#include "data/fit_sound.h"
#include "data/npy.h"
#include "data/sources.h"
#include "data/wav.h"
#include "study/evaluate.h"
#include "study/model_data.h"

namespace thimble::app {
namespace {

std::vector<int64_t> without_ones(std::span<const int64_t> shape) {
  std::vector<int64_t> kept;
  for (int64_t d : shape)
    if (d != 1) kept.push_back(d);
  return kept;
}

std::string text_of(std::span<const int64_t> shape) {
  std::string text = "[";
  for (int64_t d : shape) text += (text.size() > 1 ? ", " : "") + format("{}", d);
  return text + "]";
}

// How many runs an array of this shape is for the tensor; −1 when it does not fit.
int64_t runs_of(std::span<const int64_t> shape, const Tensor& tensor) {
  const std::span<const int64_t> own = tensor.shape.dims();
  if (without_ones(shape) == without_ones(own)) return 1;
  if (shape.empty() || shape[0] < 1) return -1;
  const auto rest = without_ones(shape.subspan(1));
  if (!own.empty() && own[0] == 1 && rest == without_ones(own.subspan(1))) return shape[0];
  return rest == without_ones(own) ? shape[0] : -1;
}

Result<int64_t> runs_in(const std::string& path, const NpyArray& array, const Tensor& tensor) {
  const int64_t runs = runs_of(array.shape, tensor);
  if (runs >= 1) return runs;
  return fail(ErrorCode::bad_file,
              format("{} has the shape {}, the model's input {} is {}", path, text_of(array.shape), tensor.name,
                     tensor.shape.to_string()),
              tensor.shape.rank() > 0 && tensor.shape[0] == 1
                  ? "give an array of that shape, or with N in place of the leading 1 for N runs"
                  : "give an array of that shape, or with a leading N more for N runs");
}

// Samples in one storage, as they come from consecutive files.
struct Segment {
  Samples samples;
  std::vector<std::string> names;
};

bool is_integer_dtype(const std::string& dtype) { return dtype[0] == 'i' || dtype[0] == 'u' || dtype[0] == 'b'; }

class Gatherer {
 public:
  Gatherer(const Graph& graph, const FeedingOverrides& overrides, const std::optional<Feeding>& own, GatheredFeed* out)
      : graph_(graph),
        tensor_(graph.at(graph.inputs[0])),
        overrides_(overrides),
        own_(own),
        handwriting_(overrides.handwriting.value_or(own && own->handwriting)),
        out_(out) {}

  Status add(const std::string& file) {
    std::string ending = extension_of(file);
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (directory_exists(file)) return set("folder", file);
    if (!file_exists(file)) return tl::unexpected<Error>(missing_file_error(file));
    if (is_picture_name(file)) return picture(file);
    if (is_sound_name(file)) return sound(file);
    if (ending == ".npy") return array(file);
    if (ending == ".npz") return set("npz", file);
    if (ending == ".csv" || ending == ".tsv") return set("csv", file);
    return fail(ErrorCode::usage, format("'{}' is neither a picture, a sound, an array nor a table", file),
                "give .png, .jpg, .bmp, .wav, .npy, .npz, .csv, .tsv or a folder of pictures or sounds");
  }

  // What is gathered so far goes in, through the model's feeding.
  Status flush() {
    if (segment_.samples.count == 0) return {};
    Samples& s = segment_.samples;
    s.name = segment_.names[0];
    const Dataset set(std::make_shared<const Samples>(std::move(s)));
    THIMBLE_ASSIGN(const ModelFeeding fed, feeding_of(graph_, set, overrides_));
    if (!fed.stated.empty() && std::ranges::find(out_->notes, fed.stated) == out_->notes.end())
      out_->notes.push_back(fed.stated);
    Feed& feed = out_->feed;
    const auto bytes = static_cast<size_t>(tensor_.bytes());
    size_t at = feed.bytes.size();
    feed.bytes.resize(at + bytes * static_cast<size_t>(set.size()));
    SampleFeed samples(tensor_, set, fed.feeding);
    for (int64_t i = 0; i < set.size(); ++i, at += bytes) samples.put(i, std::span(feed.bytes).subspan(at, bytes));
    feed.runs += set.size();
    feed.names.insert(feed.names.end(), segment_.names.begin(), segment_.names.end());
    segment_ = {};
    return {};
  }

 private:
  Status begin(Storage storage, const std::vector<int64_t>& shape, const std::string& dtype = {},
               SoundFeatures features = SoundFeatures::none) {
    const Samples& s = segment_.samples;
    if (s.count > 0 && (s.storage != storage || s.sample_shape != shape || s.dtype != dtype || s.features != features))
      THIMBLE_TRY(flush());
    segment_.samples.features = features;
    segment_.samples.storage = storage;
    segment_.samples.dtype = dtype;
    segment_.samples.sample_shape = shape;
    return {};
  }

  Status picture(const std::string& file) {
    if (own_ && own_->features != SoundFeatures::none)
      return fail(ErrorCode::usage,
                  format("the model takes sounds ({}), '{}' is a picture", name(own_->features), file),
                  "give a .wav file, or a folder of them");
    THIMBLE_ASSIGN(const std::vector<int64_t> shape, picture_shape(tensor_));
    THIMBLE_ASSIGN(const Picture picture, read_picture(file));
    const Picture fitted = fitted_picture(picture, shape, handwriting_);
    THIMBLE_TRY(begin(Storage::bytes, shape));
    Samples& s = segment_.samples;
    s.bytes.insert(s.bytes.end(), fitted.pixels.begin(), fitted.pixels.end());
    ++s.count;
    segment_.names.push_back(file);
    return {};
  }

  Status sound(const std::string& file) {
    const SoundFeatures features = features_of(overrides_, own_);
    if (features == SoundFeatures::none)
      return fail(ErrorCode::usage, format("the model does not say how a sound ({}) becomes its inputs", file),
                  "say it with --features mfcc_tiny, lfbe_tiny or micro_speech, as the model was trained");
    THIMBLE_ASSIGN(const std::vector<int64_t> shape, sound_shape(features, sample_dims(tensor_)));
    Samples read;
    SoundReader reader(features, shape);
    THIMBLE_TRY(reader.add(file, &read));
    for (const std::string& note : reader.notes()) out_->notes.push_back(format("{}: {}", file, note));
    THIMBLE_TRY(begin(reader.storage(), shape, {}, features));
    Samples& s = segment_.samples;
    s.bytes.insert(s.bytes.end(), read.bytes.begin(), read.bytes.end());
    s.floats.insert(s.floats.end(), read.floats.begin(), read.floats.end());
    ++s.count;
    segment_.names.push_back(file);
    return {};
  }

  Status array(const std::string& file) {
    THIMBLE_ASSIGN(const NpyArray array, read_npy(file));
    // Integers of the input's own type, and numbers wider than float32, are its values; bytes are pictures.
    const bool exact = is_integer_dtype(array.dtype) || array.dtype == "f8" || array.dtype == "c8";
    if (array.dtype != "u1" && exact && array.dtype == npy_type(tensor_.type)) {
      THIMBLE_TRY(flush());
      return append_npy(file, tensor_, &out_->feed);
    }
    if (array.dtype[0] == 'c')
      return fail(
          ErrorCode::bad_file,
          format("{} holds complex numbers, the model's input {} is {}", file, tensor_.name, name(tensor_.type)),
          "give both parts as values of their own, as the model was trained");
    THIMBLE_ASSIGN(const int64_t runs, runs_in(file, array, tensor_));
    Samples s;
    s.sample_shape.assign(tensor_.shape.dims().begin(), tensor_.shape.dims().end());
    if (s.sample_shape.size() > 1 && s.sample_shape[0] == 1) s.sample_shape.erase(s.sample_shape.begin());
    s.dtype = array.dtype;
    s.count = runs;
    if (array.dtype == "u1") {
      s.bytes = array.bytes;
    } else {
      s.storage = Storage::floats;
      s.floats = array.as_floats();
    }
    std::vector<std::string> names;
    for (int64_t i = 0; i < runs; ++i) names.push_back(runs == 1 ? file : format("{}[{}]", file, i));
    return values(s, file, std::move(names));
  }

  // All of a set that is a file or folder.
  Status set(const char* kind, const std::string& path) {
    OpenOptions open;
    open.whole_as_test = open.unlabelled = true;
    open.handwriting = handwriting_;
    open.inputs = out_->columns;
    if (own_ && own_->table && open.inputs.empty()) open.table = std::make_shared<const TableLayout>(*own_->table);
    if (std::string_view(kind) == "csv") open.shape = {tensor_.shape.elements()};
    if (std::string_view(kind) == "folder") {
      open.features = features_of(overrides_, own_);
      if (open.features != SoundFeatures::none) {
        open.shape = sample_dims(tensor_);
      } else {
        THIMBLE_ASSIGN(open.shape, picture_shape(tensor_));
      }
    }
    const std::string name = format("{}:{}", kind, path);
    THIMBLE_ASSIGN(const Splits splits, open_splits(name, open));
    for (const std::string& note : splits.notes) out_->notes.push_back(format("{}: {}", path, note));
    const int64_t before = out_->feed.runs + segment_.samples.count;
    for (const Dataset* part : {&splits.train, &splits.validation, &splits.test})
      if (part->valid() && !part->empty()) THIMBLE_TRY(all_of(*part, path));
    if (out_->feed.runs + segment_.samples.count == before)
      return fail(ErrorCode::bad_file, format("{} holds no samples", path));
    return {};
  }

  Status all_of(const Dataset& part, const std::string& path) {
    Samples s;
    s.storage = part.storage();
    s.dtype = part.samples().dtype;
    s.features = part.samples().features;
    s.sample_shape = part.sample_shape();
    s.count = part.size();
    std::vector<std::string> names;
    for (int64_t i = 0; i < s.count; ++i) {
      if (s.storage == Storage::bytes)
        s.bytes.insert(s.bytes.end(), part.bytes(i), part.bytes(i) + part.sample_elements());
      else
        s.floats.insert(s.floats.end(), part.floats(i), part.floats(i) + part.sample_elements());
      names.push_back(part.samples().sample_names.empty() ? format("{}[{}]", path, part.row(i))
                                                          : join_path(path, part.sample_name(i)));
    }
    return values(s, path, std::move(names), part.samples().table != nullptr);
  }

  Status values(const Samples& read, const std::string& file, std::vector<std::string> names, bool table = false) {
    if (read.sample_elements() != tensor_.shape.elements())
      return fail(ErrorCode::usage,
                  format("the model's input {} takes {} values, a sample of {} has {}", tensor_.to_string(),
                         tensor_.shape.elements(), file, read.sample_elements()),
                  table ? "name the columns that are inputs with --inputs A,B" : "");
    THIMBLE_TRY(begin(read.storage, read.sample_shape, read.dtype, read.features));
    Samples& s = segment_.samples;
    s.bytes.insert(s.bytes.end(), read.bytes.begin(), read.bytes.end());
    s.floats.insert(s.floats.end(), read.floats.begin(), read.floats.end());
    s.count += read.count;
    segment_.names.insert(segment_.names.end(), names.begin(), names.end());
    return {};
  }

  const Graph& graph_;
  const Tensor& tensor_;
  const FeedingOverrides& overrides_;
  const std::optional<Feeding>& own_;
  const bool handwriting_;
  GatheredFeed* out_;
  Segment segment_;
};

}  // namespace

Status gather(const std::vector<std::string>& files, const Graph& graph, const FeedingOverrides& overrides,
              GatheredFeed* out) {
  THIMBLE_TRY(refuse_free_dims(graph.at(graph.inputs[0])));
  THIMBLE_ASSIGN(const std::optional<Feeding> own, own_feeding(graph));
  Gatherer gatherer(graph, overrides, own, out);
  for (const std::string& file : files) THIMBLE_TRY(gatherer.add(file));
  return gatherer.flush();
}

Status gather_all(const std::vector<std::string>& files, const Graph& graph, const FeedingOverrides& overrides,
                  const std::vector<std::string>& columns, GatheredFeeds* out) {
  std::vector<Feed>& feeds = out->feeds;
  feeds.assign(graph.inputs.size(), {});
  if (feeds.size() == 1) {  // each file is one more run, or several
    GatheredFeed gathered;
    gathered.columns = columns;
    THIMBLE_TRY(gather(files, graph, overrides, &gathered));
    out->notes = std::move(gathered.notes);
    feeds[0] = std::move(gathered.feed);
    return {};
  }
  if (files.size() > feeds.size())
    return fail(ErrorCode::usage, format("{} files for a model with {} inputs", files.size(), feeds.size()));
  for (size_t i = 0; i < files.size(); ++i) {
    if (!file_exists(files[i])) return tl::unexpected<Error>(missing_file_error(files[i]));
    if (extension_of(files[i]) != ".npy")
      return fail(ErrorCode::usage, format("the model has {} inputs, and '{}' is no .npy file", feeds.size(), files[i]),
                  "give one array for each input");
    THIMBLE_TRY(append_npy(files[i], graph.at(graph.inputs[i]), &feeds[i]));
  }
  return {};
}

std::string written_as(DType type) { return type == DType::bf16 ? "f4" : npy_type(type); }

Status append_npy(const std::string& path, const Tensor& tensor, Feed* feed) {
  THIMBLE_ASSIGN(const NpyArray array, read_npy(path));
  THIMBLE_TRY(refuse_free_dims(tensor));
  THIMBLE_ASSIGN(const int64_t runs, runs_in(path, array, tensor));
  const bool is_float = array.dtype == "f4" || array.dtype == "f8" || array.dtype == "f2";
  if (array.dtype == npy_type(tensor.type)) {
    feed->bytes.insert(feed->bytes.end(), array.bytes.begin(), array.bytes.end());
  } else if (is_float && (tensor.type == DType::f32 || tensor.type == DType::bf16 || is_quantized_type(tensor.type))) {
    const size_t before = feed->bytes.size();
    feed->bytes.resize(before + static_cast<size_t>(runs * tensor.bytes()));
    fill_input(tensor, array.as_floats(), std::span(feed->bytes).subspan(before));
  } else {
    return fail(ErrorCode::bad_file,
                format("{} holds {} values, the model's input {} is {} ({})", path, array.dtype, tensor.name,
                       name(tensor.type), written_as(tensor.type)),
                format("save it as numpy type {}", tensor.type == DType::bf16 ? "float32" : name(tensor.type)));
  }
  feed->runs += runs;
  for (int64_t i = 0; i < runs; ++i) feed->names.push_back(runs == 1 ? path : format("{}[{}]", path, i));
  return {};
}

Result<Shape> fed_shape(const std::string& path, const Tensor& tensor, bool whole) {
  if (is_picture_name(path)) {
    if (tensor.shape.rank() != 4) return tensor.shape;
    THIMBLE_ASSIGN(const Picture picture, read_picture(path));
    Shape shape = tensor.shape;
    if (tensor.free_dims >> 1 & 1) shape.set(1, picture.height);
    if (tensor.free_dims >> 2 & 1) shape.set(2, picture.width);
    return shape;
  }
  THIMBLE_ASSIGN(const NpyArray array, read_npy(path));
  const int rank = tensor.shape.rank(), given = static_cast<int>(array.shape.size());
  const int ahead = given - rank;  // dimensions of the array before those of the tensor
  if (ahead < -1 || ahead > 1 || (ahead == -1 && tensor.shape[0] != 1)) {
    if (runs_of(array.shape, tensor) >= 1) return tensor.shape;  // but for dimensions of 1
    if (tensor.free_dims >> 1 == 0) return tl::unexpected(runs_in(path, array, tensor).error());
    return fail(ErrorCode::bad_file, format("{} has the shape {}, the model's input {} has {} dimensions", path,
                                            text_of(array.shape), tensor.to_string(), rank));
  }
  Shape shape = tensor.shape;
  for (int d = 1; d < rank; ++d)
    if (tensor.free_dims >> d & 1) shape.set(d, array.shape[static_cast<size_t>(d + ahead)]);
  if (whole && tensor.batch_unknown && ahead == 0 && rank > 0) shape.set(0, array.shape[0]);
  return shape;
}

Status fill_random(uint64_t seed, uint64_t stream, const Tensor& tensor, std::span<uint8_t> memory) {
  const auto count = static_cast<uint64_t>(tensor.shape.elements());
  const auto size = static_cast<size_t>(bits(tensor.type) / 8);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t random = random_bits(seed, stream, i);
    uint8_t* at = memory.data() + i * size;
    const double u = 2.0 * (static_cast<double>(random >> 11) * 0x1p-53) - 1.0;
    if (tensor.type == DType::f32) {
      const auto value = static_cast<float>(u);
      std::memcpy(at, &value, 4);
    } else if (tensor.type == DType::f16) {
      const uint16_t value = float_to_half(static_cast<float>(u));
      std::memcpy(at, &value, 2);
    } else if (tensor.type == DType::f64) {
      std::memcpy(at, &u, 8);
    } else if (tensor.type == DType::boolean) {
      *at = random & 1;
    } else if (size > 0) {
      std::memcpy(at, &random, size);  // little endian: the low bits
    } else {
      return fail(ErrorCode::unsupported, format("random values for the input {}", tensor.to_string()));
    }
  }
  return {};
}

}  // namespace thimble::app
