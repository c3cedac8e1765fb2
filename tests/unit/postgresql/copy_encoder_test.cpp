// Rows into COPY's formats: by reading them back with the decoder, and against bytes written by
// hand from PostgreSQL's documentation, so that encoder and decoder can't agree on a mistake.
#include "adapters/systems/postgresql/copy_encoder.h"

#include <gtest/gtest.h>

#include "adapters/systems/postgresql/copy_decoder.h"
#include "core/text.h"
#include "core/value_parse.h"
#include "core/value_text.h"
#include "unit/postgresql/copy_stream.h"

namespace penstock::postgresql {
namespace {

using namespace penstock::testing;

using Texts = std::vector<std::string>;

constexpr std::string_view kNull = "\\N";

Batch batch_of(const Type& type, const Texts& values) {
  Batch batch(std::vector<Type>{type});
  for (const std::string& value : values) {
    ColumnBuilder builder(&batch.columns[0]);
    value == kNull ? builder.append_null() : append_parsed(value, builder);
    ++batch.rows;
  }
  return batch;
}

std::string text_of(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

// The whole stream for one column of that native type.
std::string encoded(const Batch& batch, const std::string& native, int bits = 0) {
  CopyEncoder encoder({{.source = 0, .native = native, .bits = bits}}, {batch.columns[0].type});
  Buffer out;
  encoder.header(out);
  encoder.rows(batch, 0, batch.rows, out);
  encoder.trailer(out);
  return text_of(out);
}

std::string encoded(const std::string& type, const std::string& value, const std::string& native) {
  return encoded(batch_of(parse_type(type), {value}), native);
}

// A stream of one row with that field.
std::string stream(const std::string& field) {
  return CopyStream().row(1).field(field).end().bytes();
}

Texts decoded(const std::string& stream, const WireColumn& column) {
  CopyDecoder decoder({column}, {.bytes_target = 1 << 20, .rows_max = 1000});
  const auto batch = decoder.make_batch();
  decoder.begin_batch(batch.get());
  decoder.feed({reinterpret_cast<const std::uint8_t*>(stream.data()), stream.size()});
  EXPECT_TRUE(decoder.finished());
  EXPECT_TRUE(batch->issues.empty());
  Texts out;
  for (std::int64_t row = 0; row < batch->rows; ++row) {
    const Column& values = batch->columns[0];
    out.push_back(values.valid(row) ? value_text(values, row) : std::string(kNull));
  }
  return out;
}

// ---- what comes back

struct RoundTrip {
  std::string type, native;
  Encoding encoding;
  Wire wire;
  Texts values;
  std::string read_as;  // empty: as `type`
  Texts expected;       // empty: `values`
};

std::vector<RoundTrip> numbers() {
  return {
      {"bool", "boolean", Encoding::boolean, Wire::boolean, {"true", "\\N", "false"}, "", {}},
      {"int8", "smallint", Encoding::int2, Wire::int16, {"-128", "127", "\\N"}, "int16", {}},
      {"uint8", "smallint", Encoding::int2, Wire::int16, {"255", "0"}, "int16", {}},
      {"int16", "smallint", Encoding::int2, Wire::int16, {"-32768", "32767"}, "", {}},
      {"uint16", "integer", Encoding::int4, Wire::int32, {"65535", "0"}, "int32", {}},
      {"int32", "integer", Encoding::int4, Wire::int32, {"-2147483648", "2147483647"}, "", {}},
      {"uint32", "bigint", Encoding::int8, Wire::int64, {"4294967295", "\\N"}, "int64", {}},
      {"int64",
       "bigint",
       Encoding::int8,
       Wire::int64,
       {"-9223372036854775808", "9223372036854775807", "0"},
       "",
       {}},
      {"uint64",
       "numeric",
       Encoding::numeric,
       Wire::numeric,
       {"0", "9999", "10000", "18446744073709551615", "9223372036854775808"},
       "numeric",
       {}},
      {"float32",
       "real",
       Encoding::float4,
       Wire::float32,
       {"1.5", "-Infinity", "NaN", "\\N", "-0"},
       "",
       {}},
      {"float64",
       "double precision",
       Encoding::float8,
       Wire::float64,
       {"0.1", "Infinity", "NaN", "-1.7976931348623157e+308", "5e-324"},
       "",
       {}},
      {"decimal(7,2)", "numeric", Encoding::numeric, Wire::numeric, {"-12345.67", "0.00"}, "", {}},
      {"decimal(76,38)",
       "numeric",
       Encoding::numeric,
       Wire::numeric,
       {"-" + std::string(38, '9') + "." + std::string(38, '9')},
       "",
       {}},
      {"numeric",
       "numeric",
       Encoding::numeric,
       Wire::numeric,
       {"1.500", "NaN", "Infinity", "-Infinity", "\\N", "-" + std::string(200, '7') + ".25"},
       "",
       {}},
  };
}

std::vector<RoundTrip> texts() {
  return {
      {"string", "text", Encoding::raw, Wire::text, {"", "é\\\t\n", "\\N", "x"}, "", {}},
      {"string", "character varying", Encoding::raw, Wire::text, {"a  "}, "", {}},
      {"string", "character", Encoding::raw, Wire::text, {"a  "}, "", {}},
      {"string", "name", Encoding::raw, Wire::text, {"n"}, "", {}},
      {"string", "xml", Encoding::raw, Wire::text, {"<a/>"}, "", {}},
      {"binary", "bytea", Encoding::raw, Wire::text, {"\\x", "\\x00ff0a5c"}, "", {}},
      {"geometry", "bytea", Encoding::raw, Wire::text, {"\\x0101"}, "", {}},
      {"network", "text", Encoding::raw, Wire::text, {"10.0.0.0/8"}, "", {}},
      {"numeric", "text", Encoding::raw, Wire::text, {"1.50"}, "", {}},
      {"enum('a','b')", "text", Encoding::raw, Wire::text, {"a", "\\N"}, "", {}},
      {"enum('a','b')", "public.t_c", Encoding::raw, Wire::text, {"b"}, "", {}},
      {"json", "json", Encoding::raw, Wire::text, {"{\"a\":  1}"}, "", {}},
      {"json", "jsonb", Encoding::jsonb, Wire::jsonb, {"{\"a\":  1}", "\\N"}, "", {}},
      {"uuid",
       "uuid",
       Encoding::uuid,
       Wire::uuid,
       {"00112233-4455-6677-8899-aabbccddeeff", "\\N"},
       "",
       {}},
      {"uint64",
       "bit",
       Encoding::bits,
       Wire::bits,
       {"5", "\\N", "1023"},
       "string",
       {"0000000101", "\\N", "1111111111"}},
  };
}

std::vector<RoundTrip> times() {
  const std::string zoned = "timestamp with time zone", plain = "timestamp without time zone";
  return {
      {"date",
       "date",
       Encoding::date,
       Wire::date,
       {"2000-01-01", "1969-12-31", "4713-11-24 BC", "5874897-12-31", "infinity", "-infinity",
        "\\N"},
       "",
       {}},
      {"timestamp(0)",
       plain,
       Encoding::timestamp,
       Wire::timestamp,
       {"2024-02-29 12:34:56", "infinity", "-infinity", "1900-01-01 00:00:00"},
       "timestamp(6)",
       {"2024-02-29 12:34:56.000000", "infinity", "-infinity", "1900-01-01 00:00:00.000000"}},
      {"timestamp(3,utc)",
       zoned,
       Encoding::timestamp,
       Wire::timestamp,
       {"2024-02-29 12:34:56.789Z", "\\N", "1969-12-31 23:59:59.999Z", "infinity"},
       "timestamp(6,utc)",
       {"2024-02-29 12:34:56.789000Z", "\\N", "1969-12-31 23:59:59.999000Z", "infinity"}},
      {"timestamp(6)",
       plain,
       Encoding::timestamp,
       Wire::timestamp,
       {"4714-11-24 00:00:00.000000 BC", "294246-12-31 23:59:59.999999"},
       "",
       {}},
      {"timestamp(9)",
       plain,
       Encoding::timestamp,
       Wire::timestamp,
       {"2024-02-29 12:34:56.789012000", "1969-12-31 23:59:59.999999000", "-infinity"},
       "timestamp(6)",
       {"2024-02-29 12:34:56.789012", "1969-12-31 23:59:59.999999", "-infinity"}},
      {"time(0)",
       "time without time zone",
       Encoding::time,
       Wire::time,
       {"24:00:00", "\\N"},
       "time(6)",
       {"24:00:00.000000", "\\N"}},
      {"time(9)",
       "time without time zone",
       Encoding::time,
       Wire::time,
       {"12:34:56.789012000"},
       "time(6)",
       {"12:34:56.789012"}},
      {"time(3)",
       "interval",
       Encoding::interval,
       Wire::interval,
       {"-838:59:59.001", "00:00:00.000"},
       "interval",
       {"-838:59:59.001", "00:00:00"}},
      {"interval",
       "interval",
       Encoding::interval,
       Wire::interval,
       {"1 mon 2 days 03:04:05.678901", "-178000000 years", "\\N"},
       "",
       {}},
  };
}

std::vector<RoundTrip> lists() {
  const std::string quoted = "{\"\",\"a,b\",\"NULL\",\"q\\\"\\\\\"}";
  return {
      {"list<int32>",
       "integer[]",
       Encoding::array,
       Wire::int32,
       {"{1,NULL,-3}", "{}", "\\N", "{NULL}", "{7}"},
       "",
       {}},
      {"list<list<int64>>",
       "bigint[]",
       Encoding::array,
       Wire::int64,
       {"{{1,2,3},{4,NULL,6}}", "{}", "{{9}}"},
       "",
       {}},
      {"list<list<list<bool>>>",
       "boolean[]",
       Encoding::array,
       Wire::boolean,
       {"{{{true},{false}},{{NULL},{true}}}"},
       "",
       {}},
      {"list<string>", "text[]", Encoding::array, Wire::text, {quoted, "{}"}, "", {}},
      {"list<numeric>", "numeric[]", Encoding::array, Wire::numeric, {"{1.50,NaN,NULL}"}, "", {}},
      {"list<decimal(5,2)>", "numeric[]", Encoding::array, Wire::numeric, {"{-1.50,NULL}"}, "", {}},
      {"list<json>", "jsonb[]", Encoding::array, Wire::jsonb, {"{\"{\\\"a\\\": 1}\"}"}, "", {}},
      {"list<date>", "date[]", Encoding::array, Wire::date, {"{2024-02-29,infinity}"}, "", {}},
      {"list<uuid>",
       "uuid[]",
       Encoding::array,
       Wire::uuid,
       {"{00112233-4455-6677-8899-aabbccddeeff,NULL}"},
       "",
       {}},
  };
}

void check(const std::vector<RoundTrip>& cases) {
  for (const RoundTrip& one : cases) {
    SCOPED_TRACE(one.type + " in " + one.native);
    const Type type = parse_type(one.type);
    EXPECT_EQ(encoding_of(type, one.native), one.encoding);
    const std::string bytes = encoded(batch_of(type, one.values), one.native, 10);
    const WireColumn column{.name = "c",
                            .type = one.read_as.empty() ? type : parse_type(one.read_as),
                            .wire = one.wire};
    EXPECT_EQ(decoded(bytes, column), one.expected.empty() ? one.values : one.expected);
  }
}

TEST(CopyEncoder, NumbersComeBack) {
  check(numbers());
}
TEST(CopyEncoder, TextsAndBytesComeBack) {
  check(texts());
}
TEST(CopyEncoder, TimesOfAnyDigitsComeBack) {
  check(times());
}
TEST(CopyEncoder, Pitfall39_ArraysComeBackInTheirShape) {
  check(lists());
}

TEST(CopyEncoder, RowsOfSeveralColumnsComeFromWhereTheyLie) {
  Batch batch(std::vector<Type>{Type::of(TypeId::int32), Type::of(TypeId::string)});
  for (int i = 0; i < 5; ++i) {
    ColumnBuilder(&batch.columns[0]).append_fixed(std::int32_t{i});
    ColumnBuilder(&batch.columns[1]).append_bytes("r" + std::to_string(i));
    ++batch.rows;
  }
  CopyEncoder encoder({{.source = 1, .native = "text"}, {.source = 0, .native = "integer"}},
                      {Type::of(TypeId::int32), Type::of(TypeId::string)});
  Buffer out;
  encoder.header(out);
  encoder.rows(batch, 1, 3, out);
  encoder.trailer(out);
  CopyStream expected;
  expected.row(2).field("r1").field(i32(1)).row(2).field("r2").field(i32(2)).end();
  EXPECT_EQ(text_of(out), expected.bytes());
}

// ---- against bytes written by hand

TEST(CopyEncoder, WritesTheDocumentedHeaderNullAndTrailer) {
  const Batch batch = batch_of(Type::of(TypeId::int32), {"258", "\\N"});
  const std::string expected(
      "PGCOPY\n\xFF\r\n\0"
      "\0\0\0\0\0\0\0\0"
      "\0\1\0\0\0\4\0\0\1\2"
      "\0\1\xFF\xFF\xFF\xFF"
      "\xFF\xFF",
      19 + 10 + 6 + 2);
  EXPECT_EQ(encoded(batch, "integer"), expected);
}

TEST(CopyEncoder, WritesValuesAsReceiveFunctionsReadThem) {
  const std::string plain = "timestamp without time zone";
  EXPECT_EQ(encoded("bool", "true", "boolean"), stream("\1"));
  EXPECT_EQ(encoded("float64", "1", "double precision"), stream("\x3F\xF0" + std::string(6, '\0')));
  EXPECT_EQ(encoded("float32", "1", "real"), stream(std::string("\x3F\x80\0\0", 4)));
  EXPECT_EQ(encoded("date", "2000-01-02", "date"), stream(i32(1)));
  EXPECT_EQ(encoded("date", "infinity", "date"), stream("\x7F\xFF\xFF\xFF"));
  EXPECT_EQ(encoded("date", "-infinity", "date"), stream(std::string("\x80\0\0\0", 4)));
  EXPECT_EQ(encoded("timestamp(0)", "1999-12-31 23:59:59", plain), stream(i64(-1'000'000)));
  EXPECT_EQ(encoded("timestamp(9)", "infinity", plain), stream(i64(INT64_MAX)));
  EXPECT_EQ(encoded("timestamp(3)", "-infinity", plain), stream(i64(INT64_MIN)));
  EXPECT_EQ(encoded("time(3)", "00:00:01.500", "time without time zone"), stream(i64(1'500'000)));
  EXPECT_EQ(encoded("interval", "1 mon 2 days 00:00:03", "interval"),
            stream(i64(3'000'000) + i32(2) + i32(1)));
  EXPECT_EQ(encoded("time(0)", "-00:00:01", "interval"), stream(i64(-1'000'000) + i64(0)));
  EXPECT_EQ(encoded("json", "{}", "jsonb"), stream("\1{}"));
  EXPECT_EQ(encoded("json", "{}", "json"), stream("{}"));
  EXPECT_EQ(encoded("decimal(9,2)", "-12345.67", "numeric"),
            stream(numeric(
                {.weight = 1, .sign = 0x4000, .display_scale = 2, .digits = {1, 2345, 6700}})));
  EXPECT_EQ(encoded("uint64", "10000", "numeric"), stream(numeric({.weight = 1, .digits = {1}})));
}

TEST(CopyEncoder, WritesArraysWithTheirDimensions) {
  EXPECT_EQ(encoded("list<int32>", "{7,NULL}", "integer[]"),
            stream(i32(1) + i32(1) + i32(23) + i32(2) + i32(1) + i32(4) + i32(7) + i32(-1)));
  EXPECT_EQ(encoded("list<list<string>>", "{{a,b}}", "text[]"),
            stream(i32(2) + i32(1) + i32(25) + i32(1) + i32(1) + i32(2) + i32(1) + i32(1) + "a" +
                   i32(1) + "b"));
  EXPECT_EQ(encoded("list<list<int32>>", "{}", "integer[]"), stream(i32(0) + i32(1) + i32(23)));
}

TEST(CopyEncoder, BitStringsAreFilledFromTheLeft) {
  const auto bits = [](const std::string& value, int count) {
    return encoded(batch_of(Type::of(TypeId::uint64), {value}), "bit", count);
  };
  EXPECT_EQ(bits("5", 10), stream(i32(10) + std::string("\x01\x40", 2)));
  EXPECT_EQ(bits("1", 1), stream(i32(1) + "\x80"));
  EXPECT_EQ(bits("255", 8), stream(i32(8) + "\xFF"));
  EXPECT_EQ(bits("18446744073709551615", 64), stream(i32(64) + std::string(8, '\xFF')));
  EXPECT_EQ(bits("9223372036854775809", 64),
            stream(i32(64) + "\x80" + std::string(6, '\0') + "\x01"));
}

TEST(CopyEncoder, Pitfall36_GeometryGetsItsColumnsSrid) {
  const std::string place(16, '\0');
  const auto geometry = [](std::int32_t srid, const std::string& value) {
    return encoded(batch_of(Type::geometry(srid), {"\\x" + hex(value)}), "public.geometry");
  };
  const std::string little = std::string("\x01\x01\0\0\0", 5) + place;
  const std::string big = std::string("\0\0\0\0\x01", 5) + place;
  EXPECT_EQ(geometry(4326, little), stream(std::string("\x01\x01\0\0\x20\xE6\x10\0\0", 9) + place));
  EXPECT_EQ(geometry(4326, big), stream(std::string("\0\x20\0\0\x01\0\0\x10\xE6", 9) + place));
  // Values that say theirs keep it, and without one there is none to put in.
  const std::string own = std::string("\x01\x01\0\0\x20\x11\x0F\0\0", 9) + place;
  const std::string own_big = std::string("\0\x20\0\0\x01\0\0\x0F\x11", 9) + place;
  EXPECT_EQ(geometry(4326, own), stream(own));
  EXPECT_EQ(geometry(4326, own_big), stream(own_big));
  EXPECT_EQ(geometry(0, little), stream(little));
  EXPECT_EQ(geometry(4326, "\x01\x01"), stream("\x01\x01")) << "no geometry: the server says so";
}

// ---- the text format

// One row of (value, the second column, which has no binary form).
std::string text_row(const Type& type, const std::string& native, const std::string& value,
                     int bits = 0) {
  Batch batch(std::vector<Type>{type, Type::of(TypeId::network)});
  ColumnBuilder builder(&batch.columns[0]);
  value == kNull ? builder.append_null() : append_parsed(value, builder);
  ColumnBuilder(&batch.columns[1]).append_bytes("::1");
  batch.rows = 1;
  CopyEncoder encoder(
      {{.source = 0, .native = native, .bits = bits}, {.source = 1, .native = "inet"}},
      {type, Type::of(TypeId::network)});
  EXPECT_FALSE(encoder.binary());
  Buffer out;
  encoder.header(out);
  EXPECT_EQ(out.size(), 0U) << "the text format has no header";
  encoder.rows(batch, 0, 1, out);
  encoder.trailer(out);
  std::string row = text_of(out);
  const std::string ending = "\t::1\n";
  EXPECT_TRUE(row.ends_with(ending)) << row;
  row.resize(row.size() - std::min(row.size(), ending.size()));
  return row;
}

std::string text_row(const std::string& type, const std::string& native, const std::string& value) {
  return text_row(parse_type(type), native, value);
}

TEST(CopyEncoder, TheTextFormatEscapesWhatEndsValuesAndRows) {
  EXPECT_EQ(text_row("string", "text", "a\\b\tc\nd\re"), "a\\\\b\\tc\\nd\\re");
  EXPECT_EQ(text_row("string", "text", "\b\f\v\"'é"), "\b\f\v\"'é") << "need no escape";
  EXPECT_EQ(text_row("string", "text", ""), "");
  EXPECT_EQ(text_row("string", "text", "\\N"), "\\N") << "NULL";
  const Type text = Type::of(TypeId::string);
  Batch batch(std::vector<Type>{text});
  ColumnBuilder(&batch.columns[0]).append_bytes("\\N");
  batch.rows = 1;
  CopyEncoder encoder({{.source = 0, .native = "public.domain"}}, {text});
  Buffer out;
  encoder.rows(batch, 0, 1, out);
  EXPECT_EQ(text_of(out), "\\\\N\n") << "two characters, not NULL";
}

TEST(CopyEncoder, TheTextFormatWritesWhatInputFunctionsRead) {
  EXPECT_EQ(text_row("binary", "bytea", "\\x00ff"), "\\\\x00ff");
  EXPECT_EQ(text_row("bool", "boolean", "true"), "true");
  EXPECT_EQ(text_row("decimal(5,2)", "numeric", "-1.50"), "-1.50");
  EXPECT_EQ(text_row("date", "date", "-infinity"), "-infinity");
  EXPECT_EQ(text_row("date", "date", "0044-03-15 BC"), "0044-03-15 BC");
  EXPECT_EQ(text_row("timestamp(3,utc)", "timestamp with time zone", "2024-02-29 12:34:56.789Z"),
            "2024-02-29 12:34:56.789Z");
  EXPECT_EQ(text_row("time(0)", "interval", "-838:59:59"), "-838:59:59");
  EXPECT_EQ(text_row("list<string>", "text[]", "{\"a\\\\b\",NULL,\"NULL\"}"),
            "{\"a\\\\\\\\b\",NULL,\"NULL\"}");
  EXPECT_EQ(text_row(Type::of(TypeId::uint64), "bit", "5", 10), "0000000101");
}

// PostGIS reads hexadecimal digits, but no \x before them.
TEST(CopyEncoder, Pitfall36_GeometryInTheTextFormatHasItsSridToo) {
  EXPECT_EQ(
      text_row(Type::geometry(4326), "public.geometry", "\\x0101000000" + std::string(32, '0')),
      "0101000020e6100000" + std::string(32, '0'));
  EXPECT_EQ(text_row(Type::geometry(0), "public.geometry", "\\x0101000000" + std::string(32, '0')),
            "0101000000" + std::string(32, '0'));
  EXPECT_EQ(text_row("geometry", "public.geometry", "\\N"), "\\N");
  EXPECT_EQ(text_row("geometry", "bytea", "\\x0101"), "\\\\x0101");
}

// ---- which encoding

TEST(CopyEncoder, WhatHasNoKnownBinaryFormGoesAsText) {
  const auto none = [](const std::string& type, std::string_view native) {
    return encoding_of(parse_type(type), native) == Encoding::none;
  };
  EXPECT_TRUE(none("network", "inet"));
  EXPECT_TRUE(none("string", "bit varying"));
  EXPECT_TRUE(none("string", "bit"));
  EXPECT_TRUE(none("string", "integer"));
  EXPECT_TRUE(none("int32", "text"));
  EXPECT_TRUE(none("int64", "numeric"));
  EXPECT_TRUE(none("uint64", "bigint"));
  EXPECT_TRUE(none("float32", "double precision"));
  EXPECT_TRUE(none("timestamp(6)", "date"));
  EXPECT_TRUE(none("interval", "interval day to second"));
  EXPECT_TRUE(none("decimal(5,2)", "public.price"));
  EXPECT_TRUE(none("list<int32>", "integer"));
  EXPECT_TRUE(none("int32", "integer[]"));
  EXPECT_TRUE(none("list<network>", "inet[]"));
  EXPECT_TRUE(none("list<enum('a')>", "public.mood[]")) << "its object id is the server's own";
  EXPECT_TRUE(none("list<string>", "integer[]"));
}

TEST(CopyEncoder, ElementsHaveTheObjectIdsOfTheCatalogue) {
  EXPECT_EQ(builtin_oid("boolean"), 16U);
  EXPECT_EQ(builtin_oid("text"), 25U);
  EXPECT_EQ(builtin_oid("timestamp with time zone"), 1184U);
  EXPECT_EQ(builtin_oid("jsonb"), 3802U);
  EXPECT_EQ(builtin_oid("public.mood"), 0U);
}

}  // namespace
}  // namespace penstock::postgresql
