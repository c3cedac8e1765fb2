// The simulated CRM: its modules, and the values of its records.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "servers/zoho/clock.h"
#include "servers/zoho/module.h"
#include "servers/zoho/zone.h"

namespace penstock::zoho_sim {

struct CrmOptions {
  std::uint64_t seed = 1;
  std::uint32_t records = 1000;  // of Leads; other modules have a share of it (catalog.cpp)
  std::map<std::string, std::uint32_t> module_records;  // over `records`, by module
  std::string zone = "Europe/Athens";  // of the datetimes it shows; has daylight saving time
};

// Purpose: owns the modules and computes any value of any record.
//   Threads: hold `mutex` shared to read, alone to change anything. References to specs and changes
//   are good while it is held.
class Crm {
 public:
  explicit Crm(const CrmOptions& options);  // throws std::runtime_error for an unknown module

  mutable std::shared_mutex mutex;
  Clock clock;

  const std::vector<std::unique_ptr<Module>>& modules() const { return modules_; }
  Module* find(std::string_view api_name) const;  // exact case; null: there is none
  const Module* by_id(std::uint64_t record_id) const;
  const Zone& zone() const { return zone_; }
  const CrmOptions& options() const { return options_; }

  // Not for collections: see children.h.
  void cell(const Module& module, const Row& row, const FieldSpec& field, Cell& out) const;
  std::string name_of(const Module& module, std::uint32_t index) const;
  bool is_converted(const Module& module, const Row& row) const;

  Style style() const { return {.zone = &zone_, .modules = &specs_}; }

 private:
  void resolve_lookup(const Module& module, const Row& row, const FieldSpec& field,
                      Cell& cell) const;

  CrmOptions options_;
  Zone zone_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<const ModuleSpec*> specs_;
  std::map<std::string, Module*, std::less<>> by_name_;
};

}  // namespace penstock::zoho_sim
