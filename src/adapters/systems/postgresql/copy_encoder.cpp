#include "adapters/systems/postgresql/copy_encoder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/systems/postgresql/byte_order.h"
#include "adapters/systems/postgresql/numeric_encoder.h"
#include "core/text.h"
#include "core/value_text.h"

namespace penstock::postgresql {

namespace {

constexpr std::int32_t kDays2000 = 10'957;  // from 1970-01-01 to 2000-01-01
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::int64_t kMicros2000 = kDays2000 * kMicrosPerDay;
constexpr int kMicroDigits = 6;
constexpr std::uint32_t kSridFlag = 0x20000000U;  // of EWKB's type word (PostGIS lwin_wkb.c)

template <typename T>
void put(Buffer& out, T value) {
  if constexpr (sizeof(T) == 2) {
    out.push(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    out.push(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  } else {
    static_assert(sizeof(T) == 8);
    out.push(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  }
}

// A value of a size known beforehand, its length word first.
template <typename T>
void put_sized(Buffer& out, T value) {
  struct Sized {
    std::uint32_t size;
    T value;
  } __attribute__((packed));
  if constexpr (sizeof(T) == 2) {
    out.push(Sized{__builtin_bswap32(2), static_cast<T>(__builtin_bswap16(value))});
  } else if constexpr (sizeof(T) == 4) {
    out.push(Sized{__builtin_bswap32(4), static_cast<T>(__builtin_bswap32(value))});
  } else {
    out.push(Sized{__builtin_bswap32(8), static_cast<T>(__builtin_bswap64(value))});
  }
}

void put_bytes(Buffer& out, const void* bytes, std::size_t count) {
  put(out, static_cast<std::uint32_t>(count));
  out.append(bytes, count);
}

// Integers of any width and sign, widened; what lies in the column always fits by its rule.
std::int64_t integer_at(const Column& column, std::int64_t row) {
  switch (column.type.id) {
    case TypeId::int8: return column.value<std::int8_t>(row);
    case TypeId::uint8: return column.value<std::uint8_t>(row);
    case TypeId::int16: return column.value<std::int16_t>(row);
    case TypeId::uint16: return column.value<std::uint16_t>(row);
    case TypeId::int32: return column.value<std::int32_t>(row);
    case TypeId::uint32: return column.value<std::uint32_t>(row);
    default: return column.value<std::int64_t>(row);
  }
}

// Ticks of 10^-digits seconds in microseconds; more digits were ruled to be zeros.
std::int64_t to_micros(std::int64_t ticks, int digits) {
  for (int i = digits; i < kMicroDigits; ++i) ticks *= 10;
  for (int i = digits; i > kMicroDigits; --i) ticks /= 10;
  return ticks;
}

std::int32_t date_at(const Column& column, std::int64_t row) {
  const auto days = column.value<std::int32_t>(row);
  return days == kDateInfinity || days == kDateMinusInfinity ? days : days - kDays2000;
}

std::int64_t timestamp_at(const Column& column, std::int64_t row) {
  const auto ticks = column.value<std::int64_t>(row);
  if (ticks == kTimestampInfinity || ticks == kTimestampMinusInfinity) return ticks;
  return to_micros(ticks, column.type.digits) - kMicros2000;
}

void put_interval(const Column& column, std::int64_t row, Buffer& out) {
  put(out, std::uint32_t{16});
  if (column.type.id == TypeId::time) {  // beyond a day: an interval of microseconds
    put(out, to_micros(column.value<std::int64_t>(row), column.type.digits));
    put(out, std::uint64_t{0});
    return;
  }
  const std::uint8_t* at = column.values.data() + static_cast<std::size_t>(row) * 16;
  std::int32_t months = 0, days = 0;
  std::int64_t micros = 0;
  std::memcpy(&months, at, sizeof(months));
  std::memcpy(&days, at + 4, sizeof(days));
  std::memcpy(&micros, at + 8, sizeof(micros));
  put(out, micros);
  put(out, days);
  put(out, months);
}

void put_numeric(const Column& column, std::int64_t row, Buffer& out) {
  const std::size_t start = out.size();
  put(out, std::uint32_t{0});
  const Type& type = column.type;
  if (type.id == TypeId::decimal) {
    const int width = fixed_width(type);
    append_numeric(column.values.data() + static_cast<std::size_t>(row) * width, width, type.scale,
                   out);
  } else if (type.id == TypeId::uint64) {
    std::array<std::uint8_t, 16> wide{};  // a positive 128-bit integer
    const auto value = column.value<std::uint64_t>(row);
    std::memcpy(wide.data(), &value, sizeof(value));
    append_numeric(wide.data(), 16, 0, out);
  } else {
    append_numeric(column.bytes(row), out);
  }
  const auto size = static_cast<std::uint32_t>(out.size() - start - 4);
  const std::uint32_t big = __builtin_bswap32(size);
  std::memcpy(out.data() + start, &big, sizeof(big));
}

// The column's type tells the SRID of values without one, but geometry_recv wants it in each.
void put_geometry(const Column& column, std::int64_t row, Buffer& out) {
  const std::string_view value = column.bytes(row);
  const auto srid = static_cast<std::uint32_t>(column.type.srid);
  if (srid == 0 || value.size() < 5) return put_bytes(out, value.data(), value.size());
  const bool little = value[0] == 1;
  std::uint32_t kind = 0;
  std::memcpy(&kind, value.data() + 1, sizeof(kind));
  if (!little) kind = __builtin_bswap32(kind);
  if ((kind & kSridFlag) != 0) return put_bytes(out, value.data(), value.size());
  const auto number = [&](std::uint32_t it) { return little ? it : __builtin_bswap32(it); };
  put(out, static_cast<std::uint32_t>(value.size() + 4));
  out.append(value.data(), 1);
  out.push(number(kind | kSridFlag));
  out.push(number(srid));
  out.append(value.data() + 5, value.size() - 5);
}

}  // namespace

void append_copy_header(Buffer& out) {
  constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
  out.append(signature.data(), signature.size());
  out.append_zeros(8);  // flags, length of the header's extension
}

void append_copy_trailer(Buffer& out) {
  put(out, std::int16_t{-1});
}

// ---- which encoding

namespace {

using Pair = std::pair<std::string_view, Encoding>;

// Native types by the way their receive functions read.
constexpr std::array kEncodings = {
    Pair{"boolean", Encoding::boolean},
    Pair{"smallint", Encoding::int2},
    Pair{"integer", Encoding::int4},
    Pair{"bigint", Encoding::int8},
    Pair{"real", Encoding::float4},
    Pair{"double precision", Encoding::float8},
    Pair{"numeric", Encoding::numeric},
    Pair{"text", Encoding::raw},
    Pair{"character varying", Encoding::raw},
    Pair{"character", Encoding::raw},
    Pair{"name", Encoding::raw},
    Pair{"json", Encoding::raw},
    Pair{"xml", Encoding::raw},
    Pair{"bytea", Encoding::raw},
    Pair{"jsonb", Encoding::jsonb},
    Pair{"date", Encoding::date},
    Pair{"time without time zone", Encoding::time},
    Pair{"timestamp without time zone", Encoding::timestamp},
    Pair{"timestamp with time zone", Encoding::timestamp},
    Pair{"interval", Encoding::interval},
    Pair{"uuid", Encoding::uuid},
    Pair{"bit", Encoding::bits},
};

bool is_integer(TypeId id) {
  return id >= TypeId::int8 && id <= TypeId::uint32;
}

// Whether the logical type's values are what the encoding writes.
bool agrees(const Type& type, Encoding encoding) {
  switch (encoding) {
    case Encoding::boolean: return type.id == TypeId::boolean;
    case Encoding::int2:
    case Encoding::int4:
    case Encoding::int8: return is_integer(type.id);
    case Encoding::float4: return type.id == TypeId::float32;
    case Encoding::float8: return type.id == TypeId::float64;
    case Encoding::numeric:
      return type.id == TypeId::decimal || type.id == TypeId::numeric || type.id == TypeId::uint64;
    case Encoding::raw:
      return type.id == TypeId::string || type.id == TypeId::binary || type.id == TypeId::json ||
             type.id == TypeId::enumeration || type.id == TypeId::geometry ||
             type.id == TypeId::network || type.id == TypeId::numeric;
    case Encoding::jsonb: return type.id == TypeId::json || type.id == TypeId::string;
    case Encoding::date: return type.id == TypeId::date;
    case Encoding::time: return type.id == TypeId::time;
    case Encoding::timestamp: return type.id == TypeId::timestamp;
    case Encoding::interval: return type.id == TypeId::interval || type.id == TypeId::time;
    case Encoding::uuid: return type.id == TypeId::uuid;
    case Encoding::bits: return type.id == TypeId::uint64;
    default: return false;
  }
}

}  // namespace

Encoding encoding_of(const Type& type, std::string_view native) {
  if (native.ends_with("[]")) {
    if (type.id != TypeId::list) return Encoding::none;
    const Type* element = type.element.get();
    while (element->id == TypeId::list) element = element->element.get();
    const std::string_view inner = native.substr(0, native.size() - 2);
    const bool known = builtin_oid(inner) != 0 && encoding_of(*element, inner) != Encoding::none;
    return known ? Encoding::array : Encoding::none;
  }
  if (type.id == TypeId::enumeration && native != "text") return Encoding::raw;  // enum_recv
  if (type.id == TypeId::geometry && native != "bytea") return Encoding::geometry;
  const auto* const at = std::ranges::find(kEncodings, native, &Pair::first);
  if (at == kEncodings.end() || !agrees(type, at->second)) return Encoding::none;
  return at->second;
}

std::uint32_t builtin_oid(std::string_view native) {
  using Oid = std::pair<std::string_view, std::uint32_t>;
  constexpr std::array oids = {
      Oid{"boolean", 16},
      Oid{"bytea", 17},
      Oid{"name", 19},
      Oid{"bigint", 20},
      Oid{"smallint", 21},
      Oid{"integer", 23},
      Oid{"text", 25},
      Oid{"json", 114},
      Oid{"xml", 142},
      Oid{"real", 700},
      Oid{"double precision", 701},
      Oid{"character", 1042},
      Oid{"character varying", 1043},
      Oid{"date", 1082},
      Oid{"time without time zone", 1083},
      Oid{"timestamp without time zone", 1114},
      Oid{"timestamp with time zone", 1184},
      Oid{"interval", 1186},
      Oid{"numeric", 1700},
      Oid{"uuid", 2950},
      Oid{"jsonb", 3802},
  };
  const auto* const at = std::ranges::find(oids, native, &Oid::first);
  return at == oids.end() ? 0 : at->second;
}

// ---- rows

struct CopyEncoder::Plan {
  struct One {
    int source = 0;
    Encoding encoding = Encoding::none;
    Encoding element = Encoding::none;  // of an array
    std::uint32_t element_oid = 0;
    int bits = 0;
  };
  std::vector<One> columns;
  bool binary = true;
  std::string text;  // scratch of the text format
  Buffer bytes;      // likewise
};

namespace {

void put_value(const Column& column, std::int64_t row, Encoding encoding, Buffer& out) {
  switch (encoding) {
    case Encoding::boolean:
      put(out, std::uint32_t{1});
      return out.push(static_cast<std::uint8_t>(column.bit(row) ? 1 : 0));
    case Encoding::int2: return put_sized(out, static_cast<std::uint16_t>(integer_at(column, row)));
    case Encoding::int4: return put_sized(out, static_cast<std::uint32_t>(integer_at(column, row)));
    case Encoding::int8: return put_sized(out, static_cast<std::uint64_t>(integer_at(column, row)));
    case Encoding::float4: return put_sized(out, column.value<std::uint32_t>(row));
    case Encoding::float8: return put_sized(out, column.value<std::uint64_t>(row));
    case Encoding::numeric: return put_numeric(column, row, out);
    case Encoding::raw: {
      const std::string_view bytes = column.bytes(row);
      return put_bytes(out, bytes.data(), bytes.size());
    }
    case Encoding::jsonb: {
      const std::string_view text = column.bytes(row);
      put(out, static_cast<std::uint32_t>(text.size() + 1));
      out.push(std::uint8_t{1});
      return out.append(text.data(), text.size());
    }
    case Encoding::date: return put_sized(out, static_cast<std::uint32_t>(date_at(column, row)));
    case Encoding::time:
      return put_sized(out, static_cast<std::uint64_t>(
                                to_micros(column.value<std::int64_t>(row), column.type.digits)));
    case Encoding::timestamp:
      return put_sized(out, static_cast<std::uint64_t>(timestamp_at(column, row)));
    case Encoding::interval: return put_interval(column, row, out);
    case Encoding::uuid:
      return put_bytes(out, column.values.data() + static_cast<std::size_t>(row) * 16, 16);
    case Encoding::geometry: return put_geometry(column, row, out);
    case Encoding::bits:
    case Encoding::array:
    case Encoding::none: break;  // not by this way
  }
}

// bit_recv in src/backend/utils/adt/varbit.c: the number of bits, then they from the left.
void put_bits(std::uint64_t value, int bits, Buffer& out) {
  const int bytes = (bits + 7) / 8;
  put(out, static_cast<std::uint32_t>(4 + bytes));
  put(out, static_cast<std::uint32_t>(bits));
  const std::uint64_t left = __builtin_bswap64(value << (64 - bits));
  out.append(&left, static_cast<std::size_t>(bytes));
}

std::string bits_text(std::uint64_t value, int bits) {
  std::string text;
  for (int i = bits; i-- > 0;) text += ((value >> i) & 1) != 0 ? '1' : '0';
  return text;
}

// The lengths of a list's dimensions as its first elements have them; false when other lists of a
// dimension differ, for PostgreSQL's arrays are rectangular (the rule `same_depth` sees to that).
void measure(const Column& column, std::int64_t row, std::vector<std::int32_t>& lengths) {
  const auto* ends = column.offsets.as<std::int32_t>() + row;
  lengths.push_back(ends[1] - ends[0]);
  if (column.child->layout == Physical::list && ends[1] > ends[0]) {
    measure(*column.child, ends[0], lengths);
  }
}

// array_recv in src/backend/utils/adt/arrayfuncs.c. The leaves of a rectangular list of lists lie
// one after another in the innermost column.
void put_array(const Column& column, std::int64_t row, Encoding encoding, std::uint32_t oid,
               Buffer& out) {
  std::vector<std::int32_t> lengths;
  measure(column, row, lengths);
  const bool empty = std::ranges::find(lengths, 0) != lengths.end();
  if (empty) lengths.clear();
  const std::size_t start = out.size();
  put(out, std::uint32_t{0});
  put(out, static_cast<std::uint32_t>(lengths.size()));
  put(out, std::uint32_t{1});  // there may be NULLs; the server looks for itself
  put(out, oid);
  for (const std::int32_t length : lengths) {
    put(out, length);
    put(out, std::uint32_t{1});
  }
  if (!empty) {
    const Column* leaf = &column;
    std::int64_t from = row, to = row + 1;
    while (leaf->layout == Physical::list) {
      const auto* ends = leaf->offsets.as<std::int32_t>();
      from = ends[from];
      to = ends[to];
      leaf = leaf->child.get();
    }
    for (std::int64_t i = from; i < to; ++i) {
      if (leaf->valid(i)) {
        put_value(*leaf, i, encoding, out);
      } else {
        put(out, std::int32_t{-1});
      }
    }
  }
  const std::uint32_t big = __builtin_bswap32(static_cast<std::uint32_t>(out.size() - start - 4));
  std::memcpy(out.data() + start, &big, sizeof(big));
}

// COPY's text format: \N is NULL, backslash, newline, carriage return and tab are escaped.
void put_text(std::string_view text, Buffer& out) {
  for (const char c : text) {
    switch (c) {
      case '\\': out.append("\\\\", 2); break;
      case '\n': out.append("\\n", 2); break;
      case '\r': out.append("\\r", 2); break;
      case '\t': out.append("\\t", 2); break;
      default: out.push(c);
    }
  }
}

// What value_text() writes is what PostgreSQL's input functions read, but for these.
void put_text_value(const Column& column, std::int64_t row, std::string& scratch, Buffer& out) {
  scratch.clear();
  append_value_text(column, row, scratch);
  put_text(scratch, out);
}

// PostGIS reads EWKB in hexadecimal, without PostgreSQL's \x.
void put_geometry_text(const Column& column, std::int64_t row, Buffer& scratch, Buffer& out) {
  constexpr std::size_t length_bytes = 4;
  scratch.clear();
  put_geometry(column, row, scratch);
  const std::string text = hex({reinterpret_cast<const char*>(scratch.data()) + length_bytes,
                                scratch.size() - length_bytes});
  out.append(text.data(), text.size());
}

}  // namespace

CopyEncoder::CopyEncoder(std::vector<EncodedColumn> columns, const std::vector<Type>& types)
    : plan_(std::make_unique<Plan>()) {
  for (const EncodedColumn& column : columns) {
    Plan::One one;
    one.source = column.source;
    one.bits = column.bits;
    const Type& type = types.at(static_cast<std::size_t>(column.source));
    one.encoding = encoding_of(type, column.native);
    if (one.encoding == Encoding::array) {
      const std::string_view inner =
          std::string_view(column.native).substr(0, column.native.size() - 2);
      const Type* element = &type;
      while (element->id == TypeId::list) element = element->element.get();
      one.element = encoding_of(*element, inner);
      one.element_oid = builtin_oid(inner);
    }
    plan_->binary = plan_->binary && one.encoding != Encoding::none;
    plan_->columns.push_back(one);
  }
}

CopyEncoder::~CopyEncoder() = default;
CopyEncoder::CopyEncoder(CopyEncoder&&) noexcept = default;
CopyEncoder& CopyEncoder::operator=(CopyEncoder&&) noexcept = default;

bool CopyEncoder::binary() const {
  return plan_->binary;
}

void CopyEncoder::header(Buffer& out) const {
  if (plan_->binary) append_copy_header(out);
}

void CopyEncoder::trailer(Buffer& out) const {
  if (plan_->binary) append_copy_trailer(out);
}

void CopyEncoder::rows(const Batch& batch, std::int64_t from, std::int64_t to, Buffer& out) {
  const auto count = static_cast<std::uint16_t>(plan_->columns.size());
  for (std::int64_t row = from; row < to; ++row) {
    if (plan_->binary) put(out, count);
    bool first = true;
    for (const Plan::One& one : plan_->columns) {
      const Column& column = batch.columns[static_cast<std::size_t>(one.source)];
      const bool valid = column.valid(row);
      if (!plan_->binary) {
        if (!first) out.push('\t');
        first = false;
        if (valid && one.encoding == Encoding::bits) {
          put_text(bits_text(column.value<std::uint64_t>(row), one.bits), out);
        } else if (valid && one.encoding == Encoding::geometry) {
          put_geometry_text(column, row, plan_->bytes, out);
        } else if (valid) {
          put_text_value(column, row, plan_->text, out);
        } else {
          out.append("\\N", 2);
        }
      } else if (!valid) {
        put(out, std::int32_t{-1});
      } else if (one.encoding == Encoding::bits) {
        put_bits(column.value<std::uint64_t>(row), one.bits, out);
      } else if (one.encoding == Encoding::array) {
        put_array(column, row, one.element, one.element_oid, out);
      } else {
        put_value(column, row, one.encoding, out);
      }
    }
    if (!plan_->binary) out.push('\n');
  }
}

}  // namespace penstock::postgresql
