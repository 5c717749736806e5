#include "micro/weight_forms.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "base/format.h"
#include "micro/emit.h"

namespace thimble::micro {
namespace {

// Values are told apart by their bits: 0 and −0 are two.
template <class T>
auto bits_of(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<uint32_t>(value);
  else
    return value;
}

template <class T>
class Chooser {
 public:
  Chooser(std::span<const T> w, int64_t rows, int64_t columns, int64_t group, int64_t piece)
      : w_(w), rows_(rows), columns_(columns), group_(group), piece_(piece) {}

  // Most values of a palette: its codes are shorter than the values.
  static constexpr size_t kMost = std::is_same_v<T, float> ? 256 : 128;

  WeightForm<T> sparse() const {
    WeightForm<T> form{.kind = Weights::sparse};
    pieces([&](int64_t row, int64_t first, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        if (i % 8 == 0) form.codes.push_back(0);
        const T value = at(row, first + i);
        if (bits_of(value) == bits_of(T{0})) continue;
        form.codes.back() = static_cast<uint8_t>(form.codes.back() | 1u << (i % 8));
        form.values.push_back(value);
      }
    });
    return form;
  }

  // One table for all rows, or one for each.
  std::optional<WeightForm<T>> palette(bool by_row) const {
    std::vector<std::vector<T>> tables;
    size_t most = 0;
    for (int64_t row = 0; row < rows_; ++row) {
      if (row == 0 || by_row) tables.emplace_back();
      auto& table = tables.back();
      for (int64_t i = 0; i < columns_; ++i) table.push_back(at(row, i));
      const auto less = [](T a, T b) { return bits_of(a) < bits_of(b); };
      const auto same = [](T a, T b) { return bits_of(a) == bits_of(b); };
      std::ranges::sort(table, less);
      table.erase(std::unique(table.begin(), table.end(), same), table.end());
      most = std::max(most, table.size());
      if (most > kMost) return std::nullopt;
    }
    WeightForm<T> form{.kind = Weights::palette};
    form.bits = std::max(1, static_cast<int>(std::bit_width(most - 1)));
    form.table = by_row ? static_cast<int64_t>(most) : 0;
    for (auto& table : tables) {
      const size_t values = table.size();
      form.values.insert(form.values.end(), table.begin(), table.end());
      if (by_row) form.values.resize(form.values.size() + most - values, table.back());
    }
    pack(form, [&](int64_t row, T value) {
      const auto& table = tables[by_row ? static_cast<size_t>(row) : 0];
      const auto found = std::ranges::find(table, bits_of(value), [](T v) { return bits_of(v); });
      return static_cast<unsigned>(found - table.begin());
    });
    return form;
  }

  std::optional<WeightForm<T>> int4() const {
    if constexpr (std::is_same_v<T, int8_t>) {
      const auto [least, most] = std::ranges::minmax(w_);
      if (least < -8 || most > 7) return std::nullopt;
      WeightForm<T> form{.kind = Weights::int4, .bits = least < -2 || most > 1 ? 4 : 2};
      pack(form, [&](int64_t, T value) { return static_cast<unsigned>(value) & ((1u << form.bits) - 1); });
      return form;
    } else {
      return std::nullopt;
    }
  }

 private:
  T at(int64_t row, int64_t column) const { return w_[static_cast<size_t>(row * columns_ + column)]; }

  // each(row, first column, columns), in the order in which layers read.
  template <class F>
  void pieces(F each) const {
    for (int64_t row = 0; row < rows_; row += group_)
      for (int64_t first = 0; first < columns_; first += piece_)
        for (int64_t r = row; r < std::min(row + group_, rows_); ++r)
          each(r, first, std::min(piece_, columns_ - first));
  }

  template <class F>
  void pack(WeightForm<T>& form, F code) const {
    pieces([&](int64_t row, int64_t first, int64_t count) {
      unsigned buffer = 0;
      int have = 0;
      for (int64_t i = 0; i < count; ++i) {
        buffer |= code(row, at(row, first + i)) << have;
        for (have += form.bits; have >= 8; have -= 8, buffer >>= 8) form.codes.push_back(static_cast<uint8_t>(buffer));
      }
      if (have > 0) form.codes.push_back(static_cast<uint8_t>(buffer));
    });
  }

