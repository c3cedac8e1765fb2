// Deterministic pseudo-random numbers: every value of the simulated CRM is a function of
// (seed, module, field, index), so records need not be stored.
#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::zoho_sim {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

// The finaliser of SplitMix64: each output bit depends on each input bit.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

// FNV-1a, finished by mix(). For names, not for secrets.
constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ seed;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return mix(hash);
}

// A number in [0, bound) from the hash's high bits; bound > 0.
constexpr std::uint64_t below(std::uint64_t hash, std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<UInt128>(hash) * bound) >> 64);
}

}  // namespace penstock::zoho_sim
