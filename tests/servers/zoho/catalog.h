// The text of the simulated CRM: its modules and fields.
#pragma once

#include <string_view>

namespace penstock::zoho_sim {

// One line per module, "module Api_Name key=value ...", followed by one per field. `system` adds
// the fields most modules have (owner, times, tag, layout), `fill Prefix n` adds n fields of mixed
// types. Keys are those of schema.cpp.
//   Readable modules come first. Deals has 40 fields, Leads 64 and Site_Surveys 215, so that lists
//   (50 fields a call) and bulk jobs (200) have to be cut. Every_Type has each data type once.
std::string_view catalog_text();

}  // namespace penstock::zoho_sim
