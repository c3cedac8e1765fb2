#include "adapters/systems/postgresql/value_decoder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "adapters/systems/postgresql/byte_order.h"
#include "adapters/systems/postgresql/numeric_codec.h"
#include "core/error.h"
#include "core/text.h"
#include "core/value_text.h"

namespace penstock::postgresql {

namespace {

constexpr std::size_t kIssueTextBytesMax = 200;
constexpr std::int32_t kDays2000 = 10'957;  // 1970-01-01 to 2000-01-01
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::int64_t kMicros2000 = kDays2000 * kMicrosPerDay;
constexpr int kDimensionsMax = 6;  // MAXDIM in src/include/c.h

}  // namespace

void ValueSink::issue(IssueKind kind, std::string text) const {
  if (text.size() > kIssueTextBytesMax) text.resize(utf8_prefix(text, kIssueTextBytesMax).size());
  issues->push_back({row, column_index, kind, std::move(text)});
}

void ValueSink::malformed(std::string_view what) const {
  throw Error(Side::source, "source.protocol",
              "PostgreSQL sent bytes that are no " + std::string(what))
      .in_column(column->name)
      .hint("is this really a PostgreSQL server, and was the table changed meanwhile?");
}

// ---- numbers

namespace {

void append_magnitude(ValueSink& sink, const Type& type, const ScaledMagnitude& magnitude,
                      bool negative) {
  std::array<std::uint64_t, 4> words{};
  std::copy(std::begin(magnitude.words), std::end(magnitude.words), words.begin());
  if (negative) {
    std::uint64_t carry = 1;
    for (std::uint64_t& word : words) {
      word = ~word + carry;
      carry = carry != 0 && word == 0 ? 1 : 0;
    }
  }
  // Little-endian two's complement: the low bytes are the narrower integer.
  sink.builder.append_raw(words.data(), static_cast<std::size_t>(fixed_width(type)));
}

std::string numeric_text(const Numeric& value) {
  std::string text;
  append_numeric_text(value, text);
  return text;
}

void decode_decimal(ValueSink& sink, const Type& type, const std::uint8_t* bytes,
                    std::size_t size) {
  const auto value = parse_numeric(bytes, size);
  if (!value) sink.malformed("numeric");
  if (value->kind != NumericKind::finite) {
    sink.issue(
        value->kind == NumericKind::not_a_number ? IssueKind::not_a_number : IssueKind::infinite,
        numeric_text(*value));
    append_magnitude(sink, type, {}, false);
    return;
  }
  const ScaledMagnitude magnitude = scale_numeric(*value, type.precision, type.scale);
  if (magnitude.overflow) {
    sink.issue(IssueKind::out_of_range, numeric_text(*value));
  } else if (magnitude.cut) {
    sink.issue(IssueKind::precision, numeric_text(*value));
  }
  append_magnitude(sink, type, magnitude, value->negative);
}

// ---- dates and times

void decode_date(ValueSink& sink, std::int32_t days_2000) {
  std::int32_t days = 0;
  if (days_2000 == INT32_MAX || days_2000 == INT32_MIN) {
    days = days_2000;  // ±infinity, which the logical type spells the same way
  } else if (__builtin_add_overflow(days_2000, kDays2000, &days) || days == kDateInfinity) {
    sink.malformed("date");  // PostgreSQL's own last date is 5874897-12-31
  }
  sink.builder.append_fixed(days);
}

void decode_timestamp(ValueSink& sink, std::int64_t micros_2000) {
  std::int64_t micros = 0;
  if (micros_2000 == INT64_MAX || micros_2000 == INT64_MIN) {
    micros = micros_2000;
  } else if (__builtin_add_overflow(micros_2000, kMicros2000, &micros) ||
             micros == kTimestampInfinity) {
    // PostgreSQL ends at 294276-12-31, microseconds since 1970 end at 294247-01-10.
    std::int64_t days = micros_2000 / kMicrosPerDay;
    std::int64_t rest = micros_2000 % kMicrosPerDay;
    if (rest < 0) {
      --days;
      rest += kMicrosPerDay;
    }
    sink.issue(IssueKind::out_of_range,
               date_text(static_cast<std::int32_t>(days + kDays2000)) + " " + time_text(rest, 6));
    micros = kTimestampInfinity - 1;
  }
  sink.builder.append_fixed(micros);
}

void decode_interval(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  struct Interval {
    std::int32_t months = 0, days = 0;
    std::int64_t micros = 0;
  };
  if (size != 16) sink.malformed("interval");
  Interval value{load_i32(bytes + 12), load_i32(bytes + 8), load_i64(bytes)};
  // Since PostgreSQL 17 all three at their extreme mean ±infinity
  // (src/include/datatype/timestamp.h).
  const bool high =
      value.months == INT32_MAX && value.days == INT32_MAX && value.micros == INT64_MAX;
  const bool low =
      value.months == INT32_MIN && value.days == INT32_MIN && value.micros == INT64_MIN;
  if (high || low) {
    sink.issue(IssueKind::infinite, high ? "infinity" : "-infinity");
    value = {};
  }
  sink.builder.append_fixed(value);
}

// ---- text-like values

// network_out in src/backend/utils/adt/network.c: the mask is left out for a whole inet address.
void decode_network(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  constexpr unsigned family_4 = 2, family_6 = 3;
  const bool v4 = size == 8 && bytes[0] == family_4 && bytes[3] == 4 && bytes[1] <= 32;
  const bool v6 = size == 20 && bytes[0] == family_6 && bytes[3] == 16 && bytes[1] <= 128;
  if (!v4 && !v6) sink.malformed("network address");
  std::array<char, INET6_ADDRSTRLEN> address{};
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes + 4, address.data(), address.size());
  std::string text = address.data();
  const bool is_cidr = bytes[2] != 0;
  if (is_cidr || bytes[1] != (v4 ? 32 : 128)) text += "/" + std::to_string(bytes[1]);
  sink.builder.append_bytes(text);
}

void decode_mac(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size != 6 && size != 8) sink.malformed("MAC address");
  const std::string digits = hex({reinterpret_cast<const char*>(bytes), size});
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i != 0) text += ':';
    text.append(digits, i, 2);
  }
  sink.builder.append_bytes(text);
}

