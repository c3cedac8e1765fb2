#include "servers/zoho/module.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace penstock::zoho_sim {
namespace {

constexpr std::uint64_t kFirstId = 4'870'000'000'000'000'000;
constexpr std::uint64_t kModuleIds = 10'000'000'000'000;
constexpr std::uint64_t kIdOffset = 2'175'001;
constexpr std::uint64_t kIdStep = 3;

}  // namespace

Module::Module(std::unique_ptr<ModuleSpec> spec, std::uint64_t seed, std::uint32_t generated)
    : spec_(std::move(spec)), seed_(seed), generated_(generated), total_(generated) {}

std::uint64_t Module::id_of(std::uint32_t index) const {
  return kFirstId + spec_->number * kModuleIds + kIdOffset + index * kIdStep;
}

std::optional<std::uint32_t> Module::index_of(std::uint64_t id) const {
  const std::uint64_t first = id_of(0);
  if (id < first || (id - first) % kIdStep != 0 || (id - first) / kIdStep >= total_) return {};
  return static_cast<std::uint32_t>((id - first) / kIdStep);
}

Row Module::row(std::uint32_t index) const {
  Row row;
  row.seed = row_seed(seed_, *spec_, index);
  row.seed.recalculations = recalculations_;
  row.index = index;
  row.id = id_of(index);
  if (!changes_.empty()) {
    const auto found = changes_.find(index);
    if (found != changes_.end()) {
      row.change = &found->second;
      row.created = found->second.created;
      row.modified = found->second.modified;
      return row;
    }
  }
  row.created = generated_created(index, generated_);
  row.modified = generated_modified(row.seed, generated_);
  return row;
}

std::int64_t Module::modified_of(std::uint32_t index) const {
  const auto found = changes_.find(index);
  if (found != changes_.end()) return found->second.modified;
  return generated_modified(row_seed(seed_, *spec_, index), generated_);
}

bool Module::exists(std::uint32_t index) const {
  if (!deleted_.empty()) {
    const auto found = changes_.find(index);
    if (found != changes_.end() && found->second.deleted) return false;
  }
  return parent_ == nullptr || parent_->deleted_.empty() || parent_->exists(parent_of(index));
}

void Module::set_parent(const Module* parent, int parent_field) {
  parent_ = parent;
  parent_field_ = parent_field;
}

std::uint32_t Module::parent_of(std::uint32_t index) const {
  if (!changes_.empty()) {
    const auto found = changes_.find(index);
    const FieldSpec& field = spec_->fields[static_cast<std::size_t>(parent_field_)];
    if (found != changes_.end()) {
      const auto value = found->second.values.find(field.api_name);
      if (value != found->second.values.end()) {
        return parent_->index_of(static_cast<std::uint64_t>(value->second.number)).value_or(0);
      }
    }
  }
  return index / static_cast<std::uint32_t>(spec_->rows_per_parent);
}

std::vector<std::uint32_t> Module::children_of(std::uint32_t parent_index) const {
  std::vector<std::uint32_t> rows;
  const auto each = static_cast<std::uint32_t>(spec_->rows_per_parent);
  const std::uint64_t first = static_cast<std::uint64_t>(parent_index) * each;
  for (std::uint64_t i = first; i < std::min<std::uint64_t>(first + each, generated_); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    if (parent_of(index) == parent_index && exists(index)) rows.push_back(index);
  }
  for (std::uint32_t index = generated_; index < total_; ++index) {
    if (parent_of(index) == parent_index && exists(index)) rows.push_back(index);
  }
  return rows;
}

Change& Module::change(std::uint32_t index) {
  const auto [at, made] = changes_.try_emplace(index);
  if (made) {
    const RowSeed seed = row_seed(seed_, *spec_, index);
    at->second.created = generated_created(index, generated_);
    at->second.modified = generated_modified(seed, generated_);
    changed_by_time_.emplace(at->second.modified, index);
  }
  return at->second;
}

std::uint32_t Module::insert(std::int64_t now, std::map<std::string, Cell, std::less<>> values) {
  const std::uint32_t index = total_++;
  Change& made = changes_[index];
  made.created = made.modified = now;
  made.values = std::move(values);
  changed_by_time_.emplace(now, index);
  return index;
}

void Module::update(std::uint32_t index, std::int64_t modified,
                    std::map<std::string, Cell, std::less<>> values) {
  Change& change = this->change(index);
  changed_by_time_.erase({change.modified, index});
  change.modified = modified;
  changed_by_time_.emplace(modified, index);
  for (auto& [name, cell] : values) change.values[name] = std::move(cell);
}

