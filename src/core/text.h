// Small text helpers shared by all layers. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

std::string lower(std::string_view text);  // ASCII only
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);

// The closest of `known` by edit distance, for "did you mean"; nothing when none is near.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);
// " (did you mean X?)" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

// Shell-like pattern: `*` any run, `?` one character; everything else literally.
bool glob_match(std::string_view pattern, std::string_view text);

std::string hex(std::string_view bytes);

// 64-bit FNV-1a: stable across machines and versions, for names and fingerprints, not for security.
std::uint64_t stable_hash(std::string_view bytes);
std::string hex64(std::uint64_t value);

// The longest prefix of `text` that is at most `bytes_max` long and ends at a UTF-8 boundary.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

// Position of the first byte that is not part of valid UTF-8 (RFC 3629: no surrogates, no overlong
// forms), or npos when all of it is valid.
std::size_t find_invalid_utf8(std::string_view text);

// Replaces everything but printable ASCII/UTF-8 by escapes and cuts at `bytes_max`, so that a
// hostile value can be shown in a message.
std::string printable(std::string_view value, std::size_t bytes_max = 200);

// "1.2 MiB", "12.3 k"; for people, never for machines.
std::string human_bytes(double bytes);
std::string human_count(double count);

}  // namespace penstock