void decode_bits(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size < 4) sink.malformed("bit string");
  const std::uint32_t count = load_u32(bytes);
  if (count > INT32_MAX || size - 4 != (std::size_t{count} + 7) / 8) sink.malformed("bit string");
  std::string text(count, '0');
  for (std::uint32_t i = 0; i < count; ++i) {
    if (((bytes[4 + i / 8] >> (7 - i % 8)) & 1) != 0) text[i] = '1';
  }
  sink.builder.append_bytes(text);
}

// charout of PostgreSQL 16: bytes above 127 have no meaning of their own, so they show as octal.
void decode_character(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size != 1) sink.malformed("\"char\"");
  const unsigned byte = bytes[0];
  if (byte == 0) {
    sink.builder.append_bytes("");
  } else if (byte < 0x80) {
    sink.builder.append_bytes(bytes, 1);
  } else {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "\\%03o", byte);
    sink.builder.append_bytes(text.data());
  }
}

// EWKB: byte order, 32-bit type, then the SRID when flag 0x20000000 is set (PostGIS
// liblwgeom/lwout_wkb.c). The column's type already tells the SRID of most values, which then is
// plain (E)WKB without it; a value with another SRID keeps its own.
void decode_geometry(ValueSink& sink, const Type& type, const std::uint8_t* bytes,
                     std::size_t size) {
  constexpr std::uint32_t srid_flag = 0x20000000U;
  if (size < 5 || bytes[0] > 1) sink.malformed("geometry");
  const bool little = bytes[0] == 1;
  const auto number = [&](const std::uint8_t* at) {
    const std::uint32_t big = load_u32(at);
    return little ? __builtin_bswap32(big) : big;
  };
  const std::uint32_t kind = number(bytes + 1);
  if (type.id != TypeId::geometry || type.srid == 0 || (kind & srid_flag) == 0) {
    sink.builder.append_bytes(bytes, size);
    return;
  }
  if (size < 9) sink.malformed("geometry");
  if (number(bytes + 5) != static_cast<std::uint32_t>(type.srid)) {
    sink.builder.append_bytes(bytes, size);
    return;
  }
  std::string plain(reinterpret_cast<const char*>(bytes), 5);
  plain.append(reinterpret_cast<const char*>(bytes) + 9, size - 9);
  std::uint32_t stripped = kind & ~srid_flag;
  if (!little) stripped = __builtin_bswap32(stripped);
  std::copy_n(reinterpret_cast<const char*>(&stripped), 4, plain.begin() + 1);
  sink.builder.append_bytes(plain);
}

