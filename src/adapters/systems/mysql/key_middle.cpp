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

// Rounded up: between neighbours it is the upper one, which ends a range of one value.
Wide between(Wide low, Wide high, int share) {
  const Wide span = high - low;
  return low + span / kShares * share + (span % kShares * share + kShares - 1) / kShares;
}

std::optional<std::string> middle_number(const std::string& low, const std::string& high,
                                         int share) {
  const std::size_t point = low.find('.');
  const std::size_t scale = point == std::string::npos ? 0 : low.size() - point - 1;
  const auto a = unscaled(low, scale), b = unscaled(high, scale);
  if (!a || !b) return std::nullopt;
  return wide_text(between(*a, *b, share), scale);
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

std::optional<std::string> middle_moment(const std::string& low, const std::string& high,
                                         int share) {
  const auto a = seconds_of(low), b = seconds_of(high);
  if (!a || !b) return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(between(*a, *b, share));
  const std::string text = timestamp_text(seconds, 0, false);
  return quote_literal(low.size() == 10 ? text.substr(0, 10) : text);
}

// ---- text and bytes, as numbers of a large base behind their common beginning

using Units = std::vector<std::uint32_t>;

Units middle_units(const Units& low, const Units& high, std::uint32_t base, int share) {
  std::size_t common = 0;
  while (common < low.size() && common < high.size() && low[common] == high[common]) ++common;
  // As many as fit 100 bits, so that nothing below overflows.
  std::size_t count = 0;
  for (Wide room = Wide{1} << 100; room >= base && count < 8; room /= base) ++count;
  const auto value = [&](const Units& units) {
    Wide out = 0;
    for (std::size_t i = common; i < common + count; ++i) {
      out = out * base + (i < units.size() ? std::min(units[i], base - 1) : 0);
    }
    return out;
  };
  Wide rest = between(value(low), value(high), share);
  Units tail(count);
  for (std::size_t i = count; i-- > 0; rest /= base) {
    tail[i] = static_cast<std::uint32_t>(rest % base);
  }
  while (!tail.empty() && tail.back() == 0) tail.pop_back();
  Units out(low.begin(), low.begin() + static_cast<std::ptrdiff_t>(common));
  out.insert(out.end(), tail.begin(), tail.end());
  return out;
}

bool is_unicode(std::string_view charset) {
  return charset.starts_with("utf") || charset == "ucs2";
}

bool has_two_bytes(std::string_view charset) {
  for (const std::string_view one :
       {"gbk", "gb2312", "gb18030", "big5", "sjis", "cp932", "euckr", "ujis", "eucjpms"}) {
    if (charset == one) return true;
  }
  return false;
}

Units code_points(std::string_view text, bool fold_case) {
  Units out;
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

std::string middle_unicode(const KeyColumn& column, const std::string& low, const std::string& high,
                           int share) {
  const bool fold = column.collation.find("_ci") != std::string::npos;
  const Units a = code_points(low, fold), b = code_points(high, fold);
  // Where all is ASCII the middle shall be too: other characters sort anywhere.
  const auto ascii = [](const Units& units) {
    return std::ranges::all_of(units, [](std::uint32_t unit) { return unit < 0x80; });
  };
  const std::uint32_t base = ascii(a) && ascii(b) ? 0x7F : 0x110000;
  std::string out;
  for (const std::uint32_t point : middle_units(a, b, base, share)) append_utf8(out, point);
  return "CONVERT(" + quote_literal(out) + " USING " + charset_of(column.collation) + ") COLLATE " +
         column.collation;
}

// One unit per character: the byte, or lead and trail, in the upper and lower half.
Units characters(std::string_view bytes, bool two_bytes) {
  Units out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    std::uint32_t unit = lead << 8U;
    if (two_bytes && lead > 0x80 && i + 1 < bytes.size()) {
      unit |= static_cast<unsigned char>(bytes[++i]);
    }
    out.push_back(unit);
  }
  return out;
}

std::string middle_local(const KeyColumn& column, const std::string& low, const std::string& high,
                         int share) {
  const bool two_bytes = has_two_bytes(charset_of(column.collation));
  std::string out;
  for (const std::uint32_t unit :
       middle_units(characters(low, two_bytes), characters(high, two_bytes), 0x10000, share)) {
    const std::uint32_t lead = unit >> 8;
    out += static_cast<char>(lead);
    if (!two_bytes || lead <= 0x80) continue;
    out += static_cast<char>(std::clamp<std::uint32_t>(unit & 0xFF, 0xA1, 0xFC));
  }
  return quote_raw(out, column.collation);
}

std::string middle_bytes(const std::string& low, const std::string& high, int share) {
  std::string out;
  for (const std::uint32_t unit :
       middle_units(characters(low, false), characters(high, false), 0x10000, share)) {
    out += static_cast<char>(unit >> 8);
  }
  return quote_raw(out, {});
}

// Hexadecimal digits in their places; another order costs balance alone.
std::optional<std::string> middle_uuid(const std::string& low, const std::string& high, int share) {
  if (low.size() != 36 || high.size() != 36) return std::nullopt;
  const auto leading = [](const std::string& text) {
    const std::string digits = text.substr(0, 8) + text.substr(9, 4);
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
  };
  const auto value = static_cast<std::uint64_t>(between(leading(low), leading(high), share));
  const std::string digits = hex64(value).substr(4);
  return quote_literal(digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-0000-0000-000000000000");
}

}  // namespace

bool wants_raw_text(const KeyColumn& column) {
  return column.kind == KeyKind::bytes ||
         (column.kind == KeyKind::text && !is_unicode(charset_of(column.collation)));
}

std::optional<std::string> middle(const KeyColumn& column, const std::string& low,
                                  const std::string& high, int share) {
  switch (column.kind) {
    case KeyKind::number: return middle_number(low, high, share);
    case KeyKind::moment: return middle_moment(low, high, share);
    case KeyKind::text:
      return wants_raw_text(column) ? middle_local(column, low, high, share)
                                    : middle_unicode(column, low, high, share);
    case KeyKind::bytes: return middle_bytes(low, high, share);
    case KeyKind::other: return middle_uuid(low, high, share);
  }
  return std::nullopt;
}

}  // namespace penstock::mysql
