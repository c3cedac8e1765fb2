// Logical types: what a value means, independent of any system. Adapters map native types to and
// from these; batches (core/batch.h) lay them out in memory as Arrow does.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

enum class TypeId : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  decimal,    // precision 1..76, scale 0..precision; unscaled integer of 32, 64, 128 or 256 bits
  numeric,    // arbitrary precision: canonical decimal text, or NaN, Infinity, -Infinity
  string,     // UTF-8
  binary,     // bytes
  date,       // int32 days since 1970-01-01, proleptic Gregorian
  time,       // int64 ticks of 10^-digits s since midnight; may be negative or beyond 24 h
  timestamp,  // int64 ticks of 10^-digits s since 1970-01-01 00:00, zone-less or an instant in UTC
  interval,   // int32 months, int32 days, int64 microseconds
  uuid,       // 16 bytes in text order
  json,       // UTF-8 text as the source gave it
  enumeration,  // the label's text; labels lists the known ones
  list,         // of element; multi-dimensional arrays are lists of lists
  geometry,     // (E)WKB bytes; srid is the column's declared SRID, 0 when unknown
  network,      // canonical text of an IPv4/IPv6 address or network, or a MAC address
};

// How a type lies in a column's buffers.
enum class Physical : std::uint8_t {
  bit,  // 1 bit, least significant first
  b8,   // fixed width, in bytes below
  b16,
  b32,
  b64,
  b128,
  b256,
  bytes,  // int32 offsets into a byte buffer
  list,   // int32 offsets into a child column
};

struct Type {
  TypeId id = TypeId::string;
  std::uint8_t precision = 0;           // decimal
  std::uint8_t scale = 0;               // decimal
  std::uint8_t digits = 0;              // time, timestamp: 0 (s) … 9 (ns)
  bool utc = false;                     // timestamp: an instant, not a wall-clock reading
  std::int32_t srid = 0;                // geometry
  std::vector<std::string> labels;      // enumeration
  std::shared_ptr<const Type> element;  // list

  friend bool operator==(const Type& a, const Type& b);

  static Type of(TypeId id) {
    Type type;
    type.id = id;
    return type;
  }
  static Type decimal(int precision, int scale);
  static Type time(int digits);
  static Type timestamp(int digits, bool utc);
  static Type enumeration(std::vector<std::string> labels);
  static Type list(Type element);
  static Type geometry(std::int32_t srid);
};

Physical physical(const Type& type);

// Bytes per value for fixed-width layouts; 0 for bit, bytes and list.
int fixed_width(const Type& type);

// True for the types whose int32/int64 extremes stand for ±infinity (see kDateInfinity).
bool has_infinity(const Type& type);

// date and timestamp columns carry PostgreSQL's infinities as the extreme integers, as PostgreSQL
// itself does; no finite value of any source reaches them.
inline constexpr std::int32_t kDateInfinity = INT32_MAX, kDateMinusInfinity = INT32_MIN;
inline constexpr std::int64_t kTimestampInfinity = INT64_MAX, kTimestampMinusInfinity = INT64_MIN;

// "int32", "decimal(15,2)", "timestamp(6,utc)", "time(6)", "list<string>", "geometry(4326)",
// "enum('a','b')". parse_type is the inverse; it throws config_error("config.type") naming the
// nearest known type when the text is none.
std::string to_text(const Type& type);
Type parse_type(std::string_view text);

}  // namespace penstock