// ---- arrays

struct ArrayHeader {
  int dimensions = 0;
  std::array<std::int32_t, kDimensionsMax> lengths{}, lower{};
  std::int64_t elements = 0;
  const std::uint8_t* at = nullptr;  // next element
  const std::uint8_t* end = nullptr;
};

// array_send in src/backend/utils/adt/arrayfuncs.c.
ArrayHeader parse_array(const ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  ArrayHeader header;
  if (size < 12) sink.malformed("array");
  header.dimensions = load_i32(bytes);
  header.end = bytes + size;
  if (header.dimensions < 0 || header.dimensions > kDimensionsMax ||
      size < 12 + 8 * static_cast<std::size_t>(header.dimensions)) {
    sink.malformed("array");
  }
  header.elements = header.dimensions == 0 ? 0 : 1;
  for (int i = 0; i < header.dimensions; ++i) {
    const auto index = static_cast<std::size_t>(i);
    header.lengths[index] = load_i32(bytes + 12 + 8 * i);
    header.lower[index] = load_i32(bytes + 16 + 8 * i);
    if (header.lengths[index] < 0 ||
        __builtin_mul_overflow(header.elements, header.lengths[index], &header.elements) ||
        header.elements > INT32_MAX) {
      sink.malformed("array");
    }
  }
  header.at = bytes + 12 + 8 * header.dimensions;
  // Every element takes four bytes at least: no loop runs longer than the input is.
  if (header.elements > (header.end - header.at) / 4) sink.malformed("array");
  return header;
}

void decode_element(ValueSink& sink, const Type& type, ArrayHeader& header) {
  if (header.end - header.at < 4) sink.malformed("array");
  const std::int32_t size = load_i32(header.at);
  header.at += 4;
  if (size == -1) {
    sink.builder.append_null();
    return;
  }
  if (size < 0 || header.end - header.at < size) sink.malformed("array");
  decode_value(sink, type, header.at, static_cast<std::size_t>(size));
  header.at += size;
}

void decode_dimension(ValueSink& sink, const Type& list, ArrayHeader& header, int dimension) {
  ValueSink child = sink;
  child.builder = sink.builder.child();
  const std::int32_t length = header.lengths[static_cast<std::size_t>(dimension)];
  for (std::int32_t i = 0; i < length; ++i) {
    if (dimension + 1 < header.dimensions) {
      decode_dimension(child, *list.element, header, dimension + 1);
    } else {
      decode_element(child, *list.element, header);
    }
  }
  sink.builder.end_list();
}

// "[0:1][1:3]={a,b,…": bounds and the first elements, for people.
std::string array_text(const ValueSink& sink, const Type& element, ArrayHeader header) {
  constexpr std::int64_t elements_max = 16;
  std::string text;
  for (int i = 0; i < header.dimensions; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const std::int64_t low = header.lower[index];
    text += "[" + std::to_string(low) + ":" + std::to_string(low + header.lengths[index] - 1) + "]";
  }
  Column list(Type::list(element));
  std::vector<ValueIssue> ignored;
  ValueSink scratch = sink;
  scratch.builder = ColumnBuilder(&list);
  scratch.issues = &ignored;
  const bool more = header.elements > elements_max;
  header.lengths[0] = static_cast<std::int32_t>(std::min(header.elements, elements_max));
  header.dimensions = 1;
  decode_dimension(scratch, list.type, header, 0);
  text += "=" + value_text(list, 0);
  return more ? text + "…" : text;
}

