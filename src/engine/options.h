// Everything a job can be told besides what to connect to. Declared once, in options.cpp: the HTTP
// API's `options`, the command line's flags, OpenAPI, help and docs/options.md all come from there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "contract/config_spec.h"
#include "contract/destination.h"
#include "contract/registry.h"
#include "core/type.h"

namespace penstock {

enum class OnError : std::uint8_t { fail, reject, null };
enum class Losses : std::uint8_t { fail, null, nearest };
enum class Verify : std::uint8_t { none, counts };

// Checked options with every default applied.
struct Options {
  int parallel = 0;  // workers; resolved from the machine when the user gave none
  std::size_t memory_bytes = 0;
  std::int64_t split_bytes = 0;  // 0: the destination and limits.h decide
  IfExists if_exists = IfExists::fail;
  OnError on_error = OnError::fail;
  std::int64_t max_rejects = 0;
  Losses losses = Losses::fail;
  bool empty_null_lists = true;  // where a destination has no missing lists
  Verify verify = Verify::counts;
  bool views = false;
  bool resume = true;
  bool passthrough = true;
  std::map<std::string, Type> types;                        // "schema.table.column" → type
  std::map<std::string, std::vector<std::string>> columns;  // table glob → columns, `!` excludes
  std::map<std::string, std::string> where;                 // table glob → native SQL condition
  std::map<std::string, std::string> rename;                // "schema.table" → destination name
  json::object adapter;  // the destination adapter's own section, checked by its spec
};

// The declaration. Adapter sections ("clickhouse") are declared by their registry entries.
const ConfigSpec& option_spec();

// Throws config_error("config.field.*" or "config.option.*") naming the option.
Options parse_options(const json::object& object, const DestinationEntry& destination);

// "256MiB", "1 GB", "1048576" → bytes.
std::size_t parse_bytes(std::string_view text, const std::string& name);
// Likewise, of a budget for batches: at least limits::memory_bytes_min.
std::size_t parse_memory(std::string_view text, const std::string& name);

}  // namespace penstock
