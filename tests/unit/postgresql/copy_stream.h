// Builds PostgreSQL binary COPY streams for tests, field by field.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::testing {

// Network-order integers as bytes.
template <typename T>
std::string big_endian(T value) {
  std::string out;
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xFFU);
  }
  return out;
}

inline std::string i16(int value) {
  return big_endian(static_cast<std::int16_t>(value));
}
inline std::string i32(std::int64_t value) {
  return big_endian(static_cast<std::int32_t>(value));
}
inline std::string i64(std::int64_t value) {
  return big_endian(value);
}

// A numeric as numeric_send writes it.
struct NumericBytes {
  int weight = 0;
  int sign = 0;
  int display_scale = 0;
  std::vector<int> digits;
};

inline std::string numeric(const NumericBytes& value) {
  std::string out = i16(static_cast<int>(value.digits.size())) + i16(value.weight) +
                    i16(value.sign) + i16(value.display_scale);
  for (const int digit : value.digits) out += i16(digit);
  return out;
}

class CopyStream {
 public:
  CopyStream() {
    bytes_ = std::string("PGCOPY\n\xFF\r\n", 10) + '\0';
    bytes_ += i32(0) + i32(0);
  }
  CopyStream& row(int fields) {
    bytes_ += i16(fields);
    return *this;
  }
  CopyStream& field(std::string_view value) {
    bytes_ += i32(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  CopyStream& null() {
    bytes_ += i32(-1);
    return *this;
  }
  CopyStream& raw(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  CopyStream& end() {
    bytes_ += i16(-1);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace penstock::testing
