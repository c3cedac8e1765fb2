// Guesses of where the middle of a range may lie. A bad guess costs balance, never rows.
#include <algorithm>
#include <charconv>

#include "adapters/systems/mysql/key_ranges.h"
#include "adapters/systems/mysql/sql_text.h"
#include "core/error.h"
#include "core/text.h"
#include "core/value_text.h"

namespace penstock::mysql {

namespace {

__extension__ typedef __int128 Wide;
constexpr std::size_t kWideDigitsMax = 37;
constexpr std::size_t kInterpolatedMax = 8;  // bytes or characters behind the common beginning

// An integer or decimal without its point; nothing when it has too many digits.
std::optional<Wide> unscaled(std::string_view text, std::size_t scale) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string fraction(point < text.size() ? text.substr(point + 1) : "");
  fraction.resize(scale, '0');
  digits += fraction;
  if (digits.empty() || digits.size() > kWideDigitsMax ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  Wide value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return negative ? -value : value;
}

std::string wide_text(Wide value, std::size_t scale) {
  const bool negative = value < 0;
  std::string digits;
  for (Wide rest = negative ? -value : value; rest != 0; rest /= 10) {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  if (digits.size() < scale + 1) digits.append(scale + 1 - digits.size(), '0');
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return (negative ? "-" : "") + digits;
}

std::optional<std::string> middle_number(const std::string& low, const std::string& high) {
  const std::size_t point = low.find('.');
  const std::size_t scale = point == std::string::npos ? 0 : low.size() - point - 1;
  const auto a = unscaled(low, scale), b = unscaled(high, scale);
  if (!a || !b) return std::nullopt;
  // Rounded up: between neighbours it is the upper one, which ends a range of one value.
  const Wide span = *b - *a;
  return wide_text(*a + span / 2 + (span % 2 != 0 ? 1 : 0), scale);
}

// Seconds since 1970 of "2024-02-29[ 12:34:56[.789]]"; nothing for zero dates.
std::optional<std::int64_t> seconds_of(const std::string& text) {
  try {
    if (text.size() == 10) return parse_timestamp(text + " 00:00:00", 0);
    return parse_timestamp(text.substr(0, 19), 0);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<std::string> middle_moment(const std::string& low, const std::string& high) {
  const auto a = seconds_of(low), b = seconds_of(high);
  if (!a || !b) return std::nullopt;
  const std::string text = timestamp_text(*a + (*b - *a) / 2, 0, false);
  return quote_literal(low.size() == 10 ? text.substr(0, 10) : text);
}

// Numbers of base `base` behind the common beginning, halved between.
std::vector<std::uint32_t> middle_units(const std::vector<std::uint32_t>& low,
                                        const std::vector<std::uint32_t>& high,
                                        std::uint32_t base) {
  std::size_t common = 0;
  while (common < low.size() && common < high.size() && low[common] == high[common]) ++common;
  std::vector<std::uint32_t> out(low.begin(), low.begin() + static_cast<std::ptrdiff_t>(common));
  std::uint64_t carry = 0;
  for (std::size_t i = common; i < common + kInterpolatedMax; ++i) {
    const std::uint64_t a = i < low.size() ? low[i] : 0, b = i < high.size() ? high[i] : 0;
    const std::uint64_t sum = a + b + carry * base;
    out.push_back(static_cast<std::uint32_t>(std::min<std::uint64_t>(sum / 2, base - 1)));
    carry = sum % 2;
    if (a < b && out.back() > a && i > common + 1) break;
  }
  return out;
}

std::vector<std::uint32_t> code_points(std::string_view text, bool fold_case) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t point = lead < 0x80 ? lead : lead & (0xFFU >> (size + 1));
    for (std::size_t k = 1; k < size && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    }
    if (fold_case && point >= 'A' && point <= 'Z') point += 'a' - 'A';
    out.push_back(point);
    i += size;
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t point) {
  if (point >= 0xD800 && point < 0xE000) point = 0xD7FF;
  if (point < 0x80) {
    out += static_cast<char>(std::max<std::uint32_t>(point, ' '));
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18 & 0x07));
    out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

std::string middle_text(const KeyColumn& column, const std::string& low, const std::string& high) {
  const bool fold = column.collation.find("_ci") != std::string::npos;
  const auto a = code_points(low, fold), b = code_points(high, fold);
  // Where all is ASCII the halves shall be too: other characters sort anywhere.
  const auto ascii = [](const auto& units) {
    return std::ranges::all_of(units, [](std::uint32_t unit) { return unit < 0x80; });
  };
  std::string out;
  for (const std::uint32_t point : middle_units(a, b, ascii(a) && ascii(b) ? 0x7F : 0x10FFFF)) {
    append_utf8(out, point);
  }
  // Characters that the column's set lacks become question marks there: still a guess.
  return "CONVERT(" + quote_literal(out) + " USING " + charset_of(column.collation) + ") COLLATE " +
         column.collation;
}

std::string middle_bytes(const std::string& low, const std::string& high) {
  const auto units = [](const std::string& text) {
    std::vector<std::uint32_t> out;
    for (const char c : text) out.push_back(static_cast<unsigned char>(c));
    return out;
  };
  std::string out;
  for (const std::uint32_t unit : middle_units(units(low), units(high), 256)) {
    out += static_cast<char>(unit);
  }
  return quote_raw(out, {});
}

}  // namespace

std::optional<std::string> middle(const KeyColumn& column, const std::string& low,
                                  const std::string& high) {
  switch (column.kind) {
    case KeyKind::number: return middle_number(low, high);
    case KeyKind::moment: return middle_moment(low, high);
    case KeyKind::text: return middle_text(column, low, high);
    case KeyKind::bytes: return middle_bytes(low, high);
    case KeyKind::other: break;
  }
  // Hexadecimal digits for the most part; what is no uuid or address is refused by the server.
  if (low.size() != high.size() || low.size() != 36) return std::nullopt;
  std::string out = "00000000-0000-0000-0000-000000000000";
  std::uint64_t ends[2] = {};
  for (int i = 0; i < 2; ++i) {
    const std::string& text = i == 0 ? low : high;
    const std::string digits = text.substr(0, 8) + text.substr(9, 4);
    std::from_chars(digits.data(), digits.data() + digits.size(), ends[i], 16);
  }
  const std::string half = hex64((ends[0] + ends[1]) / 2).substr(4);
  out.replace(0, 8, half.substr(0, 8)).replace(9, 4, half.substr(8, 4));
  return quote_literal(out);
}

}  // namespace penstock::mysql
