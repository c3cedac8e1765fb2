#include "adapters/systems/mysql/types.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace penstock::mysql {
namespace {

std::string mapped(const NativeColumn& column, bool tinyint1_boolean = false) {
  const Mapping mapping = map_type(column, tinyint1_boolean);
  std::string out = to_text(mapping.type) + " " + mapping.fetch.to_text();
  for (const LossNote& note : mapping.losses) out += "!" + note.code;
  return out;
}

TEST(MysqlTypes, TheDeclarationDecides) {
  EXPECT_EQ(mapped({.data_type = "int", .full_type = "int(11)"}), "int32 int32");
  EXPECT_EQ(mapped({.data_type = "int", .full_type = "int(10) unsigned"}), "uint32 uint32");
  EXPECT_EQ(mapped({.data_type = "int", .full_type = "int(5) zerofill"}), "uint32 uint32");
  EXPECT_EQ(
      mapped({.data_type = "decimal", .full_type = "decimal(65,30)", .precision = 65, .scale = 30}),
      "decimal(65,30) decimal");
  EXPECT_EQ(mapped({.data_type = "bit", .full_type = "bit(1)", .precision = 1}), "bool bit");
  EXPECT_EQ(mapped({.data_type = "bit", .full_type = "bit(9)", .precision = 9}), "uint64 bit");
  EXPECT_EQ(mapped({.data_type = "timestamp", .full_type = "timestamp(3)", .second_digits = 3}),
            "timestamp(3,utc) datetime");
  EXPECT_EQ(mapped({.data_type = "point", .full_type = "point", .srid = 4326}),
            "geometry(4326) geometry");
}

TEST(MysqlTypes, Pitfall6_TinyintOneIsANumberUnlessAsked) {
  const NativeColumn column{.data_type = "tinyint", .full_type = "tinyint(1)"};
  EXPECT_EQ(mapped(column), "int8 int8");
  EXPECT_EQ(mapped(column, true), "bool int8");
  EXPECT_EQ(mapped({.data_type = "tinyint", .full_type = "tinyint(4)"}, true), "int8 int8");
}

TEST(MysqlTypes, WhatNobodyKnowsIsReadAsText) {
  EXPECT_EQ(mapped({.data_type = "hologram", .full_type = "hologram(3)"}),
            "string text|CAST({} AS CHAR)!as_text");
}

TEST(MysqlTypes, LabelsOfEveryKind) {
  EXPECT_EQ(parse_labels("enum('a','b''c','d,e','(f)')"),
            (std::vector<std::string>{"a", "b'c", "d,e", "(f)"}));
  EXPECT_EQ(parse_labels("set('')"), (std::vector<std::string>{""}));
  EXPECT_TRUE(parse_labels("enum(").empty());
  EXPECT_TRUE(parse_labels("int").empty());
}

TEST(MysqlTypes, FetchesSurviveTheirText) {
  const Fetch fetch{.wire = Wire::text, .check_utf8 = true, .expression = "CAST({} AS BINARY)"};
  const Fetch back = Fetch::parse(fetch.to_text());
  EXPECT_EQ(back.to_text(), fetch.to_text());
  EXPECT_EQ(back.select("a`b"), "CAST(`a``b` AS BINARY)");
  EXPECT_EQ(Fetch::parse("int8").select("c"), "`c`");
}

TEST(MysqlTypes, CharacterSetsAreNamesOnly) {
  EXPECT_EQ(fetch_as_charset("utf8mb4").to_text(), "text?|CAST({} AS BINARY)");
  EXPECT_EQ(fetch_as_charset("CP1251").to_text(), "text|CONVERT(CAST({} AS BINARY) USING cp1251)");
  EXPECT_THROW(fetch_as_charset("x) FROM mysql.user -- "), Error);
  EXPECT_THROW(fetch_as_charset(""), Error);
}

TEST(MysqlTypes, OverridesThatCouldChangeValuesAreRefused) {
  const auto how = [](const std::string& own, const std::string& fetch, const std::string& as) {
    Field field{.name = "c", .native_type = "x", .type = parse_type(own)};
    field.fetch = fetch;
    const ReadAs read = read_as(field, parse_type(as));
    return read.fetch ? read.fetch->to_text() : "refused";
  };
  EXPECT_EQ(how("int32", "int32", "int64"), "int32");
  EXPECT_EQ(how("uint32", "uint32", "int64"), "uint32");
  EXPECT_EQ(how("uint64", "uint64", "int64"), "refused");
  EXPECT_EQ(how("int32", "int32", "uint64"), "refused");
  EXPECT_EQ(how("int32", "int32", "decimal(9,0)"), "refused");
  EXPECT_EQ(how("int32", "int32", "decimal(12,2)"), "int32");
  EXPECT_EQ(how("int8", "int8", "bool"), "int8");
  EXPECT_EQ(how("int16", "int16", "bool"), "refused");
  EXPECT_EQ(how("timestamp(6)", "datetime", "timestamp(3)"), "refused");
  EXPECT_EQ(how("timestamp(0)", "datetime", "timestamp(6,utc)"), "datetime");
  EXPECT_EQ(how("timestamp(0,utc)", "datetime", "timestamp(6)"), "refused");
  EXPECT_EQ(how("binary", "text", "uuid"), "uuid_bytes");
  EXPECT_EQ(how("string", "text", "uuid"), "uuid");
  EXPECT_EQ(how("decimal(10,2)", "decimal", "float64"), "refused");
  EXPECT_EQ(how("date", "date", "string"), "text|CAST({} AS CHAR)");
  EXPECT_EQ(how("float32", "float32", "string"), "refused");
}

}  // namespace
}  // namespace penstock::mysql
