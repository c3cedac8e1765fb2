// Local times of one IANA zone, and the texts of dates and datetimes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::zoho_sim {

// The zone's offsets from 2000 to 2100, found once, so that conversion costs a few nanoseconds.
//   Immutable after construction, so any thread may read it. The constructor changes the process's
//   TZ for a moment: construct before threads start. Throws std::runtime_error for an unknown zone.
class Zone {
 public:
  explicit Zone(const std::string& name);

  std::int32_t offset_seconds(std::int64_t unix_seconds) const;
  const std::string& name() const { return name_; }

  // "2024-05-01T10:20:30+03:00"
  void append_datetime(std::string& out, std::int64_t unix_seconds) const;

 private:
  struct Period {
    std::int64_t from;
    std::int32_t offset;
  };
  std::string name_;
  std::vector<Period> periods_;
};

// "2024-05-01T10:20:30Z": the canonical form of dumps.
void append_utc(std::string& out, std::int64_t unix_seconds);
// "2024-05-01"; days since 1970-01-01, years 0 to 9999.
void append_date(std::string& out, std::int64_t days);

// Accepts Z, ±HH:mm and ±HHMM; no fraction, as Zoho wants it. Nothing when malformed.
std::optional<std::int64_t> parse_datetime(std::string_view text);
std::optional<std::int64_t> parse_date(std::string_view text);  // days

}  // namespace penstock::zoho_sim
