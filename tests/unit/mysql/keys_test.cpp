#include <gtest/gtest.h>

#include "adapters/systems/mysql/catalog.h"
#include "adapters/systems/mysql/key_ranges.h"

namespace penstock::mysql {
namespace {

std::string mid(const KeyColumn& column, const std::string& low, const std::string& high,
                int share = kShares / 2) {
  return middle(column, low, high, share).value_or("none");
}

const KeyColumn kNumber{.name = "n", .collation = "", .kind = KeyKind::number};
const KeyColumn kMoment{.name = "d", .collation = "", .kind = KeyKind::moment};
const KeyColumn kBytes{.name = "b", .collation = "", .kind = KeyKind::bytes};
const KeyColumn kUnicode{.name = "t", .collation = "utf8mb4_general_ci", .kind = KeyKind::text};
const KeyColumn kUuid{.name = "u", .collation = "", .kind = KeyKind::other};

TEST(MysqlMiddles, OfNumbers) {
  EXPECT_EQ(mid(kNumber, "0", "100"), "50");
  EXPECT_EQ(mid(kNumber, "-100", "100"), "0");
  EXPECT_EQ(mid(kNumber, "1", "2"), "2") << "rounded up: the range of one value ends there";
  EXPECT_EQ(mid(kNumber, "0", "18446744073709551615"), "9223372036854775808");
  EXPECT_EQ(mid(kNumber, "-9223372036854775808", "9223372036854775807"), "0");
  EXPECT_EQ(mid(kNumber, "0.00", "1.00"), "0.50");
  EXPECT_EQ(mid(kNumber, "-0.02", "0.01"), "0.00");
  EXPECT_EQ(mid(kNumber, "0", "64", 16), "16");
  EXPECT_EQ(mid(kNumber, "x", "64"), "none");
  EXPECT_EQ(mid(kNumber, std::string(40, '9'), std::string(41, '9')), "none");
}

TEST(MysqlMiddles, OfMoments) {
  EXPECT_EQ(mid(kMoment, "2024-01-01", "2024-01-03"), "'2024-01-02'");
  EXPECT_EQ(mid(kMoment, "2024-01-01 00:00:00", "2024-01-02 00:00:00"), "'2024-01-01 12:00:00'");
  EXPECT_EQ(mid(kMoment, "0000-00-00", "2024-01-01"), "none");
}

TEST(MysqlMiddles, OfBytesTextAndUuids) {
  EXPECT_EQ(mid(kBytes, std::string(1, '\x10'), std::string(1, '\x20')), "X'18'");
  const std::string letters = mid(kUnicode, "aa", "az");
  EXPECT_NE(letters, "none");
  EXPECT_NE(
      mid(kUuid, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")
          .find("'8"),
      std::string::npos);
  EXPECT_TRUE(wants_raw_text({.name = "t", .collation = "latin1_bin", .kind = KeyKind::text}));
  EXPECT_FALSE(wants_raw_text(kUnicode));
}

TEST(MysqlKeys, ConditionsOfSeveralColumns) {
  EXPECT_EQ(at_or_above({"a"}, {"1"}), "`a` >= 1");
  EXPECT_EQ(below({"a"}, {"1"}), "`a` < 1");
  EXPECT_EQ(at_or_above({"a", "b"}, {"1", "2"}), "(`a` > 1 OR (`a` = 1 AND `b` >= 2))");
  EXPECT_EQ(below({"a", "b", "c"}, {"1", "2", "3"}),
            "(`a` < 1 OR (`a` = 1 AND (`b` < 2 OR (`b` = 2 AND `c` < 3))))");
}

Field field(const std::string& name, const std::string& type, const std::string& fetch,
            bool nullable = false) {
  Field out{.name = name, .native_type = "x", .type = parse_type(type), .nullable = nullable};
  out.fetch = fetch;
  if (out.type.id == TypeId::string) out.collation = "utf8mb4_general_ci";
  return out;
}

std::string chosen(const TableSchema& table, const std::string& split_by = "") {
  const auto key = choose_key(table, split_by);
  if (!key) return "none";
  std::string out = key->index + ":";
  for (const std::string& name : key->names()) out += " " + name;
  return out + (key->nullable ? " nullable" : "");
}

TEST(MysqlKeys, Pitfall29_TheKeyThatOrdersTheRowsIsTaken) {
  TableSchema table;
  table.payload = TablePayload{}.to_json();
  table.fields = {field("a", "int32", "int32"), field("b", "string", "text"),
                  field("f", "float64", "float64"), field("n", "int32", "int32", true),
                  field("e", "enum('x','y')", "text")};
  EXPECT_EQ(chosen(table), "none");
  table.unique_keys = {{.name = "un", .columns = {"n"}}, {.name = "ub", .columns = {"b"}}};
  EXPECT_EQ(chosen(table), "ub: b") << "the first unique key without NULLs";
  table.primary_key = {.name = "PRIMARY", .columns = {"a", "f", "b"}};
  EXPECT_EQ(chosen(table), "PRIMARY: a") << "as far as literals are exact";
  table.primary_key = {.name = "PRIMARY", .columns = {"f"}};
  EXPECT_EQ(chosen(table), "none");
  table.primary_key = {.name = "PRIMARY", .columns = {"e"}};
  EXPECT_EQ(chosen(table), "none") << "enums are ordered by number, compared as text";
}

TEST(MysqlKeys, AUsersChoiceNeedsAnIndexItLeads) {
  TableSchema table;
  table.payload = TablePayload{}.to_json();
  table.fields = {field("a", "int32", "int32"), field("n", "int32", "int32", true)};
  table.indexes = {{.name = "i", .parts = {{.column = "n"}, {.column = "a"}}, .method = "btree"}};
  EXPECT_EQ(chosen(table, "n"), "i: n nullable");
  EXPECT_EQ(chosen(table, "a"), "none");
  EXPECT_EQ(chosen(table, "missing"), "none");
  table.indexes[0].method = "fulltext";
  EXPECT_EQ(chosen(table, "n"), "none");
}

}  // namespace
}  // namespace penstock::mysql
