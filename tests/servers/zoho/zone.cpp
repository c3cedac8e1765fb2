#include "servers/zoho/zone.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <stdexcept>

#include "core/civil.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int32_t libc_offset(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm local{};
  localtime_r(&time, &local);
  return static_cast<std::int32_t>(local.tm_gmtoff);
}

void append_padded(std::string& out, std::int64_t value, int width) {
  char digits[20];
  for (int i = width - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits, static_cast<std::size_t>(width));
}

std::int64_t floor_day(std::int64_t seconds) {
  return (seconds >= 0 ? seconds : seconds - kDay + 1) / kDay;
}

void append_civil(std::string& out, std::int64_t local_seconds) {
  const std::int64_t days = floor_day(local_seconds);
  const std::int64_t rest = local_seconds - days * kDay;
  append_date(out, days);
  out += 'T';
  append_padded(out, rest / 3600, 2);
  out += ':';
  append_padded(out, rest / 60 % 60, 2);
  out += ':';
  append_padded(out, rest % 60, 2);
}

// The number of `width` digits at `at`, or -1.
int digits_at(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 5 && text.size() != 6) return std::nullopt;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  if (text.size() == 6 && text[3] != ':') return std::nullopt;
  const int hours = digits_at(text, 1, 2), minutes = digits_at(text, text.size() - 2, 2);
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

}  // namespace

Zone::Zone(const std::string& name) : name_(name) {
  if (name.find("..") != std::string::npos ||
      !std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name)) {
    throw std::runtime_error("unknown time zone " + name + " (Debian package tzdata)");
  }
  const char* const before = std::getenv("TZ");
  const std::string old = before == nullptr ? "" : before;
  setenv("TZ", name.c_str(), 1);
  tzset();
  const std::int64_t begin = days_from_civil({2000, 1, 1}) * kDay;
  const std::int64_t end = days_from_civil({2100, 1, 1}) * kDay;
  periods_.push_back({INT64_MIN, libc_offset(begin)});
  for (std::int64_t at = begin; at < end; at += kDay) {
    if (libc_offset(at + kDay) == periods_.back().offset) continue;
    std::int64_t low = at, high = at + kDay;  // the change is in (low, high]
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (libc_offset(middle) == periods_.back().offset ? low : high) = middle;
    }
    periods_.push_back({high, libc_offset(high)});
  }
  if (before == nullptr)
    unsetenv("TZ");
  else
    setenv("TZ", old.c_str(), 1);
  tzset();
}

std::int32_t Zone::offset_seconds(std::int64_t unix_seconds) const {
  const auto after =
      std::upper_bound(periods_.begin(), periods_.end(), unix_seconds,
                       [](std::int64_t time, const Period& period) { return time < period.from; });
  return std::prev(after)->offset;
}

void Zone::append_datetime(std::string& out, std::int64_t unix_seconds) const {
  const std::int32_t offset = offset_seconds(unix_seconds);
  append_civil(out, unix_seconds + offset);
  const std::int32_t minutes = (offset < 0 ? -offset : offset) / 60;
  out += offset < 0 ? '-' : '+';
  append_padded(out, minutes / 60, 2);
  out += ':';
  append_padded(out, minutes % 60, 2);
}

void append_utc(std::string& out, std::int64_t unix_seconds) {
  append_civil(out, unix_seconds);
  out += 'Z';
}

void append_date(std::string& out, std::int64_t days) {
  const CivilDate date = civil_from_days(days);
  append_padded(out, date.year, 4);
  out += '-';
  append_padded(out, date.month, 2);
  out += '-';
  append_padded(out, date.day, 2);
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
            day = digits_at(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  const std::int64_t days = days_from_civil({year, month, day});
  const CivilDate back = civil_from_days(days);
  if (back.month != month) return std::nullopt;  // such as 30 February
  return days;
}

std::optional<std::int64_t> parse_datetime(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;
  const auto days = parse_date(text.substr(0, 10));
  const int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2),
            second = digits_at(text, 17, 2);
  if (!days || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  const auto offset = parse_offset(text.substr(19));
  if (!offset) return std::nullopt;
  return *days * kDay + hour * 3600 + minute * 60 + second - *offset;
}

}  // namespace penstock::zoho_sim