// PostgreSQL does not hold an array to its declared dimensions, nor to bounds from 1.
void decode_array(ValueSink& sink, const Type& type, const std::uint8_t* bytes, std::size_t size) {
  ArrayHeader header = parse_array(sink, bytes, size);
  int depth = 1;
  const Type* element = type.element.get();
  for (; element->id == TypeId::list; element = element->element.get()) ++depth;
  if (header.elements == 0) {
    sink.builder.end_list();
    return;
  }
  if (header.dimensions != depth) {
    sink.issue(IssueKind::invalid_value, array_text(sink, *element, header));
    sink.builder.end_list();
    return;
  }
  const bool shifted = std::any_of(header.lower.begin(), header.lower.begin() + depth,
                                   [](std::int32_t bound) { return bound != 1; });
  if (shifted && !sink.column->any_lower_bound) {
    sink.issue(IssueKind::precision, array_text(sink, *element, header));
  }
  decode_dimension(sink, type, header, 0);
  if (header.at != header.end) sink.malformed("array");
}

void decode_text(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (sink.column->check_utf8 && find_invalid_utf8(text) != std::string_view::npos) {
    sink.issue(IssueKind::invalid_text, printable(text, kIssueTextBytesMax / 2));
  }
  sink.builder.append_bytes(text);
}

void decode_numeric(ValueSink& sink, const Type& type, const std::uint8_t* bytes,
                    std::size_t size) {
  if (type.id == TypeId::decimal) return decode_decimal(sink, type, bytes, size);
  const auto value = parse_numeric(bytes, size);
  if (!value) sink.malformed("numeric");
  sink.builder.append_bytes(numeric_text(*value));
}

// 16 bytes in text order; a fixed-width slot of the batch.
void decode_uuid(ValueSink& sink, const std::uint8_t* bytes, std::size_t size) {
  if (size != 16) sink.malformed("uuid");
  sink.builder.append_raw(bytes, size);
}

void need(const ValueSink& sink, std::size_t size, std::size_t expected) {
  if (size != expected) sink.malformed(to_text(sink.column->wire));
}

}  // namespace

void decode_value(ValueSink& sink, const Type& type, const std::uint8_t* bytes, std::size_t size) {
  if (type.id == TypeId::list) return decode_array(sink, type, bytes, size);
  const Wire wire = sink.column->wire;
  switch (wire) {
    case Wire::boolean: need(sink, size, 1); return sink.builder.append_bit(bytes[0] != 0);
    case Wire::int16: need(sink, size, 2); return sink.builder.append_fixed(load_u16(bytes));
    case Wire::int32:
    case Wire::uint32:
    case Wire::float32: need(sink, size, 4); return sink.builder.append_fixed(load_u32(bytes));
    case Wire::int64:
    case Wire::uint64:
    case Wire::float64:
    case Wire::time: need(sink, size, 8); return sink.builder.append_fixed(load_u64(bytes));
    case Wire::numeric: return decode_numeric(sink, type, bytes, size);
    case Wire::text: return decode_text(sink, bytes, size);
    case Wire::character: return decode_character(sink, bytes, size);
    case Wire::jsonb:
      if (size < 1 || bytes[0] != 1) sink.malformed("jsonb");
      return decode_text(sink, bytes + 1, size - 1);
    case Wire::date: need(sink, size, 4); return decode_date(sink, load_i32(bytes));
    case Wire::timestamp: need(sink, size, 8); return decode_timestamp(sink, load_i64(bytes));
    case Wire::interval: return decode_interval(sink, bytes, size);
    case Wire::uuid: return decode_uuid(sink, bytes, size);
    case Wire::network: return decode_network(sink, bytes, size);
    case Wire::mac: return decode_mac(sink, bytes, size);
    case Wire::bits: return decode_bits(sink, bytes, size);
    case Wire::geometry: return decode_geometry(sink, type, bytes, size);
  }
}

}  // namespace penstock::postgresql
