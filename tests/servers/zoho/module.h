// One module's records: generated ones by index, and what commands changed, inserted and deleted.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "servers/zoho/cell.h"
#include "servers/zoho/generator.h"
#include "servers/zoho/schema.h"

namespace penstock::zoho_sim {

// What is stored of a record that a command touched.
struct Change {
  std::int64_t created = 0, modified = 0;
  bool deleted = false, permanent = false;
  std::int64_t deleted_time = 0;
  std::map<std::string, Cell, std::less<>> values;  // by field; the others are generated
};

struct Row {
  RowSeed seed;
  std::uint32_t index = 0;
  std::uint64_t id = 0;
  std::int64_t created = 0, modified = 0;
  const Change* change = nullptr;
};

enum class Order : std::uint8_t { id, created, modified };

// Where a scan stopped: it continues behind this record, whether or not that still exists.
struct Position {
  std::int64_t time = 0;  // Modified_Time; used by Order::modified only
  std::uint32_t index = 0;
};

// Purpose: which records exist, in which order; no values.
//   Threads: const members from any number of threads while no other member runs (Crm's mutex).
//   Memory: 4 bytes per generated record once it was read by Modified_Time, and the changes.
class Module {
 public:
  Module(std::unique_ptr<ModuleSpec> spec, std::uint64_t seed, std::uint32_t generated);

  const ModuleSpec& spec() const { return *spec_; }
  ModuleSpec& spec() { return *spec_; }
  std::uint32_t generated() const { return generated_; }
  std::uint32_t total() const { return total_; }  // deleted ones included

  std::uint64_t id_of(std::uint32_t index) const;
  std::optional<std::uint32_t> index_of(std::uint64_t id) const;  // also of deleted ones
  Row row(std::uint32_t index) const;
  bool exists(std::uint32_t index) const;  // and neither it nor its parent is deleted
  std::int64_t modified_of(std::uint32_t index) const;
  std::uint64_t recalculations() const { return recalculations_; }

  // Subforms and linking modules: the module they hang from, and where its rows lie.
  void set_parent(const Module* parent, int parent_field);
  const Module* parent() const { return parent_; }
  int parent_field() const { return parent_field_; }
  std::uint32_t parent_of(std::uint32_t index) const;
  std::vector<std::uint32_t> children_of(std::uint32_t parent_index) const;

  std::uint32_t insert(std::int64_t now, std::map<std::string, Cell, std::less<>> values);
  void update(std::uint32_t index, std::int64_t modified,
              std::map<std::string, Cell, std::less<>> values);
  void remove(std::uint32_t index, std::int64_t now, bool permanent);
  void restore(std::uint32_t index);
  void recalculate() { ++recalculations_; }
  // By (deleted_time, index).
  const std::set<std::pair<std::int64_t, std::uint32_t>>& deleted() const { return deleted_; }

 private:
  friend class Scan;
  const std::vector<std::uint32_t>& by_time() const;
  Change& change(std::uint32_t index);

  std::unique_ptr<ModuleSpec> spec_;
  std::uint64_t seed_;
  std::uint32_t generated_, total_;
  std::uint64_t recalculations_ = 0;
  const Module* parent_ = nullptr;
  int parent_field_ = -1;
  std::unordered_map<std::uint32_t, Change> changes_;
  std::set<std::pair<std::int64_t, std::uint32_t>> changed_by_time_, deleted_;
  mutable std::once_flag by_time_made_;
  mutable std::vector<std::uint32_t> by_time_;  // generated records by (modified, index)
};

// Walks a module's existing records in order, both orders ending with the id.
class Scan {
 public:
  Scan(const Module& module, Order order, bool descending,
       const std::optional<Position>& after = std::nullopt);
  std::optional<std::uint32_t> next();

 private:
  std::optional<std::uint32_t> next_by_index();
  std::optional<std::uint32_t> next_by_time();
  void skip_changed();

  const Module& module_;
  Order order_;
  bool descending_;
  std::int64_t at_ = 0;  // index, or place in by_time_
  std::set<std::pair<std::int64_t, std::uint32_t>>::const_iterator changed_;
};

}  // namespace penstock::zoho_sim
