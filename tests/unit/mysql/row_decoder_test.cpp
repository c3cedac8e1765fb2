#include "adapters/systems/mysql/row_decoder.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/error.h"
#include "core/value_text.h"
#include "unit/mysql/row_packet.h"

namespace penstock::mysql {
namespace {

using namespace penstock::testing;

constexpr BatchLimits kWide{.bytes_target = 1 << 20, .rows_max = 1000};

// A copy of exactly that size, so that reading behind it shows.
void decode(RowDecoder& decoder, const std::string& packet) {
  const std::vector<std::uint8_t> bytes(packet.begin(), packet.end());
  decoder.decode_row(bytes);
}

// The value's canonical text, and "!" with the issue's kind.
std::string text_of(const WireColumn& column, const std::optional<std::string>& bytes) {
  RowDecoder decoder({column}, kWide);
  const auto batch = decoder.make_batch();
  decoder.begin_batch(batch.get());
  decode(decoder, row_packet({bytes}));
  EXPECT_EQ(batch->rows, 1);
  EXPECT_EQ(batch->columns[0].length, 1);
  std::string text = value_text(batch->columns[0], 0);
  for (const ValueIssue& issue : batch->issues) text += "!" + std::string(to_text(issue.kind));
  return text;
}

std::string text_of(Wire wire, const Type& type, const std::string& bytes) {
  return text_of({.name = "c", .type = type, .wire = wire}, bytes);
}

// Whether the bytes are refused as no value of the column, and by its name.
bool refused(Wire wire, const Type& type, const std::string& bytes) {
  try {
    text_of(wire, type, bytes);
  } catch (const Error& error) {
    return error.code() == "source.protocol";
  }
  return false;
}

Type of(TypeId id) {
  return Type::of(id);
}

TEST(MysqlRows, IntegersOfEveryWidthAndSign) {
  EXPECT_EQ(text_of(Wire::int8, of(TypeId::int8), "\x80"), "-128");
  EXPECT_EQ(text_of(Wire::uint8, of(TypeId::uint8), "\xFF"), "255");
  EXPECT_EQ(text_of(Wire::int16, of(TypeId::int16), little_endian(std::int16_t{-32768})), "-32768");
  EXPECT_EQ(text_of(Wire::uint32, of(TypeId::uint32), "\xFF\xFF\xFF\xFF"), "4294967295");
  EXPECT_EQ(text_of(Wire::int64, of(TypeId::int64), little_endian(INT64_MIN)),
            "-9223372036854775808");
  EXPECT_EQ(text_of(Wire::uint64, of(TypeId::uint64), little_endian(UINT64_MAX)),
            "18446744073709551615");
}

TEST(MysqlRows, IntegersWidenAndBecomeDecimalsAndBooleans) {
  EXPECT_EQ(text_of(Wire::int8, of(TypeId::int64), "\x80"), "-128");
  EXPECT_EQ(text_of(Wire::uint8, of(TypeId::int16), "\xFF"), "255");
  EXPECT_EQ(text_of(Wire::uint64, Type::decimal(20, 0), little_endian(UINT64_MAX)),
            "18446744073709551615");
  EXPECT_EQ(text_of(Wire::int64, Type::decimal(21, 2), little_endian(INT64_MIN)),
            "-9223372036854775808.00");
  EXPECT_EQ(text_of(Wire::int8, of(TypeId::boolean), std::string(1, '\1')), "true");
  EXPECT_EQ(text_of(Wire::int8, of(TypeId::boolean), "\xFF"), "true!invalid_value");
}

TEST(MysqlRows, NullsByTheirBits) {
  std::vector<WireColumn> columns;
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 20; ++i) {
    columns.push_back(
        {.name = "c" + std::to_string(i), .type = of(TypeId::int8), .wire = Wire::int8});
    values.push_back(i % 3 == 0 ? std::nullopt
                                : std::optional(std::string(1, static_cast<char>(i))));
  }
  RowDecoder decoder(columns, kWide);
  const auto batch = decoder.make_batch();
  decoder.begin_batch(batch.get());
  decode(decoder, row_packet(values));
  for (int i = 0; i < 20; ++i) {
    const Column& column = batch->columns[static_cast<std::size_t>(i)];
    EXPECT_EQ(column.valid(0), i % 3 != 0) << i;
    if (i % 3 != 0) {
      EXPECT_EQ(value_text(column, 0), std::to_string(i));
    }
  }
}

TEST(MysqlRows, DecimalsByTheirText) {
  EXPECT_EQ(text_of(Wire::decimal, Type::decimal(9, 2), counted("-1234567.89")), "-1234567.89");
  EXPECT_EQ(text_of(Wire::decimal, Type::decimal(18, 4), counted("0.0001")), "0.0001");
  const std::string digits(65, '9');
  EXPECT_EQ(text_of(Wire::decimal, Type::decimal(65, 0), counted(digits)), digits);
  EXPECT_EQ(text_of(Wire::decimal, Type::decimal(4, 1), counted("1.25")), "1.2!precision");
  EXPECT_EQ(text_of(Wire::decimal, Type::decimal(4, 2), counted("-100.00")), "-99.99!out_of_range");
  EXPECT_EQ(text_of(Wire::decimal, of(TypeId::numeric), counted("12.3400")), "12.3400");
  EXPECT_TRUE(refused(Wire::decimal, Type::decimal(9, 2), counted("1e5")));
  EXPECT_TRUE(refused(Wire::decimal, Type::decimal(9, 2), counted("")));
}

TEST(MysqlRows, FloatsKeepEveryBit) {
  EXPECT_EQ(text_of(Wire::float32, of(TypeId::float32), little_endian(16777216.0F)), "16777216");
  EXPECT_EQ(text_of(Wire::float64, of(TypeId::float64), little_endian(0.1)), "0.1");
  EXPECT_EQ(text_of(Wire::float32, of(TypeId::float64), little_endian(0.5F)), "0.5");
}

TEST(MysqlRows, Pitfall10_DatesThatAreNoneAreReported) {
  const Type date = of(TypeId::date);
  EXPECT_EQ(text_of(Wire::date, date, datetime(4, 2024, 2, 29)), "2024-02-29");
  EXPECT_EQ(text_of(Wire::date, date, datetime(0, 0, 0, 0)), "0001-01-01 BC!invalid_value");
  EXPECT_EQ(text_of(Wire::date, date, datetime(4, 2023, 2, 29)), "2023-02-28!invalid_value");
  EXPECT_EQ(text_of(Wire::date, date, datetime(4, 2024, 0, 7)), "2024-01-07!invalid_value");
  EXPECT_EQ(text_of(Wire::date, date, datetime(4, 9999, 12, 31)), "9999-12-31");
  EXPECT_TRUE(refused(Wire::date, date, datetime(4, 2024, 13, 1)));
  EXPECT_TRUE(refused(Wire::date, date, datetime(4, 10000, 1, 1)));
  EXPECT_TRUE(refused(Wire::date, date, std::string("\x05") + "12345"));
}

TEST(MysqlRows, DatetimesOfEveryLength) {
  const Type micros = Type::timestamp(6, false), seconds = Type::timestamp(0, true);
  EXPECT_EQ(text_of(Wire::datetime, micros, datetime(4, 2024, 2, 29)),
            "2024-02-29 00:00:00.000000");
  EXPECT_EQ(text_of(Wire::datetime, micros, datetime(7, 2024, 2, 29, 23, 59, 58)),
            "2024-02-29 23:59:58.000000");
  EXPECT_EQ(text_of(Wire::datetime, micros, datetime(11, 1, 1, 1, 0, 0, 0, 1)),
            "0001-01-01 00:00:00.000001");
  EXPECT_EQ(text_of(Wire::datetime, seconds, datetime(7, 1970, 1, 1, 0, 0, 1)),
            "1970-01-01 00:00:01Z");
  EXPECT_EQ(
      text_of(Wire::datetime, Type::timestamp(3, false), datetime(11, 1960, 5, 6, 7, 8, 9, 1'500)),
      "1960-05-06 07:08:09.001!precision");
  EXPECT_TRUE(refused(Wire::datetime, micros, datetime(7, 2024, 1, 1, 24, 0, 0)));
  EXPECT_TRUE(refused(Wire::datetime, micros, datetime(11, 2024, 1, 1, 0, 0, 0, 1'000'000)));
}

TEST(MysqlRows, TimesAreSpans) {
  const auto time = [](char negative, std::uint32_t days, char hour, std::uint32_t micros) {
    const std::string body =
        negative + little_endian(days) + hour + '\x3B' + '\x3A' + little_endian(micros);
    return static_cast<char>(body.size()) + body;
  };
  EXPECT_EQ(text_of(Wire::time, Type::time(6), std::string(1, '\0')), "00:00:00.000000");
  EXPECT_EQ(text_of(Wire::time, Type::time(6), time('\1', 34, 22, 7)), "-838:59:58.000007");
  EXPECT_EQ(text_of(Wire::time, Type::time(0), time('\0', 1, 1, 0)), "25:59:58");
  EXPECT_TRUE(refused(Wire::time, Type::time(6), time('\2', 0, 0, 0)));
  EXPECT_TRUE(refused(Wire::time, Type::time(6), time('\0', 35, 0, 0)));
}

TEST(MysqlRows, TextOfEveryLength) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 250U, 251U, 65'535U, 65'536U, 100'000U}) {
    const std::string text(size, 'x');
    EXPECT_EQ(text_of(Wire::text, of(TypeId::string), counted(text)), text) << size;
  }
}

TEST(MysqlRows, TextThatIsNoneAndLabelsThatAreNone) {
  const WireColumn checked{
      .name = "c", .type = of(TypeId::string), .wire = Wire::text, .check_utf8 = true};
  EXPECT_EQ(text_of(checked, counted("h\xC3\xA9")), "h\xC3\xA9");
  EXPECT_NE(text_of(checked, counted("h\xE9")).find("!invalid_text"), std::string::npos);
  const Type mood = Type::enumeration({"sad", "happy"});
  EXPECT_EQ(text_of(Wire::text, mood, counted("sad")), "sad");
  EXPECT_EQ(text_of(Wire::text, mood, counted("")), "!invalid_value");
}

TEST(MysqlRows, SetsBitsUuidsGeometriesAndVectors) {
  EXPECT_EQ(text_of(Wire::set, Type::list(of(TypeId::string)), counted("a,b c")), "{a,\"b c\"}");
  EXPECT_EQ(text_of(Wire::set, Type::list(of(TypeId::string)), counted("")), "{}");
  EXPECT_EQ(text_of(Wire::bit, of(TypeId::uint64), counted("\x01\x02")), "258");
  EXPECT_EQ(text_of(Wire::bit, of(TypeId::boolean), counted("\x01")), "true");
  EXPECT_EQ(text_of(Wire::uuid, of(TypeId::uuid), counted("00112233-4455-6677-8899-AABBCCDDEEFF")),
            "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(text_of(Wire::uuid, of(TypeId::uuid), counted("00112233-4455-6677-8899-AABBCCDDEEFG")),
            "00000000-0000-0000-0000-000000000000!invalid_value");
  EXPECT_EQ(text_of(Wire::uuid_bytes, of(TypeId::uuid), counted(std::string(16, '\x11'))),
            "11111111-1111-1111-1111-111111111111");
  const std::string point =
      "\x01" + little_endian(std::uint32_t{1}) + little_endian(1.0) + little_endian(2.0);
  EXPECT_EQ(
      text_of(Wire::geometry, Type::geometry(0), counted(little_endian(std::uint32_t{0}) + point)),
      "\\x0101000000000000000000f03f0000000000000040");
  EXPECT_EQ(text_of(Wire::geometry, Type::geometry(0),
                    counted(little_endian(std::uint32_t{4326}) + point)),
            "\\x0101000020e6100000000000000000f03f0000000000000040");
  EXPECT_EQ(text_of(Wire::vector, Type::list(of(TypeId::float32)),
                    counted(little_endian(1.5F) + little_endian(-2.0F))),
            "{1.5,-2}");
  EXPECT_TRUE(refused(Wire::bit, of(TypeId::uint64), counted("123456789")));
  EXPECT_TRUE(refused(Wire::geometry, Type::geometry(0), counted("short")));
  EXPECT_TRUE(refused(Wire::vector, Type::list(of(TypeId::float32)), counted("12345")));
}

TEST(MysqlRows, EveryCutOfARowIsRefused) {
  const std::vector<WireColumn> columns = {
      {.name = "i", .type = of(TypeId::int32), .wire = Wire::int32},
      {.name = "t", .type = of(TypeId::string), .wire = Wire::text},
      {.name = "d", .type = Type::decimal(9, 2), .wire = Wire::decimal},
      {.name = "s", .type = Type::timestamp(6, false), .wire = Wire::datetime},
      {.name = "f", .type = of(TypeId::float64), .wire = Wire::float64}};
  const std::string whole =
      row_packet({little_endian(std::int32_t{7}), counted(std::string(300, 'x')), counted("1.25"),
                  datetime(11, 2024, 1, 2, 3, 4, 5, 6), little_endian(0.5)});
  const auto code = [&](const std::string& packet) {
    RowDecoder decoder(columns, kWide);
    const auto batch = decoder.make_batch();
    decoder.begin_batch(batch.get());
    try {
      decode(decoder, packet);
    } catch (const Error& error) {
      return error.code();
    }
    return std::string("none");
  };
  EXPECT_EQ(code(whole), "none");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(code(whole.substr(0, size)), "source.protocol") << size;
  }
  EXPECT_EQ(code(whole + "x"), "source.protocol") << "more than a row";
  EXPECT_EQ(code("\x01" + whole.substr(1)), "source.protocol") << "no row";
  // A length beyond everything: 0xFE and eight bytes.
  EXPECT_TRUE(refused(Wire::text, of(TypeId::string), "\xFE" + std::string(8, '\xFF')));
  EXPECT_TRUE(refused(Wire::text, of(TypeId::string), "\xFF"));
}

