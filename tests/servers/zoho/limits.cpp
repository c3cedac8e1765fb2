#include "servers/zoho/limits.h"

#include <algorithm>

#include "servers/zoho/call.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::int64_t kDay = 86'400;

struct Edition {
  std::string_view name;
  std::int64_t base, per_licence, cap, in_flight;
};

constexpr Edition kEditions[] = {
    {"free", 5'000, 0, 5'000, 5},
    {"standard", 50'000, 250, 100'000, 10},
    {"professional", 50'000, 500, 3'000'000, 15},
    {"enterprise", 50'000, 1'000, 5'000'000, 20},
    {"ultimate", 50'000, 2'000, INT64_MAX, 25},
};

const Edition& edition_of(const Settings& settings) {
  for (const Edition& edition : kEditions) {
    if (edition.name == settings.edition) return edition;
  }
  return kEditions[3];
}

ApiError too_many() {
  return {429, "TOO_MANY_REQUESTS",
          "You have made too many requests in a short period; please try again after some time"};
}

}  // namespace

std::int64_t credits_of_edition(const Settings& settings) {
  if (settings.credits > 0) return settings.credits;
  const Edition& edition = edition_of(settings);
  return std::min(edition.cap, edition.base + edition.per_licence * settings.user_licences);
}

std::int64_t concurrency_of_edition(const Settings& settings) {
  return settings.concurrency > 0 ? settings.concurrency : edition_of(settings).in_flight;
}

Limits::InFlight::InFlight(Limits& limits) : limits_(limits) {
  const std::int64_t most = concurrency_of_edition(limits.settings_.get());
  const std::lock_guard lock(limits.mutex_);
  if (limits.in_flight_ >= most) {
    ++limits.counts_.refused;
    throw too_many();
  }
  ++limits.in_flight_;
  limits.counts_.in_flight_max = std::max(limits.counts_.in_flight_max, limits.in_flight_);
}

Limits::InFlight::~InFlight() {
  const std::lock_guard lock(limits_.mutex_);
  --limits_.in_flight_;
  if (heavy_) --limits_.heavy_;
}

void Limits::InFlight::count_as_heavy() {
  const std::int64_t most = limits_.settings_.get().sub_concurrency;
  const std::lock_guard lock(limits_.mutex_);
  if (limits_.heavy_ >= most) {
    ++limits_.counts_.refused;
    throw too_many();
  }
  heavy_ = true;
  ++limits_.heavy_;
  limits_.counts_.heavy_max = std::max(limits_.counts_.heavy_max, limits_.heavy_);
}

std::int64_t Limits::spent_recently() const {
  const std::int64_t from = (clock_.now() - kDay) / 60;
  std::int64_t sum = 0;
  for (auto at = by_minute_.upper_bound(from); at != by_minute_.end(); ++at) sum += at->second;
  return sum;
}

void Limits::spend(std::int64_t credits) {
  if (credits == 0) return;
  const std::int64_t most = credits_of_edition(settings_.get());
  const std::lock_guard lock(mutex_);
  by_minute_.erase(by_minute_.begin(), by_minute_.upper_bound((clock_.now() - kDay) / 60));
  if (spent_recently() > most - credits) {
    ++counts_.refused;
    throw too_many();
  }
  by_minute_[clock_.now() / 60] += credits;
  counts_.spent_total += credits;
}

std::optional<std::int64_t> Limits::remaining_to_show() const {
  const std::int64_t most = credits_of_edition(settings_.get());
  const std::lock_guard lock(mutex_);
  const std::int64_t left = most - spent_recently();
  if (left > most / 2) return std::nullopt;
  return left;
}

Limits::Counts Limits::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.spent_24h = spent_recently();
  return counts;
}

}  // namespace penstock::zoho_sim
