#include "adapters/systems/mysql/value_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/systems/mysql/decimal_text.h"
#include "core/civil.h"
#include "core/error.h"
#include "core/text.h"
#include "core/value_text.h"

namespace penstock::mysql {

namespace {

constexpr std::size_t kIssueTextBytesMax = 200;
constexpr unsigned kTimeDaysMax = 34;  // 838:59:59
constexpr std::size_t kSridBytes = 4, kWkbBytesMin = 5;
constexpr std::uint32_t kEwkbSrid = 0x20000000;  // PostGIS: a SRID follows the type

__extension__ typedef __int128 Wide;

template <typename T>
T load(const std::uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

std::string two_digits(unsigned value) {
  return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

}  // namespace

void ValueSink::issue(IssueKind kind, std::string text) const {
  if (text.size() > kIssueTextBytesMax) text.resize(utf8_prefix(text, kIssueTextBytesMax).size());
  issues->push_back({row, column_index, kind, std::move(text)});
}

void ValueSink::malformed() const {
  throw Error(
      Side::source, "source.protocol",
      "MySQL sent bytes that are no value of the form " + std::string(to_text(column->wire)))
      .in_column(column->name)
      .hint("is this really a MySQL or MariaDB server, and was the table changed meanwhile?");
}

// ---- numbers

namespace {

void append_integer(ValueSink& sink, Wide value) {
  const Type& type = sink.column->type;
  ColumnBuilder& builder = sink.builder;
  switch (type.id) {
    case TypeId::boolean:
      // The only integer column that is asked for as one: tinyint(1), which holds any int8.
      if (value != 0 && value != 1) {
        sink.issue(IssueKind::invalid_value, std::to_string(static_cast<std::int64_t>(value)));
      }
      return builder.append_bit(value != 0);
    case TypeId::int8: return builder.append_fixed(static_cast<std::int8_t>(value));
    case TypeId::int16: return builder.append_fixed(static_cast<std::int16_t>(value));
    case TypeId::int32: return builder.append_fixed(static_cast<std::int32_t>(value));
    case TypeId::int64: return builder.append_fixed(static_cast<std::int64_t>(value));
    case TypeId::uint8: return builder.append_fixed(static_cast<std::uint8_t>(value));
    case TypeId::uint16: return builder.append_fixed(static_cast<std::uint16_t>(value));
    case TypeId::uint32: return builder.append_fixed(static_cast<std::uint32_t>(value));
    case TypeId::uint64: return builder.append_fixed(static_cast<std::uint64_t>(value));
    default: break;
  }
  const bool negative = value < 0;
  const auto magnitude = static_cast<std::uint64_t>(negative ? -value : value);
  const std::string text = (negative ? "-" : "") + std::to_string(magnitude);
  const auto wide = parse_decimal(text, type.precision, type.scale);
  if (wide->overflow) sink.issue(IssueKind::out_of_range, text);
  builder.append_raw(wide->words.data(), static_cast<std::size_t>(fixed_width(type)));
}

template <typename T>
const std::uint8_t* decode_integer(ValueSink& sink, const std::uint8_t* p,
                                   const std::uint8_t* end) {
  if (end - p < static_cast<std::ptrdiff_t>(sizeof(T))) sink.malformed();
  append_integer(sink, load<T>(p));
  return p + sizeof(T);
}

const std::uint8_t* decode_float(ValueSink& sink, const std::uint8_t* p, const std::uint8_t* end) {
  if (end - p < 4) sink.malformed();
  const auto value = load<float>(p);
  if (sink.column->type.id == TypeId::float64) {
    sink.builder.append_fixed(static_cast<double>(value));
  } else {
    sink.builder.append_fixed(value);
  }
  return p + 4;
}

void decode_decimal(ValueSink& sink, std::string_view text) {
  const Type& type = sink.column->type;
  const bool numeric = type.id == TypeId::numeric;
  const auto value = parse_decimal(text, numeric ? 76 : type.precision, numeric ? 76 : type.scale);
  if (!value) sink.malformed();
  if (numeric) return sink.builder.append_bytes(text);
  if (value->overflow) {
    sink.issue(IssueKind::out_of_range, std::string(text));
  } else if (value->cut) {
    sink.issue(IssueKind::precision, std::string(text));
  }
  sink.builder.append_raw(value->words.data(), static_cast<std::size_t>(fixed_width(type)));
}

void decode_bit(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > 8) sink.malformed();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  append_integer(sink, static_cast<Wide>(value));
}

// ---- dates and times

struct DateTime {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::uint32_t micros = 0;
};

// A length of 0, 4, 7 or 11, and so many bytes.
DateTime read_datetime(const ValueSink& sink, const std::uint8_t*& p, const std::uint8_t* end) {
  DateTime out;
  const std::size_t size = p == end ? 1 : *p++;
  if ((size != 0 && size != 4 && size != 7 && size != 11) ||
      end - p < static_cast<std::ptrdiff_t>(size)) {
    sink.malformed();
  }
  if (size >= 4) {
    out.year = load<std::uint16_t>(p);
    out.month = p[2];
    out.day = p[3];
  }
  if (size >= 7) {
    out.hour = p[4];
    out.minute = p[5];
    out.second = p[6];
  }
  if (size == 11) out.micros = load<std::uint32_t>(p + 7);
  p += size;
  if (out.year > 9999 || out.month > 12 || out.day > 31 || out.hour > 23 || out.minute > 59 ||
      out.second > 59 || out.micros > 999'999) {
    sink.malformed();
  }
  return out;
}

std::string date_as_sent(const DateTime& value) {
  return two_digits(value.year / 100) + two_digits(value.year) + "-" + two_digits(value.month) +
         "-" + two_digits(value.day);
}

unsigned days_in_month(unsigned year, unsigned month) {
  constexpr std::array<unsigned, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Days since 1970 of the date or, when it is none ("0000-00-00", a zero in part, February 30th), of
// the nearest one that is.
std::int64_t days_of(DateTime value, bool& valid) {
  const DateTime sent = value;
  value.month = std::max(value.month, 1U);
  value.day = std::clamp(value.day, 1U, days_in_month(value.year, value.month));
  valid = value.month == sent.month && value.day == sent.day;
  return days_from_civil({value.year, static_cast<int>(value.month), static_cast<int>(value.day)});
}

const std::uint8_t* decode_date(ValueSink& sink, const std::uint8_t* p, const std::uint8_t* end) {
  const DateTime value = read_datetime(sink, p, end);
  bool valid = false;
  const std::int64_t days = days_of(value, valid);
  if (!valid) sink.issue(IssueKind::invalid_value, date_as_sent(value));
  sink.builder.append_fixed(static_cast<std::int32_t>(days));
  return p;
}

// Microseconds to ticks of the column's digits; digits that have no place are an issue.
std::int64_t ticks_of(const ValueSink& sink, std::int64_t micros, bool report,
                      const std::string& text) {
  std::int64_t per_tick = 1;
  for (int i = sink.column->type.digits; i < 6; ++i) per_tick *= 10;
  if (report && micros % per_tick != 0) sink.issue(IssueKind::precision, text);
  return micros / per_tick - (micros % per_tick < 0 ? 1 : 0);
}

const std::uint8_t* decode_datetime(ValueSink& sink, const std::uint8_t* p,
                                    const std::uint8_t* end) {
  const DateTime value = read_datetime(sink, p, end);
  bool valid = false;
  const std::int64_t days = days_of(value, valid);
  const std::int64_t seconds = std::int64_t{value.hour} * 3'600 + value.minute * 60 + value.second;
  const std::int64_t of_day = seconds * 1'000'000 + value.micros;
  const std::string text = date_as_sent(value) + " " + time_text(of_day, 6);
  if (!valid) sink.issue(IssueKind::invalid_value, text);
  const std::int64_t micros = days * 86'400'000'000 + of_day;
  sink.builder.append_fixed(ticks_of(sink, micros, valid, text));
  return p;
}

// A length of 0, 8 or 12: sign, days, hours, minutes, seconds, microseconds.
const std::uint8_t* decode_time(ValueSink& sink, const std::uint8_t* p, const std::uint8_t* end) {
  const std::size_t size = p == end ? 1 : *p++;
  if ((size != 0 && size != 8 && size != 12) || end - p < static_cast<std::ptrdiff_t>(size)) {
    sink.malformed();
  }
  std::int64_t micros = 0;
  if (size >= 8) {
    const auto days = load<std::uint32_t>(p + 1);
    const std::uint32_t part = size == 12 ? load<std::uint32_t>(p + 8) : 0;
    if (p[0] > 1 || days > kTimeDaysMax || p[5] > 23 || p[6] > 59 || p[7] > 59 || part > 999'999) {
      sink.malformed();
    }
    micros = ((std::int64_t{days} * 24 + p[5]) * 3'600 + p[6] * 60 + p[7]) * 1'000'000 + part;
    if (p[0] != 0) micros = -micros;
  }
  sink.builder.append_fixed(ticks_of(sink, micros, true, time_text(micros, 6)));
  return p + size;
}

// ---- counted bytes

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

void decode_text(ValueSink& sink, std::string_view text) {
  const Type& type = sink.column->type;
  // The index 0, which a value gets that was none of the labels.
  if (type.id == TypeId::enumeration && text.empty() &&
      std::ranges::find(type.labels, "") == type.labels.end()) {
    sink.issue(IssueKind::invalid_value, "'' (none of the labels)");
  }
  if (sink.column->check_utf8 && find_invalid_utf8(text) != std::string_view::npos) {
    sink.issue(IssueKind::invalid_text, printable(text, kIssueTextBytesMax / 2));
  }
  sink.builder.append_bytes(text);
}

// Labels hold no commas; the empty text is the empty set.
void decode_set(ValueSink& sink, std::string_view text) {
  ColumnBuilder labels = sink.builder.child();
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    labels.append_bytes(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  sink.builder.end_list();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void decode_uuid(ValueSink& sink, std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t digits = 0;
  bool valid = text.size() == 36;
  for (std::size_t i = 0; valid && i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      valid = text[i] == '-';
      continue;
    }
    const int digit = hex_digit(text[i]);
    valid = digit >= 0;
    if (!valid) break;
    bytes[digits / 2] = static_cast<std::uint8_t>(bytes[digits / 2] << 4 | digit);
    ++digits;
  }
  if (!valid) {
    bytes = {};
    sink.issue(IssueKind::invalid_value, printable(text, kIssueTextBytesMax / 2));
  }
  sink.builder.append_raw(bytes.data(), bytes.size());
}

void decode_uuid_bytes(ValueSink& sink, std::string_view text) {
  if (text.size() == 16) return sink.builder.append_raw(text.data(), text.size());
  sink.issue(IssueKind::invalid_value, "\\x" + hex(text.substr(0, 32)));
  constexpr std::array<std::uint8_t, 16> zeros{};
  sink.builder.append_raw(zeros.data(), zeros.size());
}

// A value of the column's own SRID, or of none, is plain WKB; any other names its SRID (EWKB).
void decode_geometry(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size < kSridBytes + kWkbBytesMin || bytes[kSridBytes] > 1) sink.malformed();
  const auto srid = load<std::uint32_t>(bytes);
  const std::string_view wkb = text_of(bytes + kSridBytes, size - kSridBytes);
  if (srid == 0 || srid == static_cast<std::uint32_t>(sink.column->type.srid)) {
    return sink.builder.append_bytes(wkb);
  }
  std::string out(wkb.substr(0, kWkbBytesMin));
  const bool little = out[0] == 1;
  const auto in_order = [&](std::uint32_t word) { return little ? word : __builtin_bswap32(word); };
  const std::uint32_t kind = in_order(load<std::uint32_t>(bytes + kSridBytes + 1)) | kEwkbSrid;
  const std::uint32_t words[] = {in_order(kind), in_order(srid)};
  std::memcpy(out.data() + 1, words, 4);
  out.append(reinterpret_cast<const char*>(words + 1), 4);
  out += wkb.substr(kWkbBytesMin);
  sink.builder.append_bytes(out);
}

void decode_vector(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size % 4 != 0) sink.malformed();
  ColumnBuilder numbers = sink.builder.child();
  for (std::size_t at = 0; at < size; at += 4) numbers.append_fixed(load<float>(bytes + at));
  sink.builder.end_list();
}

// A length-encoded integer; its own bytes and so many more lie before `end`.
std::size_t read_size(const ValueSink& sink, const std::uint8_t*& p, const std::uint8_t* end) {
  if (p == end) sink.malformed();
  const unsigned first = *p++;
  std::uint64_t size = first;
  if (first > 250) {
    const std::ptrdiff_t bytes = first == 0xFC ? 2 : first == 0xFD ? 3 : first == 0xFE ? 8 : 0;
    if (bytes == 0 || end - p < bytes) sink.malformed();
    size = 0;
    for (std::ptrdiff_t i = bytes; i-- > 0;) size = size << 8 | p[i];
    p += bytes;
  }
  if (size > static_cast<std::uint64_t>(end - p)) sink.malformed();
  return static_cast<std::size_t>(size);
}

void decode_counted(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = text_of(bytes, size);
  switch (sink.column->wire) {
    case Wire::decimal: return decode_decimal(sink, text);
    case Wire::bit: return decode_bit(sink, bytes, size);
    case Wire::set: return decode_set(sink, text);
    case Wire::uuid: return decode_uuid(sink, text);
    case Wire::uuid_bytes: return decode_uuid_bytes(sink, text);
    case Wire::geometry: return decode_geometry(sink, bytes, size);
    case Wire::vector: return decode_vector(sink, bytes, size);
    default: return decode_text(sink, text);
  }
}

}  // namespace

const std::uint8_t* decode_value(ValueSink& sink, const std::uint8_t* p, const std::uint8_t* end) {
  switch (sink.column->wire) {
    case Wire::int8: return decode_integer<std::int8_t>(sink, p, end);
    case Wire::int16: return decode_integer<std::int16_t>(sink, p, end);
    case Wire::int32: return decode_integer<std::int32_t>(sink, p, end);
    case Wire::int64: return decode_integer<std::int64_t>(sink, p, end);
    case Wire::uint8: return decode_integer<std::uint8_t>(sink, p, end);
    case Wire::uint16: return decode_integer<std::uint16_t>(sink, p, end);
    case Wire::uint32: return decode_integer<std::uint32_t>(sink, p, end);
    case Wire::uint64: return decode_integer<std::uint64_t>(sink, p, end);
    case Wire::float32: return decode_float(sink, p, end);
    case Wire::float64: sink.malformed();  // whole ones were copied before
    case Wire::date: return decode_date(sink, p, end);
    case Wire::datetime: return decode_datetime(sink, p, end);
    case Wire::time: return decode_time(sink, p, end);
    default: break;
  }
  const std::size_t size = read_size(sink, p, end);
  decode_counted(sink, p, size);
  return p + size;
}

}  // namespace penstock::mysql
