#include "servers/zoho/compare.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

using Kind = Cell::Kind;

Int128 scaled(const Cell& cell) {
  Int128 value = cell.number;
  for (int i = cell.scale; i < 9; ++i) value *= 10;
  return value;
}

std::int64_t reference_id(const Cell& cell) {
  if (cell.kind != Kind::user) return cell.number;
  return static_cast<std::int64_t>(users()[static_cast<std::size_t>(cell.number)].id);
}

// Digits of any length: shorter ones are smaller once zeros in front are gone.
std::strong_ordering compare_digits(std::string_view left, std::string_view right) {
  const auto significant = [](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    return text;
  };
  left = significant(left);
  right = significant(right);
  if (left.size() != right.size()) return left.size() <=> right.size();
  return left.compare(right) <=> 0;
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Cell> decimal_literal(std::string_view text) {
  Cell cell;
  std::string digits;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    digits += c;
    cell.scale = static_cast<std::uint8_t>(cell.scale + (point ? 1 : 0));
  }
  const auto number = whole(digits);
  if (!number || cell.scale > 9) return std::nullopt;
  cell.kind = Kind::decimal;
  cell.number = *number;
  return cell;
}

}  // namespace

Comparable comparable(const FieldSpec& field) {
  switch (field.shape) {
    case Shape::id:
    case Shape::bigint:
    case Shape::integer:
    case Shape::decimal: return Comparable::number;
    case Shape::text:
    case Shape::picklist:
    case Shape::auto_number: return Comparable::text;
    case Shape::date:
    case Shape::datetime:
    case Shape::created_time:
    case Shape::modified_time: return Comparable::time;
    case Shape::boolean: return Comparable::boolean;
    case Shape::lookup:
    case Shape::user: return Comparable::reference;
    case Shape::multi_picklist:
    case Shape::tags: return Comparable::list;
    default: return Comparable::nothing;
  }
}

std::optional<Cell> literal_cell(const FieldSpec& field, std::string_view text) {
  Cell cell;
  switch (comparable(field)) {
    case Comparable::number:
      if (field.shape == Shape::integer || field.shape == Shape::decimal) {
        return decimal_literal(text);
      }
      if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
      cell.kind = Kind::digits;
      cell.text = text;
      return cell;
    case Comparable::time: {
      const bool date = field.shape == Shape::date;
      const auto number = date ? parse_date(text) : parse_datetime(text);
      if (!number) return std::nullopt;
      cell.kind = date ? Kind::date : Kind::datetime;
      cell.number = *number;
      return cell;
    }
    case Comparable::boolean:
      if (text != "true" && text != "false") return std::nullopt;
      cell.kind = Kind::boolean;
      cell.number = text == "true" ? 1 : 0;
      return cell;
    case Comparable::reference: {
      const auto id = whole(text);
      if (!id) return std::nullopt;
      cell.kind = Kind::lookup;
      cell.number = *id;
      return cell;
    }
    case Comparable::list:
      cell.kind = Kind::list;
      cell.text = text;
      std::replace(cell.text.begin(), cell.text.end(), ';', Cell::kItemEnd);
      return cell;
    default:
      cell.kind = Kind::text;
      cell.text = text;
      return cell;
  }
}

std::strong_ordering compare_cells(const Cell& left, const Cell& right) {
  if (left.is_null() || right.is_null()) return !left.is_null() <=> !right.is_null();
  switch (left.kind) {
    case Kind::integer:
    case Kind::decimal: {
      const Int128 a = scaled(left), b = scaled(right);
      return a < b   ? std::strong_ordering::less
             : a > b ? std::strong_ordering::greater
                     : std::strong_ordering::equal;
    }
    case Kind::digits: return compare_digits(left.text, right.text);
    case Kind::boolean:
    case Kind::date:
    case Kind::datetime: return left.number <=> right.number;
    case Kind::lookup:
    case Kind::user: return reference_id(left) <=> reference_id(right);
    default: return left.text.compare(right.text) <=> 0;
  }
}

bool matches_like(std::string_view text, std::string_view pattern) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  // Greedy with one point to come back to: linear in practice, quadratic at worst.
  std::size_t t = 0, p = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && same(text[t], pattern[p])) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace penstock::zoho_sim
