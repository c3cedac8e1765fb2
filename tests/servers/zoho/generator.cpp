#include "servers/zoho/generator.h"

#include <algorithm>
#include <array>

#include "servers/zoho/generator_text.h"
#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

using Kind = Cell::Kind;

constexpr std::int64_t kSpan = 60'000'000;       // seconds in which records were created
constexpr std::int64_t kModifySpan = 7'776'000;  // 90 days
constexpr std::int64_t kMassUpdate = kDataBegin + 61'000'000;
constexpr std::uint32_t kMassUpdateMax = 500;

void digits(std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::digits;
  // Up to 18 digits; one in eight has zeros in front, which a number would lose.
  if (hash % 8 == 0) cell.text += "000";
  append_number(cell.text, static_cast<std::int64_t>(below(mix(hash), 900'000'000'000'000)));
}

void integer(const FieldSpec& field, std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::integer;
  const bool large = hash % 16 == 0 && field.return_type.empty();
  cell.number = static_cast<std::int64_t>(below(mix(hash), large ? 999'999'999 : 5'000));
  if (large && hash % 32 == 0) cell.number = -cell.number;
}

void decimal(const FieldSpec& field, std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::decimal;
  cell.scale = static_cast<std::uint8_t>(field.decimals);
  // 16 significant digits are what Zoho holds; one value in 32 uses nearly all.
  const std::uint64_t bound = hash % 32 == 0 ? 900'000'000'000'000 : 100'000'000;
  cell.number = static_cast<std::int64_t>(below(mix(hash), bound));
  if (field.data_type == "percent") cell.number %= 10'001;
  // A third are whole numbers, which JSON shows without a point.
  if (hash % 3 == 0) {
    std::int64_t unit = 1;
    for (int i = 0; i < field.decimals; ++i) unit *= 10;
    cell.number -= cell.number % unit;
  }
  if (hash % 16 == 1) cell.number = -cell.number;
}

void picklist(const FieldSpec& field, std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::text;
  if (field.values_seeded == 0) {
    cell.kind = Kind::null;
  } else if (hash % 256 == 0) {
    cell.text = "Imported value";  // values outside of the list do occur
  } else {
    cell.text = field.values[below(mix(hash), field.values_seeded)];
  }
  if (cell.text == "-None-") cell.reset();
}

void multi_picklist(const FieldSpec& field, std::uint64_t hash, Cell& cell) {
  for (std::size_t i = 0; i < field.values_seeded; ++i) {
    if ((hash >> (20 + i) & 1) == 0) continue;
    if (!cell.text.empty()) cell.text += Cell::kItemEnd;
    cell.text += field.values[i];
  }
  if (!cell.text.empty()) cell.kind = Kind::list;
}

void tags(std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::tags;  // never null: [] when there is none
  if (hash % 4 == 0) cell.text = "Important";
  if (hash % 8 == 0) cell.text.append(1, Cell::kItemEnd).append("Follow up, soon");
}

}  // namespace

RowSeed row_seed(std::uint64_t seed, const ModuleSpec& module, std::uint32_t index) {
  RowSeed row;
  row.hash = mix(mix(seed + module.number * 0x100000001ULL) ^ index);
  row.index = index;
  return row;
}

std::int64_t generated_created(std::uint32_t index, std::uint32_t count) {
  const std::uint64_t group = index & ~3U;
  return kDataBegin + static_cast<std::int64_t>(group * kSpan / std::max(count, 1U));
}

std::int64_t generated_modified(const RowSeed& row, std::uint32_t count) {
  const std::uint32_t block = std::min(kMassUpdateMax, count / 10);
  const std::uint32_t middle = count / 2;
  if (row.index >= middle && row.index < middle + block) return kMassUpdate;
  const std::int64_t created = generated_created(row.index, count);
  if (row.hash % 4 != 0) return created;
  return created + static_cast<std::int64_t>(below(mix(row.hash), kModifySpan));
}

void generate(const FieldSpec& field, const RowSeed& row, Cell& cell) {
  cell.reset();
  std::uint64_t salt = field.salt;
  if (field.computed) salt += row.recalculations * 0x51ED27ULL;
  const std::uint64_t hash = mix(row.hash ^ salt);
  if (field.null_percent > 0 && below(hash, 100) < static_cast<std::uint64_t>(field.null_percent)) {
    return;
  }
  switch (field.shape) {
    case Shape::text: return generate_text(field, hash, cell);
    case Shape::rich_text: return generate_html(hash, cell);
    case Shape::bigint: return digits(hash, cell);
    case Shape::integer: return integer(field, hash, cell);
    case Shape::decimal: return decimal(field, hash, cell);
    case Shape::boolean:
      cell.kind = Kind::boolean;
      cell.number = field.flavour == "rare" ? hash % 10 == 0 : hash % 2;
      return;
    case Shape::date:
      cell.kind = Kind::date;
      cell.number = 19'000 + static_cast<std::int64_t>(below(mix(hash), 1'000));
      if (hash % 64 == 0) cell.number -= 15'000 + static_cast<std::int64_t>(hash >> 51);
      return;
    case Shape::datetime:
      cell.kind = Kind::datetime;
      cell.number = kDataBegin + static_cast<std::int64_t>(below(mix(hash), 75'000'000));
      return;
    case Shape::picklist:
      if (field.flavour == "datetime_text") return generate_text(field, hash, cell);
      return picklist(field, hash, cell);
    case Shape::multi_picklist: return multi_picklist(field, hash, cell);
    case Shape::tags: return tags(hash, cell);
    case Shape::lookup:
      cell.kind = Kind::lookup;
      cell.number = static_cast<std::int64_t>(mix(hash) >> 1);
      return;
    case Shape::user:
      cell.kind = Kind::user;
      cell.number = static_cast<std::int64_t>(below(mix(hash), users().size()));
      return;
    case Shape::auto_number:
      cell.kind = Kind::text;
      cell.text = "A-";
      append_number(cell.text, 1'000 + row.index);
      cell.text += "-X";
      return;
    case Shape::json: return generate_json(field, hash, cell);
    default: return;
  }
}

}  // namespace penstock::zoho_sim
