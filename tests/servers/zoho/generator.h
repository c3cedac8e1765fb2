// The values of records nobody has changed, as a pure function of (seed, module, field, index).
#pragma once

#include <cstdint>

#include "servers/zoho/cell.h"
#include "servers/zoho/schema.h"

namespace penstock::zoho_sim {

// First instant of the data; all of it lies before kDataEnd, before which the clock can't be set.
inline constexpr std::int64_t kDataBegin = 1'641'168'000;  // 2022-01-03
inline constexpr std::int64_t kDataEnd = 1'717'200'000;    // 2024-06-01

struct RowSeed {
  std::uint64_t hash = 0;  // of seed, module and index
  std::uint32_t index = 0;
  std::uint64_t recalculations = 0;  // of the module; changes computed fields only
  std::int64_t created = 0;
};

RowSeed row_seed(std::uint64_t seed, const ModuleSpec& module, std::uint32_t index);

// Created and Modified_Time of generated record `index` of `count`. Created never falls as the
// index rises, and four neighbours share each second. One record in four was modified later; a
// block in the middle (up to 500 records) was modified in one and the same second, as by an import.
std::int64_t generated_created(std::uint32_t index, std::uint32_t count);
std::int64_t generated_modified(const RowSeed& row, std::uint32_t count);

// Fills `cell` for every shape but id, times, layout and collections, which the store knows. Of
// lookups only `number` is set: a hash, from which the store chooses the record.
//   Threads: pure, so any.
void generate(const FieldSpec& field, const RowSeed& row, Cell& cell);

}  // namespace penstock::zoho_sim
