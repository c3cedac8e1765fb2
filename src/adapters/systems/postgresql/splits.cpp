#include "adapters/systems/postgresql/splits.h"

#include <algorithm>
#include <map>

#include "adapters/systems/postgresql/sql_text.h"

namespace penstock::postgresql {

namespace {

// Tid Range Scan: PostgreSQL 14 release notes; before it a ctid range scans the whole table.
constexpr int kTidRangeScanVersion = 140'000;
// A split of fewer bytes is not worth its commit at the destination.
constexpr std::int64_t kSplitBytesMin = std::int64_t{1} << 20;

__extension__ typedef __int128 Wide;

json::value optional_number(const std::optional<std::int64_t>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

std::optional<std::int64_t> number_or_none(const json::value& value) {
  return value.is_null() ? std::nullopt : std::optional(value.to_number<std::int64_t>());
}

void add_condition(std::string& sql, const std::string& condition) {
  sql += sql.empty() ? " WHERE " : " AND ";
  sql += condition;
}

std::string tid_literal(std::int64_t block) {
  return "'(" + std::to_string(block) + ",0)'::pg_catalog.tid";
}

}  // namespace

std::string SplitPart::from_where(const std::string& where) const {
  std::string conditions;
  if (block_low) add_condition(conditions, "ctid >= " + tid_literal(*block_low));
  if (block_high) add_condition(conditions, "ctid < " + tid_literal(*block_high));
  // Quoted, because -9223372036854775808 without quotes is a negated, too large number.
  const auto number = [](std::int64_t value) {
    return "'" + std::to_string(value) + "'::pg_catalog.int8";
  };
  if (key_low) add_condition(conditions, quote_identifier(key) + " >= " + number(*key_low));
  if (key_high) add_condition(conditions, quote_identifier(key) + " < " + number(*key_high));
  // The line end keeps a comment at the condition's end from swallowing the bracket.
  if (!where.empty()) add_condition(conditions, "(" + where + "\n)");
  return std::string(only ? " FROM ONLY " : " FROM ") + quote_table(relation) + conditions;
}

std::string parts_to_json(std::span<const SplitPart> parts) {
  json::array list;
  for (const SplitPart& part : parts) {
    json::object one{{"schema", part.relation.schema}, {"name", part.relation.name}};
    if (!part.only) one["only"] = false;
    if (part.out_of_line) one["out_of_line"] = true;
    if (part.block_low || part.block_high) {
      one["blocks"] =
          json::array{optional_number(part.block_low), optional_number(part.block_high)};
    }
    if (!part.key.empty()) {
      one["key"] = part.key;
      one["keys"] = json::array{optional_number(part.key_low), optional_number(part.key_high)};
    }
    list.push_back(std::move(one));
  }
  return json::serialize(json::object{{"v", 1}, {"parts", std::move(list)}});
}

std::vector<SplitPart> parts_from_json(const std::string& text) {
  std::vector<SplitPart> parts;
  const json::value parsed = json::parse(text);
  for (const json::value& value : parsed.at("parts").as_array()) {
    const json::object& one = value.as_object();
    SplitPart& part = parts.emplace_back();
    part.relation.schema = std::string(one.at("schema").as_string());
    part.relation.name = std::string(one.at("name").as_string());
    part.only = !one.contains("only");
    part.out_of_line = one.contains("out_of_line");
    if (const json::value* const blocks = one.if_contains("blocks")) {
      part.block_low = number_or_none(blocks->at(0));
      part.block_high = number_or_none(blocks->at(1));
    }
    if (const json::value* const key = one.if_contains("key")) {
      part.key = std::string(key->as_string());
      part.key_low = number_or_none(one.at("keys").at(0));
      part.key_high = number_or_none(one.at("keys").at(1));
    }
  }
  return parts;
}

namespace {

struct LeafSize {
  std::int64_t main_bytes = 0, total_bytes = 0, out_of_line_bytes = 0;
};

std::map<Oid, LeafSize> read_sizes(Connection& connection, const std::vector<Leaf>& leaves) {
  std::string list = "{";
  for (const Leaf& leaf : leaves) {
    list += (list.size() > 1 ? "," : "") + std::to_string(leaf.oid);
  }
  const std::vector<std::string> parameters = {list + "}"};
  const Result rows = connection.exec(
      "SELECT c.oid, pg_catalog.pg_relation_size(c.oid), pg_catalog.pg_table_size(c.oid),"
      " CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END"
      " FROM pg_catalog.pg_class c"
      " WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind IN ('r', 'm')",
      parameters, "asking for table sizes");
  std::map<Oid, LeafSize> sizes;
  for (int i = 0; i < rows.rows(); ++i) {
    sizes[static_cast<Oid>(rows.integer(i, 0))] = {rows.integer(i, 1), rows.integer(i, 2),
                                                   rows.integer(i, 3)};
  }
  return sizes;
}

struct SizedPart {
  SplitPart part;
  std::int64_t bytes = 0;
};

void add_block_ranges(const SplitPart& whole, const LeafSize& size, std::int64_t ranges,
                      int block_bytes, std::vector<SizedPart>& out) {
  const std::int64_t blocks = size.main_bytes / block_bytes;
  ranges = std::clamp<std::int64_t>(ranges, 1, std::max<std::int64_t>(blocks, 1));
  for (std::int64_t i = 0; i < ranges; ++i) {
    SizedPart sized{whole, size.total_bytes / ranges};
    if (i > 0) sized.part.block_low = blocks * i / ranges;
    if (i + 1 < ranges) sized.part.block_high = blocks * (i + 1) / ranges;
    out.push_back(std::move(sized));
  }
}

// The integer key that ranges can be cut from, when the table has one.
std::string integer_key(const TableSchema& table) {
  if (table.primary_key.columns.size() != 1) return {};
  const Field* const field = table.find(table.primary_key.columns.front());
  if (field == nullptr) return {};
  const TypeId id = field->type.id;
  const bool integer = id == TypeId::int16 || id == TypeId::int32 || id == TypeId::int64;
  return integer ? field->name : std::string();
}

// Servers without Tid Range Scan: ranges of equal width between the smallest and the largest key,
// both from the index. 128-bit arithmetic: the span of int64 does not fit int64.
void add_key_ranges(Connection& connection, const SplitPart& whole, const std::string& key,
                    std::int64_t bytes, std::int64_t ranges, std::vector<SizedPart>& out) {
  const Result bounds = connection.exec("SELECT min(" + quote_identifier(key) + "), max(" +
                                            quote_identifier(key) + ")" + whole.from_where({}),
                                        "looking for key ranges");
  const Wide low = bounds.integer(0, 0), high = bounds.integer(0, 1);
  if (bounds.null(0, 0) || high == low) ranges = 1;
  ranges = static_cast<std::int64_t>(std::clamp<Wide>(ranges, 1, std::max<Wide>(high - low, 1)));
  const auto boundary = [&](std::int64_t i) {
    return static_cast<std::int64_t>(low + (high - low) * i / ranges);
  };
  for (std::int64_t i = 0; i < ranges; ++i) {
    SizedPart sized{whole, bytes / ranges};
    if (ranges > 1) sized.part.key = key;
    if (i > 0) sized.part.key_low = boundary(i);
    if (i + 1 < ranges) sized.part.key_high = boundary(i + 1);
    out.push_back(std::move(sized));
  }
}

std::vector<SizedPart> cut(Connection& connection, const SplitRequest& request,
                           const TablePayload& payload) {
  const auto sizes = read_sizes(connection, payload.leaves);
  std::int64_t total = 0;
  for (const auto& [oid, size] : sizes) total += size.total_bytes;
  const std::int64_t target =
      std::max({request.goal.bytes_target, kSplitBytesMin,
                total / std::max<std::int64_t>(request.goal.splits_max, 1)});
  const std::string key = integer_key(*request.table);
  std::vector<SizedPart> parts;
  for (const Leaf& leaf : payload.leaves) {
    const auto at = sizes.find(leaf.oid);
    const LeafSize size = at == sizes.end() ? LeafSize{} : at->second;
    SplitPart whole{.relation = leaf.id, .out_of_line = size.out_of_line_bytes > 0};
    std::int64_t ranges = size.total_bytes / target + (size.total_bytes % target != 0);
    // As many for each reader: they then end at the same time.
    const std::int64_t readers = std::max(request.goal.readers, 1);
    if (ranges > 1) ranges = (ranges + readers - 1) / readers * readers;
    if (leaf.heap && payload.ctid && request.server_version >= kTidRangeScanVersion) {
      add_block_ranges(whole, size, ranges, request.block_bytes, parts);
    } else if (!key.empty() && ranges > 1) {
      add_key_ranges(connection, whole, key, size.total_bytes, ranges, parts);
    } else {
      parts.push_back({std::move(whole), size.total_bytes});
    }
  }
  return parts;
}

// Small parts share a split, as long as together they stay below the target.
std::vector<Split> bundle(const std::vector<SizedPart>& parts, const SplitRequest& request) {
  std::int64_t total = 0;
  for (const SizedPart& part : parts) total += part.bytes;
  std::vector<Split> splits;
  std::vector<SplitPart> held;
  std::int64_t held_bytes = 0;
  const auto close = [&] {
    Split& split = splits.emplace_back();
    split.table = request.table->id;
    split.payload = parts_to_json(held);
    split.bytes_estimate = held_bytes;
    const std::int64_t rows = request.table->rows_estimate;
    if (rows >= 0 && total > 0) {
      split.rows_estimate = static_cast<std::int64_t>(Wide{rows} * held_bytes / total);
    }
    held.clear();
    held_bytes = 0;
  };
  for (const SizedPart& sized : parts) {
    if (!held.empty() && held_bytes + sized.bytes > request.goal.bytes_target) close();
    held.push_back(sized.part);
    held_bytes += sized.bytes;
  }
  if (!held.empty()) close();
  for (std::size_t i = 0; i < splits.size(); ++i) {
    splits[i].index = static_cast<std::int32_t>(i);
    splits[i].count = static_cast<std::int32_t>(splits.size());
  }
  return splits;
}

}  // namespace

std::vector<Split> plan_table_splits(Connection& connection, const SplitRequest& request) {
  const TablePayload payload = TablePayload::from_json(request.table->payload);
  if (request.shared_snapshot && !payload.leaves.empty()) {
    return bundle(cut(connection, request, payload), request);
  }
  // One statement over the table as the user sees it: its partitions and children included.
  SplitPart whole{.relation = request.table->id, .only = false, .out_of_line = true};
  if (payload.leaves.size() == 1 && payload.leaves.front().oid == payload.oid) whole.only = true;
  std::vector<Split> splits =
      bundle({{whole, std::max<std::int64_t>(request.table->bytes_estimate, 0)}}, request);
  splits.front().bytes_estimate = request.table->bytes_estimate;
  splits.front().rows_estimate = request.table->rows_estimate;
  return splits;
}

}  // namespace penstock::postgresql
