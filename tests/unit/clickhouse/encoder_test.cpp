// Batches to Native blocks, byte by byte. The expected bytes were taken from servers' answers.
#include <gtest/gtest.h>

#include <cstring>

#include "adapters/systems/clickhouse/native_encoder.h"
#include "adapters/systems/clickhouse/read_back.h"
#include "core/error.h"
#include "core/text.h"
#include "core/value_parse.h"
#include "core/value_text.h"

namespace penstock::clickhouse {

namespace {

Batch one_column(const std::string& type, const std::vector<std::string>& values) {
  const std::vector<Type> types{parse_type(type)};
  Batch batch(types);
  ColumnBuilder builder(batch.columns.data());
  for (const std::string& value : values) {
    if (value == "\\N") {
      builder.append_null();
    } else {
      append_parsed(value, builder);
    }
  }
  batch.rows = static_cast<std::int64_t>(values.size());
  return batch;
}

std::string joined(std::span<const Chunk> chunks) {
  std::string out;
  for (const Chunk& chunk : chunks) out.append(static_cast<const char*>(chunk.data), chunk.size);
  return out;
}

std::string encode(const std::string& type, const std::string& native,
                   const std::vector<std::string>& values) {
  const Batch batch = one_column(type, values);
  NativeEncoder encoder({{"c", native, parse_type(type), 0}}, 7);
  return joined(encoder.encode(batch));
}

// The column's data in hex, without the block's and the column's head.
std::string data(const std::string& type, const std::string& native,
                 const std::vector<std::string>& values) {
  const std::string block = encode(type, native, values);
  const std::string head = std::string("\x01") + static_cast<char>(values.size()) + "\x01" + "c" +
                           static_cast<char>(native.size()) + native;
  EXPECT_EQ(block.substr(0, head.size()), head);
  return hex(block.substr(head.size()));
}

}  // namespace

TEST(Encoder, WritesIntegersLittleEndian) {
  EXPECT_EQ(data("int32", "Int32", {"1", "-2"}), "01000000feffffff");
  EXPECT_EQ(data("uint64", "UInt64", {"18446744073709551615"}), "ffffffffffffffff");
}

TEST(Encoder, PutsTheNullMapFirst) {
  EXPECT_EQ(data("int16", "Nullable(Int16)", {"1", "\\N", "3"}),
            "000100"
            "010000000300");
  EXPECT_EQ(data("int16", "Nullable(Int16)", {"1"}),
            "00"
            "0100");
}

TEST(Encoder, ExpandsBitsBeyondOneByte) {
  const std::vector<std::string> values{"true",  "false", "false", "true", "true",
                                        "false", "true",  "true",  "true", "false"};
  EXPECT_EQ(data("bool", "Bool", values), "01000001010001010100");
}

TEST(Encoder, ExpandsLongNullMaps) {
  std::vector<std::string> values;
  std::string map;
  for (int i = 0; i < 21; ++i) {
    values.push_back(i % 3 == 0 ? "\\N" : "5");
    map += i % 3 == 0 ? "01" : "00";
  }
  EXPECT_EQ(data("int8", "Nullable(Int8)", values).substr(0, 42), map);
}

TEST(Encoder, SwapsBothHalvesOfUuids) {
  EXPECT_EQ(data("uuid", "UUID", {"00112233-4455-6677-8899-aabbccddeeff"}),
            "7766554433221100ffeeddccbbaa9988");
}

TEST(Encoder, WritesStringsWithTheirLengths) {
  EXPECT_EQ(data("string", "String", {"", "ab"}),
            "00"
            "026162");
  const std::string longer = data("string", "String", {std::string(300, 'x'), "tail"});
  EXPECT_EQ(longer.substr(0, 8), "ac027878");
  EXPECT_EQ(longer.substr(longer.size() - 10), "047461696c");
}

TEST(Encoder, WritesDatesOfEitherWidth) {
  EXPECT_EQ(data("date", "Date", {"1970-01-02", "2149-06-06"}), "0100ffff");
  EXPECT_EQ(data("date", "Date32", {"1969-12-31"}), "ffffffff");
}

TEST(Encoder, WritesTimestampsOfEitherWidth) {
  EXPECT_EQ(data("timestamp(0)", "DateTime('UTC')", {"2106-02-07 06:28:15"}), "ffffffff");
  EXPECT_EQ(data("timestamp(6)", "DateTime64(6, 'UTC')", {"1970-01-01 00:00:01.000000"}),
            "40420f0000000000");
}

TEST(Encoder, WritesTextWhereTheServerHasNoType) {
  EXPECT_EQ(data("timestamp(3)", "String", {"1970-01-01 00:00:01.500"}),
            "17" + hex("1970-01-01 00:00:01.500"));
  EXPECT_EQ(data("time(0)", "Nullable(String)", {"\\N", "01:02:03"}),
            "0100"
            "00"
            "08" +
                hex("01:02:03"));
}

TEST(Encoder, WritesLowCardinalityWithADictionaryPerBlock) {
  EXPECT_EQ(data("enum('a','b')", "LowCardinality(String)", {"b", "a", "b"}),
            "0100000000000000"
            "0006000000000000"
            "0200000000000000"
            "01620161"
            "0300000000000000"
            "000100");
  // Index 0 stands for NULL; its key is never looked at.
  EXPECT_EQ(data("enum('a','b')", "LowCardinality(Nullable(String))", {"\\N", "a"}),
            "0100000000000000"
            "0006000000000000"
            "0200000000000000"
            "000161"
            "0200000000000000"
            "0001");
}

TEST(Encoder, WidensTheIndexOfALargeDictionary) {
  std::vector<std::string> values;
  for (int i = 0; i < 300; ++i) values.push_back("label " + std::to_string(i));
  const Batch batch = one_column("enum('x')", values);
  NativeEncoder encoder({{"c", "LowCardinality(String)", parse_type("enum('x')"), 0}}, 7);
  const std::string block = joined(encoder.encode(batch));
  EXPECT_NE(block.find(std::string("\x01\x06\0\0\0\0\0\0\x2c\x01\0\0\0\0\0\0", 16)),
            std::string::npos);
  EXPECT_EQ(hex(block.substr(block.size() - 4)), "2a012b01");
}

TEST(Encoder, WritesArraysWithEndOffsets) {
  EXPECT_EQ(data("list<int8>", "Array(Nullable(Int8))", {"{1,NULL}", "{}", "{3}"}),
            "0200000000000000"
            "0200000000000000"
            "0300000000000000"
            "000100"
            "010003");
  EXPECT_EQ(data("list<list<int8>>", "Array(Array(Nullable(Int8)))", {"{{1},{}}", "{}"}),
            "0200000000000000"
            "0200000000000000"
            "0100000000000000"
            "0100000000000000"
            "00"
            "01");
}

TEST(Encoder, FillsTheMetaColumns) {
  Batch batch = one_column("int8", {"1", "2"});
  NativeEncoder encoder({{"c", "Int8", parse_type("int8"), 0},
                         {"_version", "UInt64", parse_type("uint64"), EncoderColumn::kVersion},
                         {"_deleted", "UInt8", parse_type("uint8"), EncoderColumn::kDeleted}},
                        258);
  const std::string head =
      "0302"
      "0163"
      "04" +
      hex("Int8") +
      "0102"
      "08" +
      hex("_version") + "06" + hex("UInt64") +
      "0201000000000000"
      "0201000000000000"
      "08" +
      hex("_deleted") + "05" + hex("UInt8");
  EXPECT_EQ(hex(joined(encoder.encode(batch))), head + "0000");
  batch.operations = {Operation::remove, Operation::upsert};
  EXPECT_EQ(hex(joined(encoder.encode(batch))), head + "0100");
}

TEST(Encoder, NeverWritesAnEmptyBlock) {
  EXPECT_EQ(encode("int8", "Int8", {}), "");
}

TEST(Encoder, RefusesNullWhereTheServerWouldStoreSomethingElse) {
  EXPECT_THROW(encode("int8", "Int8", {"\\N"}), Error);
  EXPECT_THROW(encode("list<int8>", "Array(Int8)", {"{NULL}"}), Error);
}

TEST(Encoder, RefusesATypeThatDoesNotFit) {
  EXPECT_THROW(make_codec(parse_type("int64"), "Int32"), Error);
  EXPECT_THROW(make_codec(parse_type("decimal(15,2)"), "Decimal(15, 3)"), Error);
  EXPECT_THROW(make_codec(parse_type("timestamp(6)"), "DateTime64(3, 'UTC')"), Error);
  EXPECT_THROW(make_codec(parse_type("int32"), "LowCardinality(Int32)"), Error);
  EXPECT_THROW(make_codec(parse_type("list<int32>"), "Array(Nullable(Int64))"), Error);
}

TEST(Encoder, RefersToLargeFixedColumnsInsteadOfCopying) {
  const std::vector<std::string> values(1'000, "7");
  const Batch batch = one_column("int64", values);
  NativeEncoder encoder({{"c", "Int64", parse_type("int64"), 0}}, 7);
  const auto chunks = encoder.encode(batch);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[1].data, batch.columns[0].values.data());
}

TEST(Decoder, RefusesTruncatedAndHostileBlocks) {
  const std::vector<Type> types{parse_type("list<string>")};
  const std::vector<std::string> natives{"Array(Nullable(String))"};
  const std::string block = encode("list<string>", natives[0], {"{a,bc}", "{}"});
  EXPECT_EQ(value_text(decode_native(block, types, natives)[0]->columns[0], 0), "{a,bc}");
  for (std::size_t size = 1; size < block.size(); ++size) {
    EXPECT_THROW(decode_native(std::string_view(block).substr(0, size), types, natives), Error);
  }
  EXPECT_THROW(decode_native(std::string(20, '\xff'), types, natives), Error);
}

}  // namespace penstock::clickhouse
