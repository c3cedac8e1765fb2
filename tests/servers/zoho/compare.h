// Comparing cells with literals and with each other; shared by COQL and bulk criteria.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "servers/zoho/cell.h"

namespace penstock::zoho_sim {

// What a field's values can be compared with, and how.
enum class Comparable : std::uint8_t { text, number, time, boolean, reference, list, nothing };
Comparable comparable(const FieldSpec& field);

// A literal made ready for a field: the same kind of cell. Nothing when it doesn't fit the type.
std::optional<Cell> literal_cell(const FieldSpec& field, std::string_view text);

// NULL sorts first. Texts by bytes, lookups by id, users by id.
std::strong_ordering compare_cells(const Cell& left, const Cell& right);

// % stands for anything; ASCII letters in any case.
bool matches_like(std::string_view text, std::string_view pattern);

}  // namespace penstock::zoho_sim
