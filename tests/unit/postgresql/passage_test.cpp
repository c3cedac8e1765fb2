// Rows that go on undecoded: which columns may, and where rows begin and end.
#include "adapters/systems/postgresql/passage.h"

#include <gtest/gtest.h>

#include <string>

#include "adapters/systems/postgresql/wire_collector.h"
#include "type_catalog.h"

namespace penstock::postgresql {
namespace {

using testing_catalog::catalog;

TEST(Passage, IsBinaryWhereTheBytesMeanTheSameEverywhere) {
  EXPECT_EQ(passage_of(catalog(), 20), Passage::binary);
  EXPECT_EQ(passage_of(catalog(), 1007), Passage::binary);   // int4[]: the element's id is fixed
  EXPECT_EQ(passage_of(catalog(), 3904), Passage::binary);   // a built-in range
  EXPECT_EQ(passage_of(catalog(), 20000), Passage::binary);  // an enum: its label
  EXPECT_EQ(passage_of(catalog(), 20002), Passage::binary);  // a domain over a domain
  EXPECT_EQ(passage_of(catalog(), 20005), Passage::binary);  // PostGIS
}

TEST(Passage, IsTextWhereObjectIdsAreInside) {
  EXPECT_EQ(passage_of(catalog(), 20003), Passage::text);  // a composite
  EXPECT_EQ(passage_of(catalog(), 20006), Passage::text);  // no binary form
  EXPECT_EQ(passage_of(catalog(), 20008), Passage::text);  // an array of a user's enum
}

TEST(Passage, IsRefusedWhereMeaningDependsOnTheServer) {
  TypeCatalog other = catalog();
  other.money_digits = 0;
  EXPECT_EQ(passage_of(catalog(), 790), Passage::binary);
  EXPECT_EQ(passage_of(other, 790), Passage::none);
  other.check_utf8 = true;
  EXPECT_EQ(passage_of(other, 20), Passage::none);
  EXPECT_EQ(passage_of(catalog(), 20007), Passage::none);  // a domain over itself
  other = catalog();
  other.types[2205] = {.schema = "pg_catalog", .name = "regclass", .spelled = "regclass"};
  other.check_utf8 = false;
  EXPECT_EQ(passage_of(other, 2205), Passage::as_text);
}

TEST(Passage, SurvivesTheTextOfAFetch) {
  const Fetch fetch{.wire = Wire::text,
                    .passage = Passage::as_text,
                    .any_lower_bound = true,
                    .cast = "pg_catalog.text"};
  const Fetch read = Fetch::parse(fetch.to_text());
  EXPECT_EQ(read.passage, Passage::as_text);
  EXPECT_EQ(read.wire, Wire::text);
  EXPECT_TRUE(read.any_lower_bound);
  EXPECT_EQ(read.cast, "pg_catalog.text");
  EXPECT_EQ(Fetch::parse("int16+").passage, Passage::none);
}

TEST(Passage, ModifiersAreNoPartOfATypesName) {
  EXPECT_EQ(without_modifiers("numeric(15,2)[]"), "numeric[]");
  EXPECT_EQ(without_modifiers("timestamp(3) without time zone"), "timestamp without time zone");
  EXPECT_EQ(without_modifiers("public.\"we(ird\""), "public.\"we(ird\"");
  EXPECT_EQ(without_modifiers("numeric(15"), "numeric");
}

struct Columns {
  std::vector<Field> fields;
  ReadSpec spec;

