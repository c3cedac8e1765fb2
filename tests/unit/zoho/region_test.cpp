#include "adapters/systems/zoho/region.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace penstock::zoho {
namespace {

std::string accounts(const std::string& api) {
  return region_of(api, "").accounts;
}

TEST(ZohoRegion, AccountsServersAreDerived) {
  EXPECT_EQ(accounts("https://www.zohoapis.in"), "https://accounts.zoho.in");
  EXPECT_EQ(accounts("www.zohoapis.com.au/"), "https://accounts.zoho.com.au");
  EXPECT_EQ(accounts("https://sandbox.zohoapis.eu"), "https://accounts.zoho.eu");
  EXPECT_EQ(accounts("https://developer.zohoapis.com"), "https://accounts.zoho.com");
  EXPECT_EQ(accounts("https://www.zohoapis.ca"), "https://accounts.zohocloud.ca");
  EXPECT_EQ(accounts("https://WWW.zohoapis.JP"), "https://accounts.zoho.jp");
  EXPECT_EQ(accounts("http://127.0.0.1:9443"), "http://127.0.0.1:9443");
  EXPECT_EQ(region_of("https://www.zohoapis.in", "https://proxy.example/").accounts,
            "https://proxy.example");
}

TEST(ZohoRegion, WhatIsNoAddressOfZohosIsRefused) {
  for (const char* api : {"https://crm.zoho.in", "http://www.zohoapis.in",
                          "https://evilzohoapis.in", "https://", "https://www.zohoapis.in/crm",
                          "https://a@www.zohoapis.in", "https://www.zohoapis.in\r\nHost: x"}) {
    EXPECT_THROW(region_of(api, ""), Error) << api;
  }
  EXPECT_THROW(region_of("https://www.zohoapis.in", "http://accounts.zoho.in"), Error);
}

}  // namespace
}  // namespace penstock::zoho
