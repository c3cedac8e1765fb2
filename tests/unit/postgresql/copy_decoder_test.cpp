#include "adapters/systems/postgresql/copy_decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/value_text.h"
#include "unit/postgresql/copy_stream.h"

namespace penstock::postgresql {
namespace {

using namespace penstock::testing;

constexpr BatchLimits kWide{.bytes_target = 1 << 20, .rows_max = 1000};

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Feeds the stream in pieces of that size and returns the finished batches.
std::vector<std::unique_ptr<Batch>> decode(CopyDecoder& decoder, const std::string& stream,
                                           std::size_t piece) {
  std::vector<std::unique_ptr<Batch>> batches;
  const auto next = [&] {
    batches.push_back(decoder.make_batch());
    decoder.begin_batch(batches.back().get());
  };
  next();
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const std::string part = stream.substr(at, piece);
    std::size_t used = 0;
    while (used < part.size()) {
      used += decoder.feed(bytes_of(part).subspan(used));
      if (decoder.batch_full()) next();
    }
  }
  return batches;
}

// The canonical text of one value sent as `bytes` and the issues it raised.
struct Decoded {
  std::string text;
  std::vector<ValueIssue> issues;
};

Decoded decode_one(const WireColumn& column, const std::string& bytes) {
  CopyDecoder decoder({column}, kWide);
  const auto batches = decode(decoder, CopyStream().row(1).field(bytes).end().bytes(), 1 << 20);
  EXPECT_TRUE(decoder.finished());
  EXPECT_EQ(batches[0]->rows, 1);
  return {value_text(batches[0]->columns[0], 0), batches[0]->issues};
}

std::string text_of(Wire wire, const Type& type, const std::string& bytes) {
  return decode_one({.name = "c", .type = type, .wire = wire}, bytes).text;
}

std::string error_code(const std::vector<WireColumn>& columns, const std::string& stream) {
  try {
    CopyDecoder decoder(columns, kWide);
    decode(decoder, stream, stream.size());
  } catch (const Error& error) {
    return error.code();
  }
  return "none";
}

std::vector<WireColumn> some_columns() {
  return {{.name = "id", .type = Type::of(TypeId::int64), .wire = Wire::int64},
          {.name = "name", .type = Type::of(TypeId::string), .wire = Wire::text},
          {.name = "price", .type = Type::decimal(15, 2), .wire = Wire::numeric},
          {.name = "tags", .type = Type::list(Type::of(TypeId::string)), .wire = Wire::text},
          {.name = "flag", .type = Type::of(TypeId::boolean), .wire = Wire::boolean}};
}

std::string some_rows(int count) {
  CopyStream stream;
  for (int i = 0; i < count; ++i) {
    stream.row(5).field(i64(i));
    if (i % 3 == 0)
      stream.null();
    else
      stream.field("name " + std::to_string(i));
    stream.field(numeric({.weight = 0, .display_scale = 2, .digits = {i, 5000}}));
    stream.field(i32(1) + i32(1) + i32(25) + i32(2) + i32(1) + i32(1) + "x" + i32(-1));
    stream.field(i % 2 == 0 ? std::string(1, '\1') : std::string(1, '\0'));
  }
  return stream.end().bytes();
}

std::string all_text(const std::vector<std::unique_ptr<Batch>>& batches) {
  std::string out;
  for (const auto& batch : batches) {
    for (std::int64_t row = 0; row < batch->rows; ++row) {
      for (const Column& column : batch->columns) out += value_text(column, row) + "|";
      out += "\n";
    }
  }
  return out;
}

TEST(CopyDecoder, DecodesTheSameRowsHoweverTheStreamIsCut) {
  const std::string stream = some_rows(50);
  CopyDecoder whole(some_columns(), kWide);
  const std::string expected = all_text(decode(whole, stream, stream.size()));
  EXPECT_EQ(expected.substr(0, expected.find('\n')), "0|NULL|0.50|{x,NULL}|true|");
  EXPECT_EQ(whole.rows_total(), 50);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 19U, 64U, 1000U}) {
    CopyDecoder decoder(some_columns(), kWide);
    EXPECT_EQ(all_text(decode(decoder, stream, piece)), expected) << "pieces of " << piece;
    EXPECT_TRUE(decoder.finished());
    EXPECT_EQ(decoder.rows_total(), 50);
  }
}

