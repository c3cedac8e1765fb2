#include "core/value_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/civil.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

template <typename... Arguments>
void append_format(std::string& out, const char* format, Arguments... arguments) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, arguments...);
  out.append(text.data(), static_cast<std::size_t>(length));
}

template <typename T>
void append_number(std::string& out, T value) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), result.ptr);
}

template <typename T>
void append_float(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    append_number(out, value);
  }
}

std::int64_t power_of_ten(int exponent) {
  std::int64_t value = 1;
  while (exponent-- > 0) value *= 10;
  return value;
}

// Unsigned, because the magnitude of INT64_MIN has no signed form.
std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

void append_clock(std::string& out, std::uint64_t ticks, int digits) {
  const auto unit = static_cast<std::uint64_t>(power_of_ten(digits));
  const auto seconds = static_cast<unsigned long long>(ticks / unit);
  append_format(out, "%02llu:%02llu:%02llu", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (digits > 0) {
    append_format(out, ".%0*llu", digits, static_cast<unsigned long long>(ticks % unit));
  }
}

void append_date(std::string& out, std::int64_t days) {
  const CivilDate date = civil_from_days(days);
  const bool bc = date.year <= 0;
  append_format(out, "%04lld-%02d-%02d", static_cast<long long>(bc ? 1 - date.year : date.year),
                date.month, date.day);
  if (bc) out += " BC";
}

void append_uuid(std::string& out, std::string_view bytes) {
  const std::string digits = hex(bytes);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
    out += digits[i];
  }
}

// PostgreSQL marks a positive part with "+" when the part before it was negative: a sign holds for
// one part only (src/backend/utils/adt/datetime.c, EncodeInterval).
void append_unit(std::string& out, std::int64_t count, std::string_view singular, bool& negative) {
  if (count == 0) return;
  if (!out.empty()) out += ' ';
  if (negative && count > 0) out += '+';
  negative = count < 0;
  append_number(out, count);
  out.append(" ").append(singular);
  if (count != 1) out += 's';
}

std::string interval_text(const Column& column, std::int64_t row) {
  struct Interval {
    std::int32_t months, days;
    std::int64_t micros;
  };
  const auto value = column.value<Interval>(row);
  std::string out;
  bool negative = false;
  append_unit(out, value.months / 12, "year", negative);
  append_unit(out, value.months % 12, "mon", negative);
  append_unit(out, value.days, "day", negative);
  if (value.micros == 0 && !out.empty()) return out;
  if (!out.empty()) out += ' ';
  if (value.micros < 0) {
    out += '-';
  } else if (negative) {
    out += '+';
  }
  const std::uint64_t micros = magnitude(value.micros);
  const std::uint64_t seconds = micros / 1'000'000;
  append_format(out, "%02llu:%02llu:%02llu", static_cast<unsigned long long>(seconds / 3600),
                static_cast<unsigned long long>(seconds / 60 % 60),
                static_cast<unsigned long long>(seconds % 60));
  if (micros % 1'000'000 != 0) {
    append_format(out, ".%06llu", static_cast<unsigned long long>(micros % 1'000'000));
    while (out.back() == '0') out.pop_back();
  }
  return out;
}

bool needs_quotes(std::string_view text) {
  return text.empty() || lower(text) == "null" ||
         text.find_first_of(",{}\"\\ \t\r\n\v\f") != std::string_view::npos;
}

void append_list(const Column& column, std::int64_t row, std::string& out) {
  const auto* ends = column.offsets.as<std::int32_t>() + row;
  out += '{';
  for (std::int32_t i = ends[0]; i < ends[1]; ++i) {
    if (i != ends[0]) out += ',';
    const Column& child = *column.child;
    const std::string element = value_text(child, i);
    if (!child.valid(i) || child.layout == Physical::list || !needs_quotes(element)) {
      out += element;
      continue;
    }
    out += '"';
    for (const char c : element) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  out += '}';
}

}  // namespace