void Module::remove(std::uint32_t index, std::int64_t now, bool permanent) {
  Change& change = this->change(index);
  if (change.deleted) deleted_.erase({change.deleted_time, index});
  change.deleted = true;
  change.permanent = permanent;
  change.deleted_time = now;
  deleted_.emplace(now, index);
}

void Module::restore(std::uint32_t index) {
  Change& change = this->change(index);
  if (!change.deleted || change.permanent) {
    throw std::runtime_error("the record isn't in the recycle bin");
  }
  deleted_.erase({change.deleted_time, index});
  change.deleted = false;
}

const std::vector<std::uint32_t>& Module::by_time() const {
  std::call_once(by_time_made_, [this] {
    std::vector<std::pair<std::int64_t, std::uint32_t>> keys(generated_);
    for (std::uint32_t i = 0; i < generated_; ++i) {
      keys[i] = {generated_modified(row_seed(seed_, *spec_, i), generated_), i};
    }
    std::sort(keys.begin(), keys.end());
    by_time_.resize(generated_);
    std::transform(keys.begin(), keys.end(), by_time_.begin(),
                   [](const auto& key) { return key.second; });
  });
  return by_time_;
}

Scan::Scan(const Module& module, Order order, bool descending, const std::optional<Position>& after)
    : module_(module), order_(order), descending_(descending) {
  const auto& changed = module.changed_by_time_;
  if (order != Order::modified) {
    if (after)
      at_ = static_cast<std::int64_t>(after->index) + (descending ? -1 : 1);
    else
      at_ = descending ? static_cast<std::int64_t>(module.total_) - 1 : 0;
    return;
  }
  const auto& by_time = module.by_time();
  using Key = std::pair<std::int64_t, std::uint32_t>;
  const auto key_of = [&](std::uint32_t index) {
    return Key{generated_modified(row_seed(module.seed_, module.spec(), index), module.generated_),
               index};
  };
  if (descending) {
    at_ = static_cast<std::int64_t>(by_time.size()) - 1;
    changed_ = changed.end();
  } else {
    changed_ = changed.begin();
  }
  if (after) {
    const Key key{after->time, after->index};
    const auto place =
        std::partition_point(by_time.begin(), by_time.end(), [&](std::uint32_t index) {
          return descending ? key_of(index) < key : !(key < key_of(index));
        });
    at_ = place - by_time.begin() - (descending ? 1 : 0);
    changed_ = descending ? changed.lower_bound(key) : changed.upper_bound(key);
  }
  skip_changed();
}

void Scan::skip_changed() {
  const auto& by_time = module_.by_time();
  const auto& changes = module_.changes_;
  const std::int64_t step = descending_ ? -1 : 1;
  while (!changes.empty() && at_ >= 0 && at_ < static_cast<std::int64_t>(by_time.size()) &&
         changes.contains(by_time[static_cast<std::size_t>(at_)])) {
    at_ += step;
  }
}

std::optional<std::uint32_t> Scan::next_by_index() {
  if (at_ < 0 || at_ >= static_cast<std::int64_t>(module_.total_)) return {};
  const auto index = static_cast<std::uint32_t>(at_);
  at_ += descending_ ? -1 : 1;
  return index;
}

std::optional<std::uint32_t> Scan::next_by_time() {
  const auto& by_time = module_.by_time();
  const auto& changed = module_.changed_by_time_;
  const bool base = at_ >= 0 && at_ < static_cast<std::int64_t>(by_time.size());
  const bool other = descending_ ? changed_ != changed.begin() : changed_ != changed.end();
  if (!base && !other) return {};
  bool take_base = base;
  std::uint32_t index = base ? by_time[static_cast<std::size_t>(at_)] : 0;
  if (base && other) {
    const std::pair<std::int64_t, std::uint32_t> mine{module_.modified_of(index), index};
    take_base = descending_ ? mine > *std::prev(changed_) : mine < *changed_;
  }
  if (take_base) {
    at_ += descending_ ? -1 : 1;
    skip_changed();
    return index;
  }
  return descending_ ? (--changed_)->second : (changed_++)->second;
}

std::optional<std::uint32_t> Scan::next() {
  for (;;) {
    const auto index = order_ == Order::modified ? next_by_time() : next_by_index();
    if (!index || module_.exists(*index)) return index;
  }
}

}  // namespace penstock::zoho_sim