TEST(CopyDecoder, EndsABatchAtTheRowLimitAndContinuesInTheNext) {
  const std::string stream = some_rows(50);
  CopyDecoder whole(some_columns(), kWide);
  const std::string expected = all_text(decode(whole, stream, stream.size()));
  for (const std::size_t piece : {1U, 33U, 1U << 20}) {
    CopyDecoder decoder(some_columns(), {.bytes_target = 1 << 20, .rows_max = 7});
    const auto batches = decode(decoder, stream, piece);
    EXPECT_EQ(batches.size(), 8U);
    EXPECT_EQ(batches[0]->rows, 7);
    EXPECT_EQ(batches[7]->rows, 1);
    EXPECT_EQ(all_text(batches), expected);
  }
}

TEST(CopyDecoder, EndsABatchSoonAfterTheByteTarget) {
  CopyStream stream;
  for (int i = 0; i < 100; ++i) stream.row(1).field(std::string(10'000, 'x'));
  CopyDecoder decoder({{.name = "c", .type = Type::of(TypeId::string), .wire = Wire::text}},
                      {.bytes_target = 100'000, .rows_max = 1000});
  const auto batches = decode(decoder, stream.end().bytes(), 1 << 16);
  for (const auto& batch : batches) EXPECT_LE(batch->memory_bytes(), 200'000U);
  EXPECT_GE(batches.size(), 6U);
}

TEST(CopyDecoder, AnEmptyStreamIsComplete) {
  CopyDecoder decoder(some_columns(), kWide);
  const auto batches = decode(decoder, CopyStream().end().bytes(), 21);
  EXPECT_TRUE(decoder.finished());
  EXPECT_EQ(batches[0]->rows, 0);
}

TEST(CopyDecoder, ATruncatedStreamIsNotFinished) {
  const std::string stream = some_rows(5);
  for (std::size_t length = 0; length < stream.size(); ++length) {
    CopyDecoder decoder(some_columns(), kWide);
    decode(decoder, stream.substr(0, length), 1000);
    EXPECT_FALSE(decoder.finished()) << length;
  }
}

TEST(CopyDecoder, RefusesWhatIsNoCopyStream) {
  const std::vector<WireColumn> one = {
      {.name = "c", .type = Type::of(TypeId::int32), .wire = Wire::int32}};
  EXPECT_EQ(error_code(one, "HTTP/1.1 400 Bad Request\r\n"), "source.protocol");
  EXPECT_EQ(error_code(one, CopyStream().row(2).bytes()), "source.protocol");
  EXPECT_EQ(error_code(one, CopyStream().row(-2).bytes()), "source.protocol");
  EXPECT_EQ(error_code(one, CopyStream().row(1).raw(i32(-2)).bytes()), "source.protocol");
  EXPECT_EQ(error_code(one, CopyStream().row(1).field("abc").bytes()), "source.protocol");
  EXPECT_EQ(error_code(one, CopyStream().end().raw("x").bytes()), "source.protocol");
  std::string flags = CopyStream().end().bytes();
  flags[12] = 1;
  EXPECT_EQ(error_code(one, flags), "source.protocol");
}

TEST(CopyDecoder, ADeclaredLengthReservesNothing) {
  CopyDecoder decoder({{.name = "c", .type = Type::of(TypeId::string), .wire = Wire::text}}, kWide);
  const auto batch = decoder.make_batch();
  decoder.begin_batch(batch.get());
  const std::string stream = CopyStream().row(1).raw(i32(INT32_MAX)).raw("abc").bytes();
  EXPECT_EQ(decoder.feed(bytes_of(stream)), stream.size());
  EXPECT_EQ(batch->rows, 0);
}

TEST(CopyDecoder, Pitfall12_DatesKeepInfinityBcAndFarYears) {
  const Type date = Type::of(TypeId::date);
  EXPECT_EQ(text_of(Wire::date, date, i32(0)), "2000-01-01");
  EXPECT_EQ(text_of(Wire::date, date, i32(INT32_MAX)), "infinity");
  EXPECT_EQ(text_of(Wire::date, date, i32(INT32_MIN)), "-infinity");
  EXPECT_EQ(text_of(Wire::date, date, i32(-2'451'507)), "4713-01-01 BC");
  EXPECT_EQ(text_of(Wire::date, date, i32(2'145'031'948)), "5874897-12-31");
  const std::vector<WireColumn> column = {{.name = "c", .type = date, .wire = Wire::date}};
  EXPECT_EQ(error_code(column, CopyStream().row(1).field(i32(INT32_MAX - 5)).bytes()),
            "source.protocol");
}

TEST(CopyDecoder, Pitfall12_TimestampsBeyondTheRangeAreIssuesAndNeverWrap) {
  const Type type = Type::timestamp(6, true);
  EXPECT_EQ(text_of(Wire::timestamp, type, i64(0)), "2000-01-01 00:00:00.000000Z");
  EXPECT_EQ(text_of(Wire::timestamp, type, i64(INT64_MAX)), "infinity");
  EXPECT_EQ(text_of(Wire::timestamp, type, i64(INT64_MIN)), "-infinity");
  // 4714-11-24 00:00:00 BC, PostgreSQL's first.
  EXPECT_EQ(text_of(Wire::timestamp, type, i64(-211'813'488'000'000'000)),
            "4714-11-24 00:00:00.000000Z BC");
  const Decoded last = decode_one({.name = "c", .type = type, .wire = Wire::timestamp},
                                  i64(9'223'371'331'199'999'999));
  ASSERT_EQ(last.issues.size(), 1U);
  EXPECT_EQ(last.issues[0].kind, IssueKind::out_of_range);
  EXPECT_EQ(last.issues[0].text, "294276-12-31 23:59:59.999999");
  EXPECT_EQ(last.text.substr(0, 6), "294247");
}

TEST(CopyDecoder, DecodesTheRemainingTypes) {
  EXPECT_EQ(
      text_of(Wire::interval, Type::of(TypeId::interval), i64(11'045'678'901) + i32(2) + i32(1)),
      "1 mon 2 days 03:04:05.678901");
  EXPECT_EQ(text_of(Wire::network, Type::of(TypeId::network),
                    std::string("\x02\x20\0\x04\xC0\xA8\x01\x05", 8)),
            "192.168.1.5");
  EXPECT_EQ(text_of(Wire::network, Type::of(TypeId::network),
                    std::string("\x02\x08\x01\x04\x0A\0\0\0", 8)),
            "10.0.0.0/8");
  EXPECT_EQ(text_of(Wire::mac, Type::of(TypeId::network), "\x08\x01\x2b\x01\x02\x03"),
            "08:01:2b:01:02:03");
  EXPECT_EQ(text_of(Wire::bits, Type::of(TypeId::string), i32(5) + "\xB0"), "10110");
  EXPECT_EQ(text_of(Wire::jsonb, Type::of(TypeId::json), "\x01{\"a\": 1}"), "{\"a\": 1}");
  EXPECT_EQ(text_of(Wire::character, Type::of(TypeId::string), "\xFF"), "\\377");
  EXPECT_EQ(text_of(Wire::character, Type::of(TypeId::string), std::string(1, '\0')), "");
}

TEST(CopyDecoder, IntervalInfinityIsAnIssue) {
  const Decoded value =
      decode_one({.name = "c", .type = Type::of(TypeId::interval), .wire = Wire::interval},
                 i64(INT64_MAX) + i32(INT32_MAX) + i32(INT32_MAX));
  ASSERT_EQ(value.issues.size(), 1U);
  EXPECT_EQ(value.issues[0].kind, IssueKind::infinite);
}

TEST(CopyDecoder, Pitfall36_GeometryLosesTheSridThatItsColumnTells) {
  const std::string plain = std::string("\x01\x01\0\0\0", 5) + std::string(16, '\0');
  const std::string with_srid =
      std::string("\x01\x01\0\0\x20\xE6\x10\0\0", 9) + std::string(16, '\0');
  EXPECT_EQ(text_of(Wire::geometry, Type::geometry(4326), with_srid),
            text_of(Wire::geometry, Type::geometry(0), plain));
  EXPECT_EQ(text_of(Wire::geometry, Type::geometry(0), with_srid).size(), 2 + 2 * with_srid.size());
  EXPECT_EQ(text_of(Wire::geometry, Type::geometry(3857), with_srid).size(),
            2 + 2 * with_srid.size());
}

WireColumn int_list(int depth) {
  Type type = Type::of(TypeId::int32);
  for (int i = 0; i < depth; ++i) type = Type::list(type);
  return {.name = "c", .type = type, .wire = Wire::int32};
}

std::string matrix_2x2(int lower) {
  std::string bytes = i32(2) + i32(0) + i32(23) + i32(2) + i32(lower) + i32(2) + i32(1);
  for (int i = 1; i <= 4; ++i) bytes += i32(4) + i32(i);
  return bytes;
}

TEST(CopyDecoder, Pitfall39_ArraysKeepTheirShapeOrAreReported) {
  EXPECT_EQ(decode_one(int_list(2), matrix_2x2(1)).text, "{{1,2},{3,4}}");
  EXPECT_EQ(decode_one(int_list(1), i32(0) + i32(0) + i32(23)).text, "{}");
  const Decoded flat = decode_one(int_list(1), matrix_2x2(1));
  ASSERT_EQ(flat.issues.size(), 1U);
  EXPECT_EQ(flat.issues[0].kind, IssueKind::invalid_value);
  EXPECT_EQ(flat.issues[0].text, "[1:2][1:2]={1,2,3,4}");
  const Decoded shifted = decode_one(int_list(2), matrix_2x2(0));
  ASSERT_EQ(shifted.issues.size(), 1U);
  EXPECT_EQ(shifted.issues[0].kind, IssueKind::precision);
  EXPECT_EQ(shifted.text, "{{1,2},{3,4}}");
}

TEST(CopyDecoder, HostileArraysAreRefusedBeforeAnyLoop) {
  const std::vector<WireColumn> column = {int_list(1)};
  const auto code = [&](const std::string& bytes) {
    return error_code(column, CopyStream().row(1).field(bytes).end().bytes());
  };
  EXPECT_EQ(code(i32(7) + i32(0) + i32(23)), "source.protocol");
  EXPECT_EQ(code(i32(1) + i32(0) + i32(23) + i32(INT32_MAX) + i32(1)), "source.protocol");
  EXPECT_EQ(code(i32(1) + i32(0) + i32(23) + i32(-1) + i32(1)), "source.protocol");
  EXPECT_EQ(code(i32(1) + i32(0) + i32(23) + i32(1) + i32(1) + i32(99)), "source.protocol");
  EXPECT_EQ(code(i32(2) + i32(0) + i32(23) + i32(65536) + i32(1) + i32(65536) + i32(1)),
            "source.protocol");
}

TEST(CopyDecoder, InvalidUtf8OfACharsetlessDatabaseIsAnIssue) {
  const WireColumn checked{
      .name = "c", .type = Type::of(TypeId::string), .wire = Wire::text, .check_utf8 = true};
  const Decoded value = decode_one(checked, "caf\xE9");
  ASSERT_EQ(value.issues.size(), 1U);
  EXPECT_EQ(value.issues[0].kind, IssueKind::invalid_text);
  EXPECT_EQ(value.issues[0].text, "caf\\xe9");
  EXPECT_TRUE(decode_one(checked, "café").issues.empty());
}

TEST(CopyDecoder, Pitfall8_SpecialNumericsInADecimalAreIssues) {
  const WireColumn column{.name = "c", .type = Type::decimal(10, 2), .wire = Wire::numeric};
  const auto kind = [&](const std::string& bytes) {
    const Decoded value = decode_one(column, bytes);
    EXPECT_EQ(value.issues.size(), 1U);
    return value.issues.at(0).kind;
  };
  EXPECT_EQ(kind(numeric({.sign = 0xC000})), IssueKind::not_a_number);
  EXPECT_EQ(kind(numeric({.sign = 0xD000, .display_scale = 0x20})), IssueKind::infinite);
  EXPECT_EQ(kind(numeric({.sign = 0xF000})), IssueKind::infinite);
  EXPECT_EQ(kind(numeric({.weight = 2, .digits = {1, 0, 0}})), IssueKind::out_of_range);
  EXPECT_EQ(kind(numeric({.display_scale = 3, .digits = {1, 2340}})), IssueKind::precision);
}

}  // namespace
}  // namespace penstock::postgresql
