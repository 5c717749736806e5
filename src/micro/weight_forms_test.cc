#include "micro/weight_forms.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"
#include "micro/kernels/weight_forms.h"

namespace thimble::micro {
namespace {

thimble_form_s8 c_form(const WeightForm<int8_t>& form) {
  const int8_t* values = form.values.data();
  if (form.kind == Weights::int4) values = form.bits == 4 ? thimble_values_4 : thimble_values_2;
  return {form.codes.data(), values, static_cast<thimble_dim>(form.table), form.bits};
}
thimble_form_f32 c_form(const WeightForm<float>& form) {
  return {form.codes.data(), form.values.data(), static_cast<thimble_dim>(form.table), form.bits};
}
void unpack(thimble_form_s8* form, int64_t row, int64_t n, int8_t* to) { thimble_unpack_s8(form, row, n, 1, to); }
void unpack(thimble_form_f32* form, int64_t row, int64_t n, float* to) { thimble_unpack_f32(form, row, n, 1, to); }

// What C makes of the form, piece by piece as layers read.
template <class T>
std::vector<T> read_back(const WeightForm<T>& form, int64_t rows, int64_t columns, int64_t group, int64_t piece) {
  std::vector<T> w(static_cast<size_t>(rows * columns));
  auto reader = c_form(form);
  for (int64_t row = 0; row < rows; row += group)
    for (int64_t first = 0; first < columns; first += piece)
      for (int64_t r = row; r < std::min(row + group, rows); ++r)
        unpack(&reader, r, std::min(piece, columns - first), w.data() + r * columns + first);
  return w;
}

template <class T, class F>
std::vector<T> make(int64_t count, F value) {
  std::vector<T> w;
  for (int64_t i = 0; i < count; ++i) w.push_back(value(i));
  return w;
}

template <class T>
void expect_exact(const std::vector<T>& w, int64_t rows, int64_t columns, Weights asked, Weights kind, int bits) {
  for (const auto& [group, piece] : {std::pair<int64_t, int64_t>{1, columns}, {4, 16}, {1, 16}}) {
    const auto choice = choose_form<T>(w, rows, columns, group, piece, asked);
    ASSERT_TRUE(choice.form) << choice.why;
    EXPECT_EQ(choice.form->kind, kind);
    EXPECT_EQ(choice.form->bits, bits);
    EXPECT_LT(choice.form->bytes(), static_cast<int64_t>(w.size() * sizeof(T)));
    EXPECT_EQ(read_back(*choice.form, rows, columns, group, piece), w) << group << " " << piece;
  }
}

constexpr int64_t kRows = 13, kColumns = 39;
constexpr int64_t kCount = kRows * kColumns;

TEST(WeightForms, PalettesOfOneToSevenBits) {
  for (int bits = 1; bits <= 6; ++bits) {
    const auto w =
        make<int8_t>(kCount, [&](int64_t i) { return static_cast<int8_t>((i * 37 % (int64_t{1} << bits)) * 2 - 64); });
    expect_exact(w, kRows, kColumns, Weights::palette, Weights::palette, bits);
  }
}

TEST(WeightForms, ATableForEachRowWhereRowsHaveFewValues) {
  // Two values in each row, many in all.
  const auto w = make<int8_t>(40 * 64, [](int64_t i) { return static_cast<int8_t>(i / 64 + (i % 3 == 0 ? 50 : 0)); });
  const auto choice = choose_form<int8_t>(w, 40, 64, 1, 64, Weights::palette);
  ASSERT_TRUE(choice.form);
  EXPECT_EQ(choice.form->bits, 1);
  EXPECT_EQ(choice.form->table, 2);
  EXPECT_EQ(read_back(*choice.form, 40, 64, 1, 64), w);
}

TEST(WeightForms, IntegersOfFourAndTwoBits) {
  const auto four = make<int8_t>(kCount, [](int64_t i) { return static_cast<int8_t>(i * 7 % 16 - 8); });
  expect_exact(four, kRows, kColumns, Weights::int4, Weights::int4, 4);
  const auto two = make<int8_t>(kCount, [](int64_t i) { return static_cast<int8_t>(i * 7 % 4 - 2); });
  expect_exact(two, kRows, kColumns, Weights::int4, Weights::int4, 2);
}

TEST(WeightForms, ZerosAreLeftOut) {
  Random random(3);
  const auto w =
      make<int8_t>(kCount, [&](int64_t) { return static_cast<int8_t>(random.below(5) ? 0 : random.below(256)); });
  expect_exact(w, kRows, kColumns, Weights::sparse, Weights::sparse, 0);
  const std::vector<int8_t> none(kCount);
  expect_exact(none, kRows, kColumns, Weights::sparse, Weights::sparse, 0);
}

TEST(WeightForms, FloatsKeepTheirBits) {
  const auto few = make<float>(kCount, [](int64_t i) { return i % 5 == 0 ? -0.0f : static_cast<float>(i % 5) / 7; });
  const auto choice = choose_form<float>(few, kRows, kColumns, 1, kColumns, Weights::smallest);
  ASSERT_TRUE(choice.form);
  EXPECT_EQ(choice.form->bits, 3);
  const auto back = read_back(*choice.form, kRows, kColumns, 1, kColumns);
  for (size_t i = 0; i < few.size(); ++i) ASSERT_EQ(std::signbit(back[i]), std::signbit(few[i])) << i;
  EXPECT_EQ(back, few);
  // 200 values: a byte each.
  const auto many = make<float>(4000, [](int64_t i) { return static_cast<float>(i % 200); });
  expect_exact(many, 100, 40, Weights::smallest, Weights::palette, 8);
  // Zeros are left out, negative ones are not.
  const auto sparse = make<float>(kCount, [](int64_t i) { return i % 9 ? 0.0f : static_cast<float>(-i); });
  const auto left = choose_form<float>(sparse, kRows, kColumns, 1, 16, Weights::sparse);
  ASSERT_TRUE(left.form);
  EXPECT_TRUE(std::signbit(left.form->values[0]));  // −0, the first
  EXPECT_EQ(read_back(*left.form, kRows, kColumns, 1, 16), sparse);
}

TEST(WeightForms, SmallestIsTheSmallestOfAll) {
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    const uint64_t values = 1 + random.below(40), zeros = random.below(10);
    const auto rows = static_cast<int64_t>(1 + random.below(20)), columns = static_cast<int64_t>(1 + random.below(50));
    const auto w = make<int8_t>(rows * columns, [&](int64_t) {
      return static_cast<int8_t>(random.below(10) < zeros ? 0 : random.below(values) * 3 - 60);
    });
    const auto best = choose_form<int8_t>(w, rows, columns, 4, 16, Weights::smallest);
    int64_t least = rows * columns;
    for (const Weights kind : {Weights::palette, Weights::sparse, Weights::int4})
      if (const auto one = choose_form<int8_t>(w, rows, columns, 4, 16, kind); one.form)
        least = std::min(least, one.form->bytes());
    EXPECT_EQ(best.form ? best.form->bytes() : rows * columns, least);
    if (best.form) {
      EXPECT_EQ(read_back(*best.form, rows, columns, 4, 16), w);
    }
  }
}

TEST(WeightForms, SaysWhyThereIsNone) {
  const auto all = make<int8_t>(2560, [](int64_t i) { return static_cast<int8_t>(i * 31); });
  EXPECT_EQ(choose_form<int8_t>(all, 10, 256, 1, 256, Weights::palette).why, "256 different values");
  EXPECT_EQ(choose_form<int8_t>(all, 10, 256, 1, 256, Weights::int4).why, "values beyond 4 bits (-128 to 127)");
  EXPECT_EQ(choose_form<int8_t>(all, 10, 256, 1, 256, Weights::sparse).why, "2870 bytes in place of 2560");
  const auto few = make<int8_t>(20, [](int64_t) { return int8_t{1}; });
  EXPECT_FALSE(choose_form<int8_t>(few, 2, 10, 1, 10, Weights::smallest).form);
}

}  // namespace
}  // namespace thimble::micro