  void add(const std::string& native, Oid oid) {
    const Mapping mapping = map_type(catalog(), oid, -1, 0);
    Field field;
    field.name = "c" + std::to_string(fields.size());
    field.native_type = native;
    field.type = mapping.type;
    field.fetch = mapping.fetch.to_text();
    fields.push_back(field);
  }
  std::vector<WireFormat> formats() {
    spec.columns.clear();
    for (const Field& field : fields) spec.columns.push_back({&field, field.type});
    return wire_formats(spec);
  }
};

TEST(WireFormats, OneColumnThatNeedsTextMakesAllText) {
  Columns columns;
  columns.add("bigint", 20);
  columns.add("numeric(15,2)", 1700);
  ASSERT_EQ(columns.formats().size(), 1u);
  EXPECT_EQ(columns.formats()[0].name, kWireBinary);
  EXPECT_EQ(columns.formats()[0].types, (std::vector<std::string>{"bigint", "numeric"}));
  columns.add("public.pair", 20003);
  EXPECT_EQ(columns.formats()[0].name, kWireText);
  columns.add("money", 790);
  EXPECT_TRUE(columns.formats().empty());  // its text depends on a setting
}

TEST(WireFormats, ATypeOfTheUsersChoiceAsksForDecoding) {
  Columns columns;
  columns.add("numeric", 1700);
  ASSERT_FALSE(columns.formats().empty());
  columns.spec.columns[0].type = Type::decimal(38, 10);
  EXPECT_TRUE(wire_formats(columns.spec).empty());
}

std::string text_of(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

const std::string kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
const std::string kRow("\0\2\0\0\0\1x\xff\xff\xff\xff", 11);
const std::string kTrailer("\xff\xff", 2);

TEST(WireCollector, TakesWholeRowsHoweverTheStreamIsCut) {
  const std::string stream = kHeader + kRow + kRow + kRow + kTrailer;
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    WireCollector collector(true, 2, {1 << 20, 1000});
    const auto batch = collector.make_batch();
    collector.begin_batch(batch.get());
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const std::string part = stream.substr(at, piece);
      ASSERT_EQ(collector.feed(bytes_of(part)), part.size());
    }
    EXPECT_TRUE(collector.finished());
    EXPECT_EQ(batch->rows, 3);
    EXPECT_EQ(text_of(batch->wire), kRow + kRow + kRow);
  }
}

TEST(WireCollector, StopsWhenTheBatchIsFull) {
  WireCollector collector(true, 2, {1 << 20, 2});
  auto batch = collector.make_batch();
  collector.begin_batch(batch.get());
  const std::string stream = kHeader + kRow + kRow + kRow;
  EXPECT_EQ(collector.feed(bytes_of(stream)), stream.size() - kRow.size());
  EXPECT_TRUE(collector.batch_full());
  batch = collector.make_batch();
  collector.begin_batch(batch.get());
  EXPECT_EQ(collector.feed(bytes_of(kRow + kTrailer)), kRow.size() + 2);
  EXPECT_EQ(batch->rows, 1);
  EXPECT_EQ(collector.rows_total(), 3);
}

TEST(WireCollector, FindsLinesOfTheTextFormat) {
  WireCollector collector(false, 2, {1 << 20, 1000});
  const auto batch = collector.make_batch();
  collector.begin_batch(batch.get());
  for (const std::string part : {"1\tx\n2", "\t\\n", "\n"}) {
    EXPECT_EQ(collector.feed(bytes_of(part)), part.size());
  }
  EXPECT_EQ(batch->rows, 2);
  EXPECT_EQ(text_of(batch->wire), "1\tx\n2\t\\n\n");
}

TEST(WireCollector, ADamagedStreamIsTheSourcesFault) {
  const std::vector<std::string> streams = {
      std::string("PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0", 19),
      kHeader + std::string("\0\3", 2),                  // three fields instead of two
      kHeader + std::string("\0\2\xff\xff\xff\xfe", 6),  // a negative size
      kHeader + kTrailer + kRow};
  for (const std::string& stream : streams) {
    WireCollector collector(true, 2, {1 << 20, 1000});
    const auto batch = collector.make_batch();
    collector.begin_batch(batch.get());
    try {
      collector.feed(bytes_of(stream));
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), "source.protocol");
    }
  }
}

}  // namespace
}  // namespace penstock::postgresql
