// Makes row packets of MySQL's binary protocol, for tests of their decoder.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace penstock::testing {

// A number's bytes as they travel.
template <typename T>
std::string little_endian(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

// Bytes behind their length.
inline std::string counted(const std::string& bytes) {
  const std::size_t size = bytes.size();
  if (size <= 250) return static_cast<char>(size) + bytes;
  if (size < 1 << 16) return '\xFC' + little_endian(static_cast<std::uint16_t>(size)) + bytes;
  return '\xFD' + little_endian(static_cast<std::uint32_t>(size)).substr(0, 3) + bytes;
}

// A datetime of `size` bytes: 0, 4, 7 or 11.
inline std::string datetime(std::size_t size, int year, int month, int day, int hour = 0,
                            int minute = 0, int second = 0, std::uint32_t micros = 0) {
  std::string all = little_endian(static_cast<std::uint16_t>(year));
  for (const int part : {month, day, hour, minute, second}) all += static_cast<char>(part);
  all += little_endian(micros);
  return static_cast<char>(size) + all.substr(0, size);
}

// One row; a value that is missing is NULL.
inline std::string row_packet(const std::vector<std::optional<std::string>>& values) {
  std::string bitmap((values.size() + 9) / 8, '\0'), rest;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) {
      rest += *values[i];
    } else {
      bitmap[(i + 2) / 8] = static_cast<char>(bitmap[(i + 2) / 8] | 1 << (i + 2) % 8);
    }
  }
  return std::string(1, '\0') + bitmap + rest;
}

}  // namespace penstock::testing
