#include <gtest/gtest.h>

#include "core/error.h"
#include "core/type.h"

namespace penstock {
namespace {

TEST(TypeText, EveryTypePrintsAndParsesBack) {
  std::vector<Type> types;
  for (int id = 0; id <= static_cast<int>(TypeId::network); ++id) {
    const auto type_id = static_cast<TypeId>(id);
    if (type_id == TypeId::decimal || type_id == TypeId::list) continue;
    types.push_back(Type::of(type_id));
  }
  for (const int precision : {1, 9, 10, 18, 19, 38, 39, 76}) {
    types.push_back(Type::decimal(precision, 0));
    types.push_back(Type::decimal(precision, precision));
  }
  for (int digits = 0; digits <= 9; ++digits) {
    types.push_back(Type::time(digits));
    types.push_back(Type::timestamp(digits, false));
    types.push_back(Type::timestamp(digits, true));
  }
  types.push_back(Type::geometry(4326));
  types.push_back(Type::enumeration({"a", "B c", "it's", ",", ")", "'", ""}));
  const std::vector<Type> plain = types;
  for (const Type& type : plain) types.push_back(Type::list(type));
  types.push_back(Type::list(Type::list(Type::list(Type::decimal(15, 2)))));
  for (const Type& type : types) {
    EXPECT_EQ(parse_type(to_text(type)), type) << to_text(type);
  }
}

TEST(TypeText, ParsesPeoplesSpellings) {
  EXPECT_EQ(parse_type("  Decimal( 15 , 2 ) "), Type::decimal(15, 2));
  EXPECT_EQ(parse_type("DECIMAL(9)"), Type::decimal(9, 0));
  EXPECT_EQ(parse_type("timestamp"), Type::timestamp(6, false));
  EXPECT_EQ(parse_type("time"), Type::time(6));
  EXPECT_EQ(parse_type("list< int64 >"), Type::list(Type::of(TypeId::int64)));
  EXPECT_EQ(parse_type("List<Enum('Ab')>"), Type::list(Type::enumeration({"Ab"})));
}

TEST(TypeText, RefusesWhatIsNoTypeNamingTheNearest) {
  for (const char* text : {"",
                           "int46",
                           "decimal",
                           "decimal(0,0)",
                           "decimal(77,0)",
                           "decimal(5,6)",
                           "decimal(5,-1)",
                           "decimal(5,2",
                           "decimal(5;2)",
                           "time(10)",
                           "timestamp(6,cet)",
                           "timestamp(-1)",
                           "list<>",
                           "list<int64",
                           "list<int46>",
                           "geometry(-1)",
                           "enum()",
                           "enum('a)",
                           "enum('a',)",
                           "enum(a)",
                           "int64(3)",
                           "string "
                           "x"}) {
    EXPECT_THROW(parse_type(text), Error) << text;
  }
  try {
    parse_type("strnig");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "config.type");
    EXPECT_NE(error.message().find("did you mean 'string'?"), std::string::npos) << error.message();
  }
}

TEST(TypeText, HostileNestingIsRefusedWithoutExhaustingTheStack) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "list<";
  text += "int8" + std::string(200'000, '>');
  EXPECT_THROW(parse_type(text), Error);
}

TEST(TypeLayout, DecimalsTakeTheSmallestIntegerThatHoldsThem) {
  EXPECT_EQ(fixed_width(Type::decimal(9, 0)), 4);
  EXPECT_EQ(fixed_width(Type::decimal(10, 0)), 8);
  EXPECT_EQ(fixed_width(Type::decimal(18, 0)), 8);
  EXPECT_EQ(fixed_width(Type::decimal(19, 0)), 16);
  EXPECT_EQ(fixed_width(Type::decimal(38, 0)), 16);
  EXPECT_EQ(fixed_width(Type::decimal(39, 0)), 32);
  EXPECT_EQ(fixed_width(Type::of(TypeId::string)), 0);
  EXPECT_EQ(fixed_width(Type::of(TypeId::boolean)), 0);
  EXPECT_EQ(fixed_width(Type::of(TypeId::interval)), 16);
}

TEST(TypeEquality, ComparesEveryParameter) {
  EXPECT_FALSE(Type::decimal(9, 1) == Type::decimal(9, 2));
  EXPECT_FALSE(Type::timestamp(6, true) == Type::timestamp(6, false));
  EXPECT_FALSE(Type::geometry(1) == Type::geometry(2));
  EXPECT_FALSE(Type::enumeration({"a"}) == Type::enumeration({"b"}));
  EXPECT_FALSE(Type::list(Type::of(TypeId::int8)) == Type::list(Type::of(TypeId::int16)));
  EXPECT_TRUE(Type::list(Type::of(TypeId::int8)) == Type::list(Type::of(TypeId::int8)));
}

}  // namespace
}  // namespace penstock
