#include "adapters/systems/mysql/key_ranges.h"

#include <algorithm>
#include <list>

#include "adapters/systems/mysql/catalog.h"
#include "adapters/systems/mysql/sql_text.h"
#include "adapters/systems/mysql/types.h"

namespace penstock::mysql {

namespace {

constexpr std::string_view kDoing = "looking for key ranges";
constexpr std::size_t kKeyColumnsMax = 4;  // more make conditions long and ranges no better
// Ranges that turn out to be sparse take searches of their own: a bound on them.
constexpr std::int64_t kStepsPerRange = 4, kStepsSpare = 64;
constexpr std::int64_t kLopsided = 16;  // a cut that leaves less than 1/16 on a side missed
constexpr int kAttemptsMax = 7;         // in halves, quarters and eighths

bool is_number(TypeId id) {
  switch (id) {
    case TypeId::int8:
    case TypeId::int16:
    case TypeId::int32:
    case TypeId::int64:
    case TypeId::uint8:
    case TypeId::uint16:
    case TypeId::uint32:
    case TypeId::uint64:
    case TypeId::decimal: return true;
    default: return false;
  }
}

}  // namespace

std::vector<std::string> SplitKey::names() const {
  std::vector<std::string> out;
  for (const KeyColumn& column : columns) out.push_back(column.name);
  return out;
}

// Not among them: floats (their text is not their value), enum and set (ordered by number, compared
// as text), year (two digits mean something else), time and json.
std::optional<KeyColumn> key_column(const Field& field) {
  KeyColumn column{.name = field.name, .collation = field.collation};
  const Wire wire = Fetch::parse(field.fetch).wire;
  const std::string_view native = field.native_type;
  column.bits = wire == Wire::bit;
  const bool tinyint = wire == Wire::int8;  // also one that is read as a boolean
  if (native.starts_with("year")) return std::nullopt;
  if (is_number(field.type.id) || column.bits || tinyint) {
    column.kind = KeyKind::number;
  } else if (wire == Wire::date || wire == Wire::datetime) {
    column.kind = KeyKind::moment;
  } else if (field.type.id == TypeId::string && wire == Wire::text) {
    if (field.collation.empty()) return std::nullopt;
    column.kind = KeyKind::text;
  } else if (field.type.id == TypeId::binary && wire == Wire::text) {
    column.kind = KeyKind::bytes;
  } else if (wire == Wire::uuid || native.starts_with("inet")) {
    column.kind = KeyKind::other;
  } else {
    return std::nullopt;
  }
  return column;
}

namespace {

// The leading columns of the key that can be compared through literals and are never NULL.
std::optional<SplitKey> usable(const TableSchema& table, const Key& key) {
  SplitKey out{.index = key.name};
  for (const std::string& name : key.columns) {
    const Field* const field = table.find(name);
    if (field == nullptr || field->nullable || out.columns.size() == kKeyColumnsMax) break;
    auto column = key_column(*field);
    if (!column) break;
    out.columns.push_back(std::move(*column));
  }
  if (out.columns.empty()) return std::nullopt;
  return out;
}

std::optional<SplitKey> by_users_choice(const TableSchema& table, const std::string& name) {
  const Field* const field = table.find(name);
  const auto column = field == nullptr ? std::nullopt : key_column(*field);
  if (!column) return std::nullopt;
  const auto made = [&](const std::string& index) {
    return SplitKey{.index = index, .columns = {*column}, .nullable = field->nullable};
  };
  const auto leads = [&](const Key& key) {
    return !key.columns.empty() && key.columns.front() == name;
  };
  if (leads(table.primary_key)) return made(table.primary_key.name);
  for (const Key& key : table.unique_keys) {
    if (leads(key)) return made(key.name);
  }
  for (const Index& index : table.indexes) {
    const bool ordered = index.method == "btree" && !index.parts.empty();
    if (ordered && index.parts.front().column == name && index.parts.front().prefix == 0) {
      return made(index.name);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SplitKey> choose_key(const TableSchema& table, const std::string& split_by) {
  if (!split_by.empty()) return by_users_choice(table, split_by);
  if (TablePayload::from_json(table.payload).prefix_key) return std::nullopt;
  if (auto key = usable(table, table.primary_key)) return key;
  if (!table.primary_key.columns.empty()) return std::nullopt;
  // InnoDB then stores the rows in the order of the first unique key without NULLs; ranges of any
  // other index would fetch row by row.
  for (const Key& unique : table.unique_keys) {
    const bool complete = std::ranges::all_of(unique.columns, [&](const std::string& name) {
      const Field* const field = table.find(name);
      return field != nullptr && !field->nullable;
    });
    if (complete) return usable(table, unique);
  }
  return std::nullopt;
}

// ---- conditions

namespace {

// (a OP x OR (a = x AND (b OP y OR …))), the last column with `last` in place of OP.
std::string compare(const std::vector<std::string>& columns,
                    const std::vector<std::string>& literals, std::string_view strict,
                    std::string_view last) {
  std::string out;
  for (std::size_t i = columns.size(); i-- > 0;) {
    const std::string name = quote_identifier(columns[i]);
    if (out.empty()) {
      out = name + " " + std::string(last) + " " + literals[i];
    } else {
      out = "(" + name + " " + std::string(strict) + " " + literals[i] + " OR (" + name + " = " +
            literals[i] + " AND " + out + "))";
    }
  }
  return out;
}

}  // namespace

std::string at_or_above(const std::vector<std::string>& columns,
                        const std::vector<std::string>& literals) {
  return compare(columns, literals, ">", ">=");
}

std::string below(const std::vector<std::string>& columns,
                  const std::vector<std::string>& literals) {
  return compare(columns, literals, "<", "<");
}

// ---- searching

namespace {

// An entry of the index: per column the literal that means exactly it, and the text that `middle`
// takes.
struct KeyValue {
  std::vector<std::string> literals, texts;
};

struct Range {
  KeyValue low, high;  // existing keys; `high` of the last range is the largest one
  bool last = false;   // `high` belongs to it
  std::int64_t rows = 0;
  bool whole = false;  // no middle was found
  int attempt = 0;     // how many cuts in a row left nearly all of it
};

class Searcher {
 public:
  Searcher(Connection& connection, const TableSchema& table, const SplitKey& key)
      : connection_(connection), table_(table), key_(key), names_(key.names()) {}

  std::optional<KeyValue> end(bool largest) { return first(condition_not_null(), largest); }
  std::int64_t estimate(const Range& range);
  // An entry strictly between the range's ends.
  std::optional<KeyValue> between(const Range& range);

 private:
  std::string from() const {
    return " FROM " + quote_table(table_.id) + " FORCE INDEX (" + quote_identifier(key_.index) +
           ")";
  }
  std::string condition_not_null() const {
    return key_.nullable ? quote_identifier(names_.front()) + " IS NOT NULL" : "TRUE";
  }
  std::optional<KeyValue> first(const std::string& condition, bool from_above);

  Connection& connection_;
  const TableSchema& table_;
  const SplitKey& key_;
  std::vector<std::string> names_;
};

// Two columns of text per key column: what becomes the literal, and what people would read.
std::string selected(const KeyColumn& column) {
  const std::string name = quote_identifier(column.name);
  if (column.bits) return name + "+0," + name + "+0";
  if (column.kind == KeyKind::text || column.kind == KeyKind::bytes) {
    return "HEX(" + name + ")," + name;
  }
  return name + "," + name;
}

std::string bytes_of_hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
  }
  return out;
}

std::string literal(const KeyColumn& column, const std::string& told) {
  switch (column.kind) {
    case KeyKind::number:
      if (told.empty() || told.find_first_not_of("0123456789.-") != std::string::npos) {
        throw Error(Side::source, "source.protocol", "the server's number is none");
      }
      return told;
    case KeyKind::text: return quote_raw(bytes_of_hex(told), column.collation);
    case KeyKind::bytes: return quote_raw(bytes_of_hex(told), {});
    default: return quote_literal(told);
  }
}

std::optional<KeyValue> Searcher::first(const std::string& condition, bool from_above) {
  std::string columns, order;
  for (const KeyColumn& column : key_.columns) {
    columns += (columns.empty() ? "" : ",") + selected(column);
    order +=
        (order.empty() ? "" : ",") + quote_identifier(column.name) + (from_above ? " DESC" : "");
  }
  const Result rows = connection_.exec(
      "SELECT " + columns + from() + " WHERE " + condition + " ORDER BY " + order + " LIMIT 1",
      kDoing);
  if (rows.rows() == 0) return std::nullopt;
  KeyValue value;
  for (std::size_t i = 0; i < key_.columns.size(); ++i) {
    const int at = static_cast<int>(2 * i);
    value.literals.push_back(literal(key_.columns[i], rows.string(0, at)));
    const std::string text = rows.string(0, wants_raw_text(key_.columns[i]) ? at : at + 1);
    value.texts.push_back(wants_raw_text(key_.columns[i]) ? bytes_of_hex(text) : text);
  }
  return value;
}

std::int64_t Searcher::estimate(const Range& range) {
  std::string condition = at_or_above(names_, range.low.literals);
  if (!range.last) condition += " AND " + below(names_, range.high.literals);
  const Result plan = connection_.exec("EXPLAIN SELECT 1" + from() + " WHERE " + condition, kDoing);
  const int column = plan.column("rows");
  return plan.rows() == 0 || column < 0 ? 0 : plan.integer(0, column);
}

// 1/2, 1/4, 3/4, 1/8, 5/8, …: where the order of our guesses is not the server's, another place
// may do.
int share_of(int attempt) {
  int share = 0, place = kShares / 2;
  for (int n = attempt % (kShares - 1) + 1; n > 0; n /= 2, place /= 2) share += n % 2 * place;
  return share;
}

std::optional<KeyValue> Searcher::between(const Range& range) {
  // The first column whose ends differ, with those before it as they are.
  std::size_t at = 0;
  while (at + 1 < names_.size() && range.low.literals[at] == range.high.literals[at]) ++at;
  const auto guess =
      middle(key_.columns[at], range.low.texts[at], range.high.texts[at], share_of(range.attempt));
  if (!guess) return std::nullopt;
  const std::vector<std::string> names(names_.begin(),
                                       names_.begin() + static_cast<std::ptrdiff_t>(at + 1));
  std::vector<std::string> literals(range.low.literals.begin(),
                                    range.low.literals.begin() + static_cast<std::ptrdiff_t>(at));
  literals.push_back(*guess);
  const std::string inside =
      compare(names_, range.low.literals, ">", ">") + " AND " + below(names_, range.high.literals);
  try {
    if (auto found = first(inside + " AND " + at_or_above(names, literals), false)) return found;
    return first(inside + " AND " + below(names, literals), true);
  } catch (const Error&) {
    // The guess was no value of the type: bytes that are no characters, for example.
    if (!connection_.usable()) throw;
    return std::nullopt;
  }
}

// False when nothing was found to cut at.
bool cut(Searcher& search, std::list<Range>& ranges, std::list<Range>::iterator at) {
  const auto found = search.between(*at);
  if (!found) return false;
  const Range parent = *at;
  Range upper = parent;
  upper.low = *found;
  upper.rows = search.estimate(upper);
  at->high = *found;
  at->last = false;
  at->rows = search.estimate(*at);
  at->attempt = upper.attempt = 0;
  if (at->rows < parent.rows / kLopsided) upper.attempt = parent.attempt + 1;
  if (upper.rows < parent.rows / kLopsided) at->attempt = parent.attempt + 1;
  ranges.insert(std::next(at), std::move(upper));
  return true;
}

}  // namespace

std::vector<KeyBoundary> find_boundaries(Connection& connection, const TableSchema& table,
                                         const SplitKey& key, std::int64_t ranges_wanted) {
  Searcher search(connection, table, key);
  auto low = search.end(false);
  auto high = search.end(true);
  if (!low || !high) return {};
  std::list<Range> ranges;
  ranges.push_back({.low = std::move(*low), .high = std::move(*high), .last = true});
  ranges.front().rows = std::max<std::int64_t>(table.rows_estimate, 1);
  const std::int64_t rows_target = std::max<std::int64_t>(ranges.front().rows / ranges_wanted, 1);
  std::int64_t steps = ranges_wanted * kStepsPerRange + kStepsSpare;
  while (steps-- > 0) {
    const auto largest = std::ranges::max_element(
        ranges, {}, [](const Range& range) { return range.whole ? -1 : range.rows; });
    // Half as much again is not worth another cut.
    if (largest->whole || largest->rows <= rows_target + rows_target / 2) break;
    connection.cancel_token().check();
    if (cut(search, ranges, largest)) continue;
    // Another place may have an entry, or be a value at all.
    if (++largest->attempt == kAttemptsMax) largest->whole = true;
  }
  if (ranges.size() == 1) return {};
  std::vector<KeyBoundary> boundaries;
  for (Range& range : ranges) {
    boundaries.push_back(
        {range.last ? std::vector<std::string>{} : std::move(range.high.literals), range.rows});
  }
  return boundaries;
}

}  // namespace penstock::mysql
