// What a walk leaves out of its records: fields beyond its limits, and rich text as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/systems/zoho/walk.h"

namespace penstock::zoho {

// Purpose: completes pages.
//   Threads: one at a time. A record that was deleted meanwhile leaves its page.
class Extras {
 public:
  Extras(Api& api, const WalkFields& fields);
  void complete(Page& page);

 private:
  void add_fields(Page& page);
  void add_rich_text(Page& page);
  // Adds the objects of an answer to the records with their ids; returns which ids had none.
  std::vector<std::size_t> attach(Page& page, const std::vector<std::size_t>& rows,
                                  std::string body, const std::string& what);
  void fetch_alone(Page& page, const std::vector<std::size_t>& rows, const std::string& fields);
  static void drop(Page& page, std::vector<std::size_t> rows);

  Api& api_;
  const WalkFields& fields_;
  std::vector<std::int64_t> ids_;  // of the page at hand
  std::vector<std::size_t> gone_;  // its records that were deleted meanwhile
};

// Lists hide converted leads unless told otherwise; other modules have no such parameter.
std::string converted_parameter(std::string_view module);

std::string joined(const std::vector<std::string>& names, std::size_t from, std::size_t count);

}  // namespace penstock::zoho
