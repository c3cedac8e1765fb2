// The opaque page tokens of lists and bulk jobs: where to continue, for whom, and until when.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "servers/zoho/module.h"

namespace penstock::zoho_sim {

// All of it is within the token's text, so nothing is stored for it.
struct PageToken {
  std::uint64_t bound_to = 0;  // hash of user, path and all parameters
  std::int64_t issued = 0;
  Position after;            // the last record of the page before
  std::uint32_t served = 0;  // records of all pages before
  std::uint32_t page = 1;    // the one it leads to

  std::string text(std::uint64_t key) const;  // key: of simulator and user, XORed
};

// What a token must be when it comes back.
struct TokenCheck {
  std::uint64_t key = 0;       // of the simulator
  std::uint64_t bound_to = 0;  // of this request
  std::uint64_t user = 0;      // a token of another user is invalid, not just unbound
  std::int64_t now = 0;
  std::int64_t life_seconds = 0;
  bool any_binding = false;  // the caller looks at bound_to itself
};

// Throws INVALID_DATA (garbage, foreign), EXPIRED_VALUE or TOKEN_BOUND_DATA_MISMATCH.
PageToken read_token(std::string_view text, const TokenCheck& check);

}  // namespace penstock::zoho_sim
