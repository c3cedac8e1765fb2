#include "servers/zoho/faults.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

constexpr auto kKinds =
    std::to_array<std::string_view>({"status", "expire", "reset", "truncate", "slow", "late"});

std::int64_t number_of(const json::object& object, std::string_view name, std::int64_t fallback) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? fallback : value->to_number<std::int64_t>();
}

}  // namespace

Fault fault_from_json(const json::object& object) {
  static constexpr auto known = std::to_array<std::string_view>(
      {"kind", "path", "status", "ms", "skip", "times", "per_mille"});
  for (const auto& [name, value] : object) {
    if (std::find(known.begin(), known.end(), std::string_view(name)) == known.end()) {
      throw std::runtime_error("a fault has no field " + std::string(name));
    }
  }
  Fault fault;
  fault.kind = std::string(object.at("kind").as_string());
  if (std::find(kKinds.begin(), kKinds.end(), fault.kind) == kKinds.end()) {
    throw std::runtime_error("there is no fault " + fault.kind);
  }
  if (const json::value* path = object.if_contains("path")) {
    fault.path = std::string(path->as_string());
  }
  fault.status = static_cast<int>(number_of(object, "status", fault.status));
  fault.ms = static_cast<int>(number_of(object, "ms", fault.ms));
  fault.skip = number_of(object, "skip", fault.skip);
  fault.times = number_of(object, "times", fault.times);
  fault.per_mille = static_cast<std::uint64_t>(number_of(object, "per_mille", 1000));
  return fault;
}

void Faults::add(Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
}

void Faults::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::optional<Fault> Faults::choose(std::string_view path) {
  const std::lock_guard lock(mutex_);
  ++calls_;
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (path.find(fault->path) == std::string_view::npos) continue;
    if (fault->skip > 0) {
      --fault->skip;
      continue;
    }
    const std::uint64_t dice = mix(calls_ * 31 + static_cast<std::uint64_t>(fault->status));
    if (below(dice, 1000) >= fault->per_mille) continue;
    ++struck_;
    const Fault chosen = *fault;
    if (fault->times > 0 && --fault->times == 0) faults_.erase(fault);
    return chosen;
  }
  return std::nullopt;
}

std::int64_t Faults::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

Answer fault_answer(int status) {
  if (status == 429) {
    return ApiError(429, "TOO_MANY_REQUESTS", "You have made too many requests").answer();
  }
  if (status == 500) return ApiError(500, "INTERNAL_ERROR", "Internal Server Error").answer();
  return {.status = status,
          .body = "<html><head><title>" + std::to_string(status) +
                  "</title></head><body>Bad gateway</body></html>",
          .content_type = "text/html"};
}

void apply_fault(const Fault& fault, Answer& answer) {
  if (fault.kind == "reset")
    answer.reset = true;
  else if (fault.kind == "truncate")
    answer.truncate = true;
  else if (fault.kind == "slow")
    answer.slow_ms = fault.ms;
}

}  // namespace penstock::zoho_sim
