#include "adapters/systems/zoho/split_plan.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "adapters/systems/zoho/columns.h"
#include "adapters/systems/zoho/walk.h"

namespace penstock::zoho {

namespace {

namespace json = boost::json;

// A part ends with a page that is half empty on average: with that many pages this stays below 3 %.
constexpr std::int64_t kPartRows = 20 * kCoqlPage;
// Lists are for what surely stays below their reach, also when records are added meanwhile.
constexpr std::int64_t kListRows = kListReach * 9 / 10;

std::int64_t rounded_up(std::int64_t number, std::int64_t unit) {
  return (number + unit - 1) / unit;
}

Split make_split(const TableSchema& table, const SplitNote& note, std::int64_t rows) {
  return {.table = table.id, .payload = note.text(), .rows_estimate = rows};
}

bool coql_is_cheaper(const TableSchema& table, std::int64_t rows) {
  std::set<std::string> all, beside;
  for (const Field& field : table.fields) {
    const Fetch fetch = Fetch::parse(field.fetch);
    all.insert(fetch.field);
    if (!fetch.coql) beside.insert(fetch.field);
  }
  return rows > kListRows || coql_credits(rows, beside.size()) <= list_credits(rows, all.size());
}

}  // namespace

std::string TableNote::text() const {
  return json::serialize(json::object{{"module", module},
                                      {"way", static_cast<int>(way)},
                                      {"coql", coql},
                                      {"rows", rows},
                                      {"low", low},
                                      {"high", high}});
}

TableNote TableNote::parse(std::string_view text) {
  const json::value value = json::parse(json::string_view(text.data(), text.size()));
  return {.module = std::string(value.at("module").as_string()),
          .way = static_cast<Way>(value.at("way").as_int64()),
          .coql = value.at("coql").as_bool(),
          .rows = value.at("rows").as_int64(),
          .low = value.at("low").as_int64(),
          .high = value.at("high").as_int64()};
}

std::string SplitNote::text() const {
  return json::serialize(
      json::object{{"way", static_cast<int>(way)}, {"low", low}, {"high", high}});
}

SplitNote SplitNote::parse(std::string_view text) {
  const json::value value = json::parse(json::string_view(text.data(), text.size()));
  return {.way = static_cast<Way>(value.at("way").as_int64()),
          .low = value.at("low").as_int64(),
          .high = value.at("high").as_int64()};
}

std::int64_t coql_credits(std::int64_t rows, std::size_t fields_beside) {
  const std::int64_t walk = rows <= 200 ? 1 : rows <= 1'000 ? 2 : 3 * rounded_up(rows, kCoqlPage);
  const auto lists = rounded_up(static_cast<std::int64_t>(fields_beside), kListFields);
  return walk + lists * rounded_up(rows, kIdsPerCall);
}

std::int64_t list_credits(std::int64_t rows, std::size_t fields) {
  const auto lists = rounded_up(static_cast<std::int64_t>(fields), kListFields);
  const std::int64_t more = std::max<std::int64_t>(lists - 1, 0);
  return std::max<std::int64_t>(1, rounded_up(rows, kListPage)) +
         more * rounded_up(rows, kIdsPerCall);
}

std::vector<Split> plan(const TableSchema& table, const SplitGoal& goal) {
  const TableNote note = TableNote::parse(table.payload);
  if (note.module.empty() || !note.coql) return {make_split(table, {.way = note.way}, note.rows)};
  if (note.rows >= 0 && !coql_is_cheaper(table, note.rows)) {
    return {make_split(table, {.way = Way::lists}, note.rows)};
  }
  std::int64_t parts = note.rows < 0 ? 1 : note.rows / kPartRows;
  parts = std::clamp<std::int64_t>(parts, 1, std::max<std::int64_t>(goal.splits_max, 1));
  if (note.low <= 0 || note.high <= note.low) parts = 1;
  std::vector<Split> splits;
  std::int64_t low = 0;
  for (std::int64_t i = 0; i < parts; ++i) {
    // Open at both ends: records may be added while the job runs.
    const bool last = i + 1 == parts;
    const std::int64_t high = last ? 0 : note.low + (note.high - note.low) / parts * (i + 1);
    const std::int64_t rows = note.rows < 0 ? -1 : note.rows / parts;
    splits.push_back(make_split(table, {.way = Way::coql, .low = low, .high = high}, rows));
    splits.back().index = static_cast<std::int32_t>(i);
    splits.back().count = static_cast<std::int32_t>(parts);
    low = high;
  }
  return splits;
}

}  // namespace penstock::zoho
