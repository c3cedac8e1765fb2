#include "core/value_parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/civil.h"
#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

// A parser returns nothing when the text is not a value of its type; the one place that throws
// then knows both the type and the whole text.

template <typename T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_end(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

template <typename T>
std::optional<T> float_number(std::string_view text) {
  using Limits = std::numeric_limits<T>;
  if (text == "NaN") return Limits::quiet_NaN();
  if (text == "Infinity") return Limits::infinity();
  if (text == "-Infinity") return -Limits::infinity();
  // from_chars would also take "inf" and "nan" in any case.
  if (text.find_first_not_of("0123456789.+-e") != std::string_view::npos) return std::nullopt;
  return number<T>(text);
}

// Little-endian 256-bit two's complement.
using Wide = std::array<std::uint32_t, 8>;

void multiply_add(Wide& words, std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (std::uint32_t& word : words) {
    carry += std::uint64_t{word} * factor;
    word = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
}

std::optional<Wide> decimal(std::string_view text, int precision, int scale) {
  const bool negative = take(text, "-");
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  if (!all_digits(whole) || static_cast<int>(part.size()) != scale) return std::nullopt;
  if (scale == 0 ? dot != std::string_view::npos : !all_digits(part)) return std::nullopt;
  Wide words{};
  int digits = 0;
  for (const std::string_view run : {whole, part}) {
    for (const char c : run) {
      if (digits != 0 || c != '0') ++digits;
      if (digits > precision) return std::nullopt;
      multiply_add(words, 10, static_cast<std::uint32_t>(c - '0'));
    }
  }
  if (negative) {
    for (std::uint32_t& word : words) word = ~word;
    multiply_add(words, 1, 1);
  }
  return words;
}

bool is_numeric(std::string_view text) {
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") return true;
  take(text, "-");
  const std::size_t dot = text.find('.');
  return all_digits(text.substr(0, dot)) &&
         (dot == std::string_view::npos || all_digits(text.substr(dot + 1)));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> hex_bytes(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

// "2024-02-29", the year of 4 to 12 digits.
std::optional<std::int64_t> civil_days(std::string_view text, bool bc) {
  if (text.size() < 10 || text.size() > 18) return std::nullopt;
  const std::string_view year_text = text.substr(0, text.size() - 6);
  const std::string_view month_text = text.substr(text.size() - 5, 2);
  const std::string_view day_text = text.substr(text.size() - 2);
  if (text[text.size() - 6] != '-' || text[text.size() - 3] != '-') return std::nullopt;
  if (!all_digits(year_text) || !all_digits(month_text) || !all_digits(day_text)) {
    return std::nullopt;
  }
  const auto year = number<std::int64_t>(year_text);
  if (*year == 0) return std::nullopt;  // 1 BC comes before 1
  const CivilDate date{bc ? 1 - *year : *year, *number<int>(month_text), *number<int>(day_text)};
  const std::int64_t days = days_from_civil(date);
  const CivilDate back = civil_from_days(days);
  if (back.month != date.month || back.day != date.day) return std::nullopt;
  return days;
}

std::optional<std::int32_t> date(std::string_view text) {
  if (text == "infinity") return kDateInfinity;
  if (text == "-infinity") return kDateMinusInfinity;
  const bool bc = take_end(text, " BC");
  const auto days = civil_days(text, bc);
  if (!days || *days <= kDateMinusInfinity || *days >= kDateInfinity) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

// value × 10^digits, or nothing when that does not fit.
std::optional<std::int64_t> scaled(std::int64_t value, int digits) {
  for (; digits > 0; --digits) {
    if (__builtin_mul_overflow(value, 10, &value)) return std::nullopt;
  }
  return value;
}

// "HH:MM:SS[.fraction]" in ticks of 10^-digits s, times `sign`: the smallest value has no positive
// counterpart. Exactly `digits` digits follow the point.
std::optional<std::int64_t> clock(std::string_view text, int digits, int sign) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2 || text.size() < colon + 6) return std::nullopt;
  const std::string_view rest = text.substr(colon + 1);
  if (!all_digits(text.substr(0, colon)) || !all_digits(rest.substr(0, 2)) || rest[2] != ':' ||
      !all_digits(rest.substr(3, 2))) {
    return std::nullopt;
  }
  const auto hours = number<std::int64_t>(text.substr(0, colon));
  const auto minutes = *number<int>(rest.substr(0, 2)), seconds = *number<int>(rest.substr(3, 2));
  std::string_view part = rest.substr(5);
  if (!hours || *hours > INT64_MAX / 3600 || minutes > 59 || seconds > 59) return std::nullopt;
  if (digits == 0 ? !part.empty() : !take(part, ".") || !all_digits(part)) return std::nullopt;
  if (static_cast<int>(part.size()) != digits) return std::nullopt;
  std::int64_t all = *hours * 3600;
  if (__builtin_add_overflow(all, minutes * 60 + seconds, &all)) return std::nullopt;
  const auto whole = scaled(all * sign, digits);
  const std::int64_t fraction = digits == 0 ? 0 : *number<std::int64_t>(part) * sign;
  std::int64_t ticks = 0;
  if (!whole || __builtin_add_overflow(*whole, fraction, &ticks)) return std::nullopt;
  return ticks;
}

std::optional<std::int64_t> time_ticks(std::string_view text, int digits) {
  const int sign = take(text, "-") ? -1 : 1;
  return clock(text, digits, sign);
}

std::optional<std::int64_t> timestamp(std::string_view text, int digits, bool utc) {
  if (text == "infinity") return kTimestampInfinity;
  if (text == "-infinity") return kTimestampMinusInfinity;
  const bool bc = take_end(text, " BC");
  if (utc && !take_end(text, "Z")) return std::nullopt;
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto days = civil_days(text.substr(0, blank), bc);
  const auto rest = clock(text.substr(blank + 1), digits, 1);
  const std::int64_t day = *scaled(86'400, digits);
  if (!days || !rest || *rest >= day) return std::nullopt;
  // One day later and back again: the first day of the range begins below what fits.
  const bool before = *days < 0;
  std::int64_t ticks = 0;
  if (__builtin_mul_overflow(*days + (before ? 1 : 0), day, &ticks) ||
      __builtin_add_overflow(ticks, before ? *rest - day : *rest, &ticks) ||
      ticks == kTimestampInfinity || ticks == kTimestampMinusInfinity) {
    return std::nullopt;
  }
  return ticks;
}

struct Interval {
  std::int32_t months = 0, days = 0;
  std::int64_t micros = 0;
};

// "[-]HH:MM:SS[.fraction]" with up to 6 digits, as PostgreSQL trims them.
std::optional<std::int64_t> interval_clock(std::string_view text) {
  const int sign = take(text, "-") ? -1 : (take(text, "+"), 1);
  std::string padded(text);
  const std::size_t dot = padded.find('.');
  if (dot == std::string::npos) return clock(padded + ".000000", 6, sign);
  if (padded.size() - dot - 1 > 6 || dot + 1 == padded.size()) return std::nullopt;
  padded.resize(dot + 7, '0');
  return clock(padded, 6, sign);
}

std::optional<Interval> interval(std::string_view text) {
  Interval out;
  const std::vector<std::string> words = split(text, ' ');
  std::size_t i = 0;
  for (int unit = 0; i + 1 < words.size() && unit < 3; ++unit) {
    constexpr std::array<std::string_view, 3> names = {"year", "mon", "day"};
    std::string_view name = words[i + 1];
    take_end(name, "s");
    if (name != names[static_cast<std::size_t>(unit)]) continue;
    std::string_view digits = words[i];
    take(digits, "+");
    auto count = number<std::int32_t>(digits);
    if (!count || (unit == 0 && __builtin_mul_overflow(*count, 12, &*count))) return std::nullopt;
    std::int32_t& sum = unit == 2 ? out.days : out.months;
    if (__builtin_add_overflow(sum, *count, &sum)) return std::nullopt;
    i += 2;
  }
  if (i == words.size()) return out;
  if (i + 1 != words.size()) return std::nullopt;
  const auto micros = interval_clock(words[i]);
  if (!micros) return std::nullopt;
  out.micros = *micros;
  return out;
}

std::optional<std::string> uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits += text[i];
  }
  return hex_bytes(digits);
}

struct Element {
  std::string text;
  bool missing = false;
};

// The element at the front of a list's inside; `text` is left at the comma or at the end.
std::optional<Element> take_element(std::string_view& text, bool nested) {
  Element out;
  if (!nested && take(text, "\"")) {
    while (!text.empty() && text.front() != '"') {
      take(text, "\\");
      if (text.empty()) return std::nullopt;
      out.text += text.front();
      text.remove_prefix(1);
    }
    if (!take(text, "\"")) return std::nullopt;
    return out;
  }
  int depth = 0;
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (text[end] != ',' || depth > 0 || quoted); ++end) {
    if (text[end] == '\\')
      ++end;
    else if (text[end] == '"')
      quoted = !quoted;
    else if (!quoted && text[end] == '{')
      ++depth;
    else if (!quoted && text[end] == '}')
      --depth;
  }
  if (end > text.size() || depth != 0 || quoted) return std::nullopt;
  out.text = text.substr(0, end);
  text.remove_prefix(end);
  out.missing = out.text == "NULL";
  if (out.text.empty()) return std::nullopt;  // an empty element is written ""
  return out;
}

bool append(std::string_view text, ColumnBuilder builder);

bool append_list(std::string_view text, ColumnBuilder builder) {
  if (!take(text, "{") || !take_end(text, "}")) return false;
  const bool nested = builder.column().type.element->id == TypeId::list;
  while (!text.empty()) {
    const auto element = take_element(text, nested);
    if (!element) return false;
    if (element->missing) {
      builder.child().append_null();
    } else if (!append(element->text, builder.child())) {
      return false;
    }
    if (text.empty()) break;
    if (!take(text, ",") || text.empty()) return false;
  }
  builder.end_list();
  return true;
}

template <typename T>
bool append_fixed(const std::optional<T>& value, ColumnBuilder& builder) {
  if (value) builder.append_fixed(*value);
  return value.has_value();
}

bool append_bytes(const std::optional<std::string>& value, ColumnBuilder& builder) {
  if (value) builder.append_bytes(*value);
  return value.has_value();
}

// Appends `text` when it is a value of the column's type. A list that turns out wrong half-way
// leaves elements behind in the child: see append_parsed().
bool append(std::string_view text, ColumnBuilder builder) {
  const Type& type = builder.column().type;
  switch (type.id) {
    case TypeId::boolean:
      if (text != "true" && text != "false") return false;
      builder.append_bit(text == "true");
      return true;
    case TypeId::int8: return append_fixed(number<std::int8_t>(text), builder);
    case TypeId::int16: return append_fixed(number<std::int16_t>(text), builder);
    case TypeId::int32: return append_fixed(number<std::int32_t>(text), builder);
    case TypeId::int64: return append_fixed(number<std::int64_t>(text), builder);
    case TypeId::uint8: return append_fixed(number<std::uint8_t>(text), builder);
    case TypeId::uint16: return append_fixed(number<std::uint16_t>(text), builder);
    case TypeId::uint32: return append_fixed(number<std::uint32_t>(text), builder);
    case TypeId::uint64: return append_fixed(number<std::uint64_t>(text), builder);
    case TypeId::float32: return append_fixed(float_number<float>(text), builder);
    case TypeId::float64: return append_fixed(float_number<double>(text), builder);
    case TypeId::decimal: {
      const auto value = decimal(text, type.precision, type.scale);
      if (value) builder.append_raw(value->data(), static_cast<std::size_t>(fixed_width(type)));
      return value.has_value();
    }
    case TypeId::date: return append_fixed(date(text), builder);
    case TypeId::time: return append_fixed(time_ticks(text, type.digits), builder);
    case TypeId::timestamp: return append_fixed(timestamp(text, type.digits, type.utc), builder);
    case TypeId::interval: return append_fixed(interval(text), builder);
    case TypeId::uuid: {
      const auto bytes = uuid(text);
      if (bytes) builder.append_raw(bytes->data(), bytes->size());
      return bytes.has_value();
    }
    case TypeId::binary:
    case TypeId::geometry: return take(text, "\\x") && append_bytes(hex_bytes(text), builder);
    case TypeId::numeric:
      if (!is_numeric(text)) return false;
      break;
    case TypeId::list: return append_list(text, builder);
    case TypeId::string:
    case TypeId::json:
    case TypeId::enumeration:
    case TypeId::network: break;
  }
  builder.append_bytes(text);
  return true;
}

}  // namespace

void append_parsed(std::string_view text, ColumnBuilder builder) {
  const Type& type = builder.column().type;
  bool good = true;
  if (type.id == TypeId::list) {
    // A trial first, so that a bad element leaves no good ones behind.
    Column trial(type);
    good = append(text, ColumnBuilder(&trial));
  }
  if (good && append(text, builder)) return;
  throw config_error("config.value",
                     "'" + printable(text) + "' is not a value of type " + to_text(type));
}

}  // namespace penstock