std::string decimal_text(const void* value, int width, int scale) {
  // Schoolbook division of the magnitude by 10^9, 32 bits at a time.
  std::array<std::uint32_t, 8> words{};
  const auto* bytes = static_cast<const std::uint8_t*>(value);
  const bool negative = (bytes[width - 1] & 0x80U) != 0;
  std::memset(words.data(), negative ? 0xFF : 0, sizeof(words));
  std::memcpy(words.data(), value, static_cast<std::size_t>(width));
  if (negative) {
    std::uint64_t carry = 1;
    for (std::uint32_t& word : words) {
      carry += static_cast<std::uint32_t>(~word);
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  std::string digits;
  while (std::any_of(words.begin(), words.end(), [](std::uint32_t word) { return word != 0; })) {
    std::uint64_t remainder = 0;
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
      const std::uint64_t current = remainder << 32 | *word;
      *word = static_cast<std::uint32_t>(current / 1'000'000'000);
      remainder = current % 1'000'000'000;
    }
    for (int i = 0; i < 9; ++i) {
      digits += static_cast<char>('0' + remainder % 10);
      remainder /= 10;
    }
  }
  while (digits.size() > static_cast<std::size_t>(scale) + 1 && digits.back() == '0') {
    digits.pop_back();
  }
  while (digits.size() < static_cast<std::size_t>(scale) + 1) digits += '0';
  if (scale > 0) digits.insert(static_cast<std::size_t>(scale), 1, '.');
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string date_text(std::int32_t days) {
  if (days == kDateInfinity) return "infinity";
  if (days == kDateMinusInfinity) return "-infinity";
  std::string out;
  append_date(out, days);
  return out;
}

std::string timestamp_text(std::int64_t ticks, int digits, bool utc) {
  if (ticks == kTimestampInfinity) return "infinity";
  if (ticks == kTimestampMinusInfinity) return "-infinity";
  const std::int64_t day_ticks = 86'400 * power_of_ten(digits);
  std::int64_t days = ticks / day_ticks;
  std::int64_t rest = ticks % day_ticks;
  if (rest < 0) {
    --days;
    rest += day_ticks;
  }
  std::string out;
  append_date(out, days);
  // The era mark follows the whole reading, as PostgreSQL writes it.
  const bool bc = out.ends_with(" BC");
  if (bc) out.resize(out.size() - 3);
  out += ' ';
  append_clock(out, static_cast<std::uint64_t>(rest), digits);
  if (utc) out += 'Z';
  if (bc) out += " BC";
  return out;
}

std::string time_text(std::int64_t ticks, int digits) {
  std::string out;
  if (ticks < 0) out += '-';
  append_clock(out, magnitude(ticks), digits);
  return out;
}

void append_value_text(const Column& column, std::int64_t row, std::string& out) {
  if (!column.valid(row)) {
    out += "NULL";
    return;
  }
  switch (column.type.id) {
    case TypeId::boolean: out += column.bit(row) ? "true" : "false"; break;
    case TypeId::int8: append_number(out, int{column.value<std::int8_t>(row)}); break;
    case TypeId::int16: append_number(out, column.value<std::int16_t>(row)); break;
    case TypeId::int32: append_number(out, column.value<std::int32_t>(row)); break;
    case TypeId::int64: append_number(out, column.value<std::int64_t>(row)); break;
    case TypeId::uint8: append_number(out, unsigned{column.value<std::uint8_t>(row)}); break;
    case TypeId::uint16: append_number(out, column.value<std::uint16_t>(row)); break;
    case TypeId::uint32: append_number(out, column.value<std::uint32_t>(row)); break;
    case TypeId::uint64: append_number(out, column.value<std::uint64_t>(row)); break;
    case TypeId::float32: append_float(out, column.value<float>(row)); break;
    case TypeId::float64: append_float(out, column.value<double>(row)); break;
    case TypeId::decimal: {
      const int width = fixed_width(column.type);
      out += decimal_text(column.values.data() + row * width, width, column.type.scale);
      break;
    }
    case TypeId::date: out += date_text(column.value<std::int32_t>(row)); break;
    case TypeId::time: out += time_text(column.value<std::int64_t>(row), column.type.digits); break;
    case TypeId::timestamp:
      out += timestamp_text(column.value<std::int64_t>(row), column.type.digits, column.type.utc);
      break;
    case TypeId::interval: out += interval_text(column, row); break;
    case TypeId::uuid:
      append_uuid(out, {reinterpret_cast<const char*>(column.values.data()) + row * 16, 16});
      break;
    case TypeId::binary:
    case TypeId::geometry: out.append("\\x").append(hex(column.bytes(row))); break;
    case TypeId::list: append_list(column, row, out); break;
    case TypeId::numeric:
    case TypeId::string:
    case TypeId::json:
    case TypeId::enumeration:
    case TypeId::network: out += column.bytes(row); break;
  }
}

std::string value_text(const Column& column, std::int64_t row) {
  std::string out;
  append_value_text(column, row, out);
  return out;
}

namespace {

[[noreturn]] void bad_value(std::string_view text) {
  throw config_error("config.value", "'" + printable(text) + "' is not a date or timestamp");
}

std::int64_t number_at(std::string_view text, std::size_t at, std::size_t length) {
  std::int64_t value = 0;
  if (at + length > text.size()) bad_value(text);
  const auto [end, failure] = std::from_chars(text.data() + at, text.data() + at + length, value);
  if (failure != std::errc() || end != text.data() + at + length || value < 0) bad_value(text);
  return value;
}

}  // namespace

std::int32_t parse_date(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') bad_value(text);
  const CivilDate date{number_at(text, 0, 4), static_cast<int>(number_at(text, 5, 2)),
                       static_cast<int>(number_at(text, 8, 2))};
  const std::int64_t days = days_from_civil(date);
  const CivilDate back = civil_from_days(days);
  if (back.month != date.month || back.day != date.day) bad_value(text);
  return static_cast<std::int32_t>(days);
}

std::int64_t parse_timestamp(std::string_view text, int digits) {
  const std::int64_t unit = power_of_ten(digits);
  std::int64_t ticks = std::int64_t{parse_date(text)} * 86'400 * unit;
  if (text.size() == 10) return ticks;
  if (text.size() < 19 || text[13] != ':' || text[16] != ':') bad_value(text);
  ticks +=
      (number_at(text, 11, 2) * 3600 + number_at(text, 14, 2) * 60 + number_at(text, 17, 2)) * unit;
  if (text.size() > 20 && text[19] == '.') {
    std::int64_t fraction = 0;
    for (int i = 0; i < digits; ++i) {
      const std::size_t at = 20 + static_cast<std::size_t>(i);
      const bool digit = at < text.size() && text[at] >= '0' && text[at] <= '9';
      fraction = fraction * 10 + (digit ? text[at] - '0' : 0);
    }
    ticks += fraction;
  }
  return ticks;
}

}  // namespace penstock
