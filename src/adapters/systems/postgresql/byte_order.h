// Loads of PostgreSQL's network-order integers from any address.
#pragma once

#include <cstdint>
#include <cstring>

namespace penstock::postgresql {

inline std::uint16_t load_u16(const std::uint8_t* bytes) {
  std::uint16_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap16(value);
}
inline std::uint32_t load_u32(const std::uint8_t* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap32(value);
}
inline std::uint64_t load_u64(const std::uint8_t* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}
inline std::int16_t load_i16(const std::uint8_t* bytes) {
  return static_cast<std::int16_t>(load_u16(bytes));
}
inline std::int32_t load_i32(const std::uint8_t* bytes) {
  return static_cast<std::int32_t>(load_u32(bytes));
}
inline std::int64_t load_i64(const std::uint8_t* bytes) {
  return static_cast<std::int64_t>(load_u64(bytes));
}

}  // namespace penstock::postgresql
