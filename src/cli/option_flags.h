// Flags made from declared options.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <deque>
#include <string>
#include <vector>

#include "contract/registry.h"

namespace penstock {

// Adds one flag per declared option to a verb, and afterwards gives what was set as JSON.
//   Names: if_exists becomes --if-exists; a destination's own become --clickhouse.order-by.
//   Options that are objects take KEY=VALUE and repeat; where the declared example holds lists, the
//   value is a comma list.
//   Ownership: outlives the CLI::App it was added to, which keeps references into it.
class OptionFlags {
 public:
  void add_to(CLI::App& verb, const Registry& registry);
  // Throws config_error "config.usage.pair" for a KEY=VALUE without "=".
  json::object collect() const;

 private:
  struct Flag {
    ConfigField field;
    std::string section;  // empty: a common option; else the destination's name
    std::string name;     // with dashes in front
    std::vector<std::string> values;
    CLI::Option* option = nullptr;
  };
  void add_flag(CLI::App& verb, const ConfigField& field, const std::string& section);
  static json::value value_of(const Flag& flag);

  std::deque<Flag> flags_;  // addresses stay
};

}  // namespace penstock