  std::span<const T> w_;
  int64_t rows_, columns_, group_, piece_;
};

// Why a form that was asked for by name is none.
template <class T>
std::string refusal(std::span<const T> w, Weights asked) {
  std::set<decltype(bits_of(T{}))> values;
  for (const T v : w) values.insert(bits_of(v));
  if (asked == Weights::palette && values.size() > Chooser<T>::kMost)
    return format("{} different values", values.size());
  if (asked != Weights::int4) return {};
  if constexpr (std::is_same_v<T, float>) {
    return "floats";
  } else {
    const auto [least, most] = std::ranges::minmax(w);
    return least < -8 || most > 7 ? format("values beyond 4 bits ({} to {})", int{least}, int{most}) : std::string();
  }
}

}  // namespace

const char* name(Weights weights) {
  switch (weights) {
    case Weights::plain: return "plain";
    case Weights::palette: return "palette";
    case Weights::sparse: return "sparse";
    case Weights::int4: return "int4";
    case Weights::smallest: return "auto";
  }
  return "";
}

template <class T>
FormChoice<T> choose_form(std::span<const T> w, int64_t rows, int64_t columns, int64_t group, int64_t piece,
                          Weights asked, int64_t least_saved) {
  FormChoice<T> choice;
  if (asked == Weights::plain || w.empty()) return choice;
  const Chooser<T> chooser(w, rows, columns, group, piece);
  const auto plain = static_cast<int64_t>(w.size_bytes());
  int64_t least = plain - least_saved + 1, seen = -1;
  const auto offer = [&](std::optional<WeightForm<T>> form) {
    if (!form) return;
    if (seen < 0 || form->bytes() < seen) seen = form->bytes();
    if (form->bytes() >= least) return;
    least = form->bytes();
    choice.form = std::move(form);
  };
  const auto wanted = [&](Weights kind) { return asked == kind || asked == Weights::smallest; };
  if (wanted(Weights::int4)) offer(chooser.int4());
  if (wanted(Weights::palette)) {
    offer(chooser.palette(false));
    offer(chooser.palette(true));
  }
  if (wanted(Weights::sparse)) offer(chooser.sparse());
  if (choice.form) return choice;
  choice.why = refusal(w, asked);
  if (choice.why.empty()) choice.why = seen < 0 ? "no form holds them" : format("{} bytes in place of {}", seen, plain);
  return choice;
}

template <class T>
std::optional<WrittenForm> write_form(EmitContext& ctx, std::span<const T> w, int64_t rows, int64_t columns,
                                      int64_t group, int64_t piece, int64_t least_saved) {
  if (ctx.weights() == Weights::plain) return std::nullopt;
  FormChoice<T> choice = choose_form(w, rows, columns, group, piece, ctx.weights(), least_saved);
  if (!choice.form) {
    ctx.plain_because(choice.why);
    return std::nullopt;
  }
  const WeightForm<T>& form = *choice.form;
  const bool integers = std::is_same_v<T, int8_t>;
  const std::string values = form.kind == Weights::int4 ? format("thimble_values_{}", form.bits)
                             : form.values.empty()      ? std::string("NULL")
                                                        : ctx.numbers("values", std::span<const T>(form.values));
  const std::string codes = ctx.numbers("codes", std::span<const uint8_t>(form.codes));
  const std::string word = ctx.declare("form", integers ? "thimble_form_s8" : "thimble_form_f32",
                                       format("{{{}, {}, {}, {}}}", codes, values, form.table, form.bits));
  ctx.stored({.tensor = ctx.node.inputs[1],
              .form = name(form.kind),
              .bits = form.bits,
              .plain_bytes = static_cast<int64_t>(w.size_bytes()),
              .bytes = form.bytes(),
              .why = {}});
  return WrittenForm{"&" + word, form.kind == Weights::sparse ? "sparse" : "palette"};
}

template FormChoice<int8_t> choose_form(std::span<const int8_t>, int64_t, int64_t, int64_t, int64_t, Weights, int64_t);
template FormChoice<float> choose_form(std::span<const float>, int64_t, int64_t, int64_t, int64_t, Weights, int64_t);
template std::optional<WrittenForm> write_form(EmitContext&, std::span<const int8_t>, int64_t, int64_t, int64_t,
                                               int64_t, int64_t);
template std::optional<WrittenForm> write_form(EmitContext&, std::span<const float>, int64_t, int64_t, int64_t, int64_t,
                                               int64_t);

}  // namespace thimble::micro