TEST(MysqlRows, ABatchEndsByRowsAndByBytes) {
  const std::vector<WireColumn> columns = {
      {.name = "t", .type = of(TypeId::string), .wire = Wire::text}};
  const auto rows_in = [&](const BatchLimits& limits, std::size_t width) {
    RowDecoder decoder(columns, limits);
    std::unique_ptr<Batch> batch;
    // The second batch, whose size was reserved after the first.
    for (int i = 0; i < 2; ++i) {
      batch = decoder.make_batch();
      decoder.begin_batch(batch.get());
      while (!decoder.batch_full()) decode(decoder, row_packet({counted(std::string(width, 'x'))}));
    }
    return batch->rows;
  };
  EXPECT_EQ(rows_in({.bytes_target = 1 << 20, .rows_max = 7}, 3), 7);
  const std::int64_t by_bytes = rows_in({.bytes_target = 1 << 20, .rows_max = 65'536}, 10'000);
  EXPECT_GT(by_bytes, 90);
  EXPECT_LT(by_bytes, 130);
}

TEST(MysqlRows, WireFormsHaveNames) {
  EXPECT_EQ(parse_wire(to_text(Wire::uuid_bytes)), Wire::uuid_bytes);
  EXPECT_THROW(parse_wire("nonsense"), Error);
}

}  // namespace
}  // namespace penstock::mysql
