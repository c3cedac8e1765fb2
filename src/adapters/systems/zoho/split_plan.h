// How a module is cut into parts, and which way each is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/zoho/metadata.h"
#include "contract/source.h"

namespace penstock::zoho {

enum class Way : std::uint8_t { coql, lists, users, org };

// TableSchema::payload.
struct TableNote {
  std::string module;  // api name; empty: users or org
  Way way = Way::lists;
  bool coql = false;
  std::int64_t rows = -1, low = 0, high = 0;

  std::string text() const;
  static TableNote parse(std::string_view text);
};

// Split::payload.
struct SplitNote {
  Way way = Way::lists;
  std::int64_t low = 0, high = 0;  // ids: above low, up to high; 0: open

  std::string text() const;
  static SplitNote parse(std::string_view text);
};

// Credits that each way costs; a list can't reach more than 100,000 records.
std::int64_t coql_credits(std::int64_t rows, std::size_t fields_beside);
std::int64_t list_credits(std::int64_t rows, std::size_t fields);

// The cheapest complete way, in parts for that many readers.
std::vector<Split> plan(const TableSchema& table, const SplitGoal& goal);

}  // namespace penstock::zoho
