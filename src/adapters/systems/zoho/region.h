// Which hosts belong to a Zoho data centre.
#pragma once

#include <string>

namespace penstock::zoho {

// Purpose: the two addresses of one data centre, without a slash at the end.
struct Region {
  std::string api;       // "https://www.zohoapis.in"
  std::string accounts;  // "https://accounts.zoho.in"
};

// `api_domain` may lack its scheme; `accounts_url` may be empty, and is then derived: every data
// centre's hosts share their ending, but Canada's. Plain http is taken for loopback only, because
// tokens travel in it. Throws config_error("config.api_domain").
Region region_of(std::string api_domain, std::string accounts_url);

}  // namespace penstock::zoho
