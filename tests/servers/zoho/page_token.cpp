#include "servers/zoho/page_token.h"

#include <array>
#include <charconv>

#include "servers/zoho/call.h"
#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::size_t kWords = 6;
constexpr std::size_t kDigits = 16;
using Words = std::array<std::uint64_t, kWords>;

std::uint64_t seal(const Words& words, std::uint64_t key) {
  std::uint64_t sum = key;
  for (std::size_t i = 0; i + 1 < kWords; ++i) sum = mix(sum ^ words[i]);
  return sum;
}

}  // namespace

std::string PageToken::text(std::uint64_t key) const {
  Words words{bound_to,
              static_cast<std::uint64_t>(issued),
              static_cast<std::uint64_t>(after.time),
              static_cast<std::uint64_t>(after.index) << 32 | page,
              served,
              0};
  words[kWords - 1] = seal(words, key);
  std::string out;
  for (std::size_t i = 0; i < kWords; ++i) {
    // Every word but the seal is hidden by it: nothing about the token may look useful.
    const std::uint64_t word =
        i + 1 < kWords ? words[i] ^ mix(words[kWords - 1] + i * 31) : words[i];
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[word >> shift & 15];
  }
  return out;
}

PageToken read_token(std::string_view text, const TokenCheck& check) {
  const auto invalid = [] {
    return invalid_data("the page_token given is invalid", {{"param_name", "page_token"}});
  };
  if (text.size() != kWords * kDigits) throw invalid();
  Words words{};
  for (std::size_t i = 0; i < kWords; ++i) {
    const char* const from = text.data() + i * kDigits;
    const auto [end, failure] = std::from_chars(from, from + kDigits, words[i], 16);
    if (failure != std::errc{} || end != from + kDigits) throw invalid();
  }
  for (std::size_t i = 0; i + 1 < kWords; ++i) words[i] ^= mix(words[kWords - 1] + i * 31);
  if (seal(words, check.key ^ check.user) != words[kWords - 1]) throw invalid();

  PageToken token;
  token.bound_to = words[0];
  token.issued = static_cast<std::int64_t>(words[1]);
  token.after.time = static_cast<std::int64_t>(words[2]);
  token.after.index = static_cast<std::uint32_t>(words[3] >> 32);
  token.page = static_cast<std::uint32_t>(words[3]);
  token.served = static_cast<std::uint32_t>(words[4]);
  if (check.now - token.issued > check.life_seconds) {
    throw ApiError(400, "EXPIRED_VALUE", "the page_token has expired",
                   {{"param_name", "page_token"}});
  }
  if (!check.any_binding && token.bound_to != check.bound_to) {
    throw ApiError(400, "TOKEN_BOUND_DATA_MISMATCH",
                   "the parameters differ from those the page_token was made for");
  }
  return token;
}

}  // namespace penstock::zoho_sim
