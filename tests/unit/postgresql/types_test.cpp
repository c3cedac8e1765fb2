#include "adapters/systems/postgresql/types.h"

#include <gtest/gtest.h>

#include <string>

#include "contract/type_map.h"
#include "core/type.h"
#include "type_catalog.h"

namespace penstock::postgresql {
namespace {

using testing_catalog::catalog;
using testing_catalog::numeric_modifier;

std::string mapped(Oid oid, std::int32_t modifier = -1, int dimensions = 0) {
  Mapping mapping = map_type(catalog(), oid, modifier, dimensions);
  mapping.fetch.passage = Passage::none;  // has tests of its own
  return to_text(mapping.type) + " " + mapping.fetch.to_text();
}

TEST(PostgresqlTypes, MapsBuiltInTypes) {
  EXPECT_EQ(mapped(16), "bool boolean");
  EXPECT_EQ(mapped(1184), "timestamp(6,utc) timestamp");
  EXPECT_EQ(mapped(790), "decimal(19,2) numeric|pg_catalog.numeric");
  EXPECT_EQ(mapped(22), "list<int16> int16+");
  EXPECT_EQ(mapped(3904), "string text|pg_catalog.text");
}

TEST(PostgresqlTypes, Pitfall2_NumericKeepsTheDeclaredDigits) {
  EXPECT_EQ(mapped(1700), "numeric numeric");
  EXPECT_EQ(mapped(1700, numeric_modifier(15, 2)), "decimal(15,2) numeric");
  EXPECT_EQ(mapped(1700, numeric_modifier(3, -2)), "decimal(5,0) numeric");
  EXPECT_EQ(mapped(1700, numeric_modifier(2, 5)), "decimal(5,5) numeric");
  EXPECT_EQ(mapped(1700, numeric_modifier(76, 38)), "decimal(76,38) numeric");
  EXPECT_EQ(mapped(1700, numeric_modifier(77, 0)), "numeric numeric");
  EXPECT_EQ(mapped(1700, numeric_modifier(1000, 1000)), "numeric numeric");
}

TEST(PostgresqlTypes, Pitfall39_ArraysDomainsEnumsAndCompositesAreMapped) {
  EXPECT_EQ(mapped(1007), "list<int32> int32");
  EXPECT_EQ(mapped(1007, -1, 2), "list<list<int32>> int32");
  EXPECT_EQ(mapped(1231, numeric_modifier(6, 1)), "list<decimal(6,1)> numeric");
  EXPECT_EQ(mapped(3905), "list<string> text|pg_catalog.text[]");
  EXPECT_EQ(mapped(20000), "enum('sad','ok') text");
  EXPECT_EQ(map_type(catalog(), 20000, -1, 0).type.labels, (std::vector<std::string>{"sad", "ok"}));
  EXPECT_EQ(mapped(20008), "list<enum('sad','ok')> text");
  EXPECT_EQ(mapped(20002), "decimal(10,2) numeric");
  EXPECT_EQ(mapped(20003), "string text|pg_catalog.text");
}

TEST(PostgresqlTypes, UnknownTypesAreTextWithANote) {
  for (const Oid oid : {Oid{20004}, Oid{20006}, Oid{20007}, Oid{99999}}) {
    const Mapping mapping = map_type(catalog(), oid, -1, 0);
    EXPECT_EQ(mapping.type.id, TypeId::string);
    EXPECT_EQ(mapping.fetch.cast, "pg_catalog.text");
    ASSERT_EQ(mapping.losses.size(), 1U);
    EXPECT_EQ(mapping.losses[0].code, "as_text");
  }
}

TEST(PostgresqlTypes, GeometryTakesItsSridFromTheModifier) {
  EXPECT_EQ(mapped(20005), "geometry geometry");
  EXPECT_EQ(mapped(20005, 4326 << 8 | 1 << 2), "geometry(4326) geometry");
}

TEST(PostgresqlTypes, EveryRowOfTheTableIsUsable) {
  int rows = 0;
  for (const TypeRow& row : parse_type_table(type_table_text())) {
    ++rows;
    EXPECT_NO_THROW(parse_wire(row.at("wire"))) << row.at("native");
    if (row.at("logical") != "decimal(p,s)") {
      EXPECT_EQ(to_text(parse_type(row.at("logical"))), row.at("logical"));
    }
    EXPECT_EQ(row.at("fetch"), row.at("cast") == "text" ? "text" : "binary") << row.at("native");
  }
  EXPECT_GT(rows, 70);
}

Field field(const std::string& type, const std::string& fetch) {
  return {.name = "c", .native_type = type, .type = parse_type(type), .fetch = fetch};
}

std::string read(const Field& from, const std::string& type) {
  const ReadAs out = read_as(from, parse_type(type));
  return out.fetch ? out.fetch->to_text() : "refused";
}

TEST(PostgresqlTypes, OverridesThatKeepEveryValueAreAllowed) {
  EXPECT_EQ(read(field("numeric", "numeric"), "decimal(38,10)"), "numeric");
  EXPECT_EQ(read(field("int16", "int16"), "int64"), "int64|pg_catalog.int8");
  EXPECT_EQ(read(field("int32", "int32"), "decimal(10,0)"), "numeric|pg_catalog.numeric");
  EXPECT_EQ(read(field("json", "jsonb"), "string"), "jsonb");
  EXPECT_EQ(read(field("uuid", "uuid"), "string"), "text|pg_catalog.text");
  EXPECT_EQ(read(field("list<int32>", "int32"), "string"), "text|pg_catalog.text");
  EXPECT_EQ(read(field("list<numeric>", "numeric"), "list<decimal(10,2)>"), "numeric");
}

TEST(PostgresqlTypes, OverridesThatCouldChangeValuesAreRefusedWithAReason) {
  EXPECT_EQ(read(field("int64", "int64"), "int32"), "refused");
  EXPECT_EQ(read(field("numeric", "numeric"), "float64"), "refused");
  EXPECT_EQ(read(field("timestamp(6)", "timestamp"), "timestamp(3)"), "refused");
  EXPECT_EQ(read(field("string", "text"), "uuid"), "refused");
  const ReadAs out = read_as(field("int64", "int64"), parse_type("int32"));
  EXPECT_EQ(out.refusal, "larger values would not fit");
}

TEST(PostgresqlTypes, FetchNotesSurviveARoundTrip) {
  for (const std::string text : {"int16+", "text|pg_catalog.text[]", "numeric"}) {
    EXPECT_EQ(Fetch::parse(text).to_text(), text);
  }
}

}  // namespace
}  // namespace penstock::postgresql
