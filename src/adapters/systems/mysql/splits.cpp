#include "adapters/systems/mysql/splits.h"

#include <algorithm>

#include "adapters/systems/mysql/catalog.h"
#include "adapters/systems/mysql/key_ranges.h"
#include "adapters/systems/mysql/sql_text.h"

namespace penstock::mysql {

namespace {

// A split of fewer bytes is not worth its commit at the destination.
constexpr std::int64_t kSplitBytesMin = std::int64_t{1} << 20;

__extension__ typedef __int128 Wide;

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& text : list) out.emplace_back(text);
  return out;
}

std::vector<std::string> texts(const json::value& value) {
  std::vector<std::string> out;
  for (const json::value& text : value.as_array()) out.emplace_back(text.as_string());
  return out;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + quote_identifier(name);
  return out;
}

void add_condition(std::string& sql, const std::string& condition) {
  sql += (sql.empty() ? " WHERE " : " AND ") + condition;
}

}  // namespace

std::string SplitPart::from_where(const std::string& where) const {
  std::string conditions;
  if (!low.empty()) add_condition(conditions, at_or_above(columns, low));
  if (!high.empty()) {
    const std::string condition = below(columns, high);
    add_condition(conditions, with_nulls ? "(" + condition + " OR " +
                                               quote_identifier(columns.front()) + " IS NULL)"
                                         : condition);
  }
  // The line end keeps a comment at the condition's end from swallowing the bracket.
  if (!where.empty()) add_condition(conditions, "(" + where + "\n)");
  std::string from = " FROM " + quote_table(table);
  if (!partitions.empty()) from += " PARTITION (" + list_of(partitions) + ")";
  // Else the optimiser may read the whole table for each of a few large ranges.
  if (!index.empty()) from += " FORCE INDEX (" + quote_identifier(index) + ")";
  return from + conditions;
}

std::string SplitPart::to_json() const {
  json::object out{{"v", 1}, {"schema", table.schema}, {"name", table.name}};
  if (!partitions.empty()) out["partitions"] = texts(partitions);
  if (!columns.empty()) {
    out["index"] = index;
    out["columns"] = texts(columns);
    out["low"] = texts(low);
    out["high"] = texts(high);
    out["nulls"] = with_nulls;
  }
  return json::serialize(out);
}

SplitPart SplitPart::from_json(const std::string& text) {
  const json::value parsed = json::parse(text);
  const json::object& one = parsed.as_object();
  SplitPart part;
  part.table.schema = std::string(one.at("schema").as_string());
  part.table.name = std::string(one.at("name").as_string());
  if (const json::value* const list = one.if_contains("partitions")) part.partitions = texts(*list);
  if (!one.contains("columns")) return part;
  part.index = std::string(one.at("index").as_string());
  part.columns = texts(one.at("columns"));
  part.low = texts(one.at("low"));
  part.high = texts(one.at("high"));
  part.with_nulls = one.at("nulls").as_bool();
  return part;
}

namespace {

struct SizedPart {
  SplitPart part;
  std::int64_t rows = -1, bytes = -1;
};

// Neighbouring partitions share a split, as long as together they stay below the target.
std::vector<SizedPart> by_partitions(const SplitPart& whole, const TablePayload& payload,
                                     std::int64_t target) {
  std::vector<SizedPart> parts;
  for (const Partition& partition : payload.partitions) {
    if (parts.empty() || parts.back().bytes + partition.bytes > target) {
      parts.push_back({whole, 0, 0});
    }
    SizedPart& last = parts.back();
    last.part.partitions.push_back(partition.name);
    last.rows += partition.rows;
    last.bytes += partition.bytes;
  }
  return parts;
}

std::vector<SizedPart> by_key(Connection& connection, const SplitPart& whole, const SplitKey& key,
                              const TableSchema& table, std::int64_t ranges) {
  const std::vector<KeyBoundary> found = find_boundaries(connection, table, key, ranges);
  std::vector<SizedPart> parts;
  if (found.empty()) return parts;
  Wide rows = 0;
  for (const KeyBoundary& one : found) rows += one.rows_below;
  for (std::size_t i = 0; i < found.size(); ++i) {
    SizedPart& sized = parts.emplace_back(SizedPart{whole, found[i].rows_below, -1});
    sized.part.index = key.index;
    sized.part.columns = key.names();
    if (i > 0) sized.part.low = found[i - 1].literals;
    sized.part.high = found[i].literals;  // empty for the last one
    sized.part.with_nulls = i == 0 && key.nullable;
    if (table.bytes_estimate >= 0 && rows > 0) {
      sized.bytes = static_cast<std::int64_t>(Wide{table.bytes_estimate} * sized.rows / rows);
    }
  }
  return parts;
}

std::vector<SizedPart> cut(Connection& connection, const SplitRequest& request) {
  const TableSchema& table = *request.table;
  const SplitPart whole{.table = table.id};
  const std::vector<SizedPart> one = {{whole, table.rows_estimate, table.bytes_estimate}};
  const TablePayload payload = TablePayload::from_json(table.payload);
  // A table of an engine without transactions holds still for one statement only.
  if (!request.may_split || !payload.in_snapshots() || table.kind == TableKind::view) return one;
  const std::int64_t bytes = std::max<std::int64_t>(table.bytes_estimate, 0);
  const std::int64_t target =
      std::max({request.goal.bytes_target, kSplitBytesMin,
                bytes / std::max<std::int64_t>(request.goal.splits_max, 1)});
  const std::int64_t ranges = bytes / target + (bytes % target != 0 ? 1 : 0);
  if (ranges <= 1) return one;
  if (const auto key = choose_key(table, request.split_by)) {
    std::vector<SizedPart> parts = by_key(connection, whole, *key, table, ranges);
    if (!parts.empty()) return parts;
  }
  if (payload.partitions.size() > 1) return by_partitions(whole, payload, target);
  return one;
}

}  // namespace

std::vector<Split> plan_table_splits(Connection& connection, const SplitRequest& request) {
  const std::vector<SizedPart> parts = cut(connection, request);
  std::vector<Split> splits;
  for (const SizedPart& sized : parts) {
    splits.push_back({.table = request.table->id,
                      .index = static_cast<std::int32_t>(splits.size()),
                      .count = static_cast<std::int32_t>(parts.size()),
                      .payload = sized.part.to_json(),
                      .rows_estimate = sized.rows,
                      .bytes_estimate = sized.bytes});
  }
  return splits;
}

}  // namespace penstock::mysql
