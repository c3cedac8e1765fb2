#include "core/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "core/error.h"

namespace penstock {
namespace {

TEST(Buffer, KeepsItsBytesWhileGrowingAndStaysAligned) {
  Buffer buffer;
  std::string model;
  std::minstd_rand random(1);
  for (int i = 0; i < 2'000; ++i) {
    const std::string part(random() % 50, static_cast<char>(random()));
    buffer.append(part.data(), part.size());
    model += part;
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
  }
  EXPECT_EQ(std::string(buffer.as<char>(), buffer.size()), model);
  Buffer moved = std::move(buffer);
  EXPECT_EQ(moved.size(), model.size());
  moved.clear();
  EXPECT_EQ(moved.size(), 0u);
  moved.append_zeros(3);
  moved.push(std::uint8_t{7});
  EXPECT_EQ(std::string(moved.as<char>(), moved.size()), std::string("\0\0\0\x07", 4));
}

// A list column with every kind of builder call, against plain C++ values.
using Item = std::optional<std::string>;
using Row = std::optional<std::vector<Item>>;

TEST(ColumnBuilder, AgreesWithAModelOfRandomValues) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::minstd_rand random(seed);
    // Some runs without any missing value: no validity bitmap then.
    const unsigned missing = seed % 3 == 0 ? 0 : 4;
    const auto gone = [&] { return missing != 0 && random() % missing == 0; };
    Column bits(Type::of(TypeId::boolean)), fixed(Type::of(TypeId::int64));
    Column lists(Type::list(Type::of(TypeId::string)));
    std::vector<std::optional<bool>> bit_model;
    std::vector<std::optional<std::int64_t>> fixed_model;
    std::vector<Row> list_model;
    for (int row = 0; row < 500; ++row) {
      bit_model.push_back(gone() ? std::nullopt : std::optional(random() % 2 == 0));
      fixed_model.push_back(gone() ? std::nullopt
                                   : std::optional(static_cast<std::int64_t>(random())));
      Row& list = list_model.emplace_back();
      if (!gone()) {
        list.emplace();
        for (unsigned i = random() % 4; i > 0; --i) {
          list->push_back(gone() ? Item() : Item(std::string(random() % 5, 'x')));
        }
      }
      ColumnBuilder bit_builder(&bits), fixed_builder(&fixed), list_builder(&lists);
      bit_model.back() ? bit_builder.append_bit(*bit_model.back()) : bit_builder.append_null();
      fixed_model.back() ? fixed_builder.append_fixed(*fixed_model.back())
                         : fixed_builder.append_null();
      if (!list) {
        list_builder.append_null();
        continue;
      }
      for (const Item& item : *list) {
        item ? list_builder.child().append_bytes(*item) : list_builder.child().append_null();
      }
      list_builder.end_list();
    }
    for (std::size_t i = 0; i < 500; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      ASSERT_EQ(bits.valid(row), bit_model[i].has_value());
      ASSERT_EQ(bits.bit(row), bit_model[i].value_or(false));
      ASSERT_EQ(fixed.valid(row), fixed_model[i].has_value());
      ASSERT_EQ(fixed.value<std::int64_t>(row), fixed_model[i].value_or(0));
      ASSERT_EQ(lists.valid(row), list_model[i].has_value());
      const auto* ends = lists.offsets.as<std::int32_t>() + i;
      const std::vector<Item> model = list_model[i].value_or(std::vector<Item>());
      ASSERT_EQ(static_cast<std::size_t>(ends[1] - ends[0]), model.size());
      for (std::size_t j = 0; j < model.size(); ++j) {
        const std::int64_t at = ends[0] + static_cast<std::int64_t>(j);
        ASSERT_EQ(lists.child->valid(at), model[j].has_value());
        ASSERT_EQ(lists.child->bytes(at), model[j].value_or(""));
      }
    }
    EXPECT_EQ(fixed.null_count,
              std::ranges::count_if(fixed_model, [](const auto& value) { return !value; }));
    if (missing == 0) {
      EXPECT_EQ(fixed.validity.size(), 0u);
    }
  }
}

TEST(ColumnBuilder, TheFirstMissingValueMayComeAtAnyBit) {
  for (int before = 0; before <= 17; ++before) {
    Column column(Type::of(TypeId::int8));
    ColumnBuilder builder(&column);
    for (int i = 0; i < before; ++i) builder.append_fixed(std::int8_t{1});
    builder.append_null();
    builder.append_fixed(std::int8_t{2});
    for (int i = 0; i < before; ++i) EXPECT_TRUE(column.valid(i));
    EXPECT_FALSE(column.valid(before));
    EXPECT_TRUE(column.valid(before + 1));
    EXPECT_EQ(column.value<std::int8_t>(before), 0);
    EXPECT_EQ(column.null_count, 1);
  }
}

TEST(Batch, CountsTheBytesOfItsColumnsAndTheirChildren) {
  const std::vector<Type> types = {Type::of(TypeId::int64), Type::list(Type::of(TypeId::string))};
  Batch batch(types);
  ColumnBuilder number(&batch.columns[0]), list(&batch.columns[1]);
  number.append_fixed(std::int64_t{1});
  list.child().append_bytes("abc");
  list.end_list();
  EXPECT_EQ(batch.memory_bytes(), 8u + 8u + 8u + 3u);
}

}  // namespace
}  // namespace penstock
