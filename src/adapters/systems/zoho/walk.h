// The ways to read the records of a module, page by page, each complete.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/systems/zoho/api.h"
#include "adapters/systems/zoho/page.h"

namespace penstock::zoho {

inline constexpr std::int64_t kListPage = 200;       // records of a list
inline constexpr std::int64_t kCoqlPage = 2'000;     // rows of a COQL answer
inline constexpr std::int64_t kListReach = 100'000;  // records that a list can reach at all
inline constexpr std::size_t kListFields = 50;       // fields of a list
inline constexpr std::size_t kIdsPerCall = 100;      // of the parameter `ids`

// What to read. `main` come with the walk itself; `extra` by lists of the same ids, for what the
// walk can't give; `rich` among them may be cut and then are fetched whole.
struct WalkFields {
  std::string module;
  std::vector<std::string> main, extra, rich;
};

// Purpose: yields pages until there are no more: then null. Pages may have no records.
//   Threads: one at a time. Errors: those of Api.
class Walk {
 public:
  virtual ~Walk() = default;
  virtual PagePtr next() = 0;
};

// By COQL, in the order of ids: each query begins behind the last id, so that changes meanwhile
// neither shift nor repeat a record. `low` (excluded) and `high` (included) bound the ids; 0: open.
struct IdRange {
  std::int64_t low = 0, high = 0;
};
std::unique_ptr<Walk> walk_by_coql(Api& api, WalkFields fields, IdRange range,
                                   std::int64_t rows_estimate);
// By lists with page tokens, in the order of ids.
std::unique_ptr<Walk> walk_by_lists(Api& api, WalkFields fields);
// Users, or the organisation.
std::unique_ptr<Walk> walk_users(Api& api);
std::unique_ptr<Walk> walk_org(Api& api);

}  // namespace penstock::zoho
