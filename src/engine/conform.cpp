#include "engine/conform.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/json_check.h"
#include "core/limits.h"
#include "core/text.h"
#include "core/value_text.h"
#include "engine/batch_edit.h"

namespace penstock {

namespace {

constexpr std::size_t kRejectsKept = 10'000;     // per split, as records; all are counted
constexpr std::size_t kRejectValueBytes = 4096;  // of one value in a reject record

Misfit misfit_of(IssueKind kind) {
  switch (kind) {
    case IssueKind::out_of_range: return Misfit::out_of_range;
    case IssueKind::not_a_number: return Misfit::not_a_number;
    case IssueKind::infinite: return Misfit::infinite;
    case IssueKind::precision: return Misfit::precision;
    case IssueKind::invalid_text: return Misfit::invalid_text;
    case IssueKind::invalid_value: return Misfit::invalid_value;
  }
  return Misfit::invalid_value;
}

bool is_range_type(const Type& type) {
  return type.id == TypeId::date || type.id == TypeId::time || type.id == TypeId::timestamp;
}

std::int64_t range_value(const Column& column, std::int64_t row) {
  return column.type.id == TypeId::date ? column.value<std::int32_t>(row)
                                        : column.value<std::int64_t>(row);
}

template <typename T>
bool all_between(const Column& column, std::int64_t low, std::int64_t high) {
  const T* const values = column.values.as<T>();
  T smallest = 0, largest = 0;  // missing values hold 0 and no range excludes it
  for (std::int64_t row = 0; row < column.length; ++row) {
    smallest = std::min(smallest, values[row]);
    largest = std::max(largest, values[row]);
  }
  return smallest >= low && largest <= high;
}

// Why a date, time or timestamp does not fit, if it does not.
std::optional<Misfit> range_misfit(const Type& type, std::int64_t value, const ValueRule& rule) {
  const bool date = type.id == TypeId::date;
  const std::int64_t plus = date ? kDateInfinity : kTimestampInfinity;
  const std::int64_t minus = date ? kDateMinusInfinity : kTimestampMinusInfinity;
  if (has_infinity(type) && (value == plus || value == minus)) {
    if (rule.infinity) return std::nullopt;
    return Misfit::infinite;
  }
  if (value < rule.low || value > rule.high) return Misfit::out_of_range;
  if (rule.step != 1 && value % rule.step != 0) return Misfit::precision;
  return std::nullopt;
}

// The nearest value of the rule's range and step.
std::int64_t nearest_in_range(std::int64_t value, const ValueRule& rule) {
  value = std::clamp(value, rule.low, rule.high);
  if (rule.step == 1) return value;
  const std::int64_t rest = value % rule.step;
  const std::int64_t down = value - rest;  // towards zero
  if (2 * std::abs(rest) < rule.step) return down;
  const std::int64_t up = rest < 0 ? down - rule.step : down + rule.step;
  return up > rule.high || up < rule.low ? down : up;
}

bool not_finite_text(std::string_view text) {
  return text == "NaN" || text.ends_with("Infinity");
}

std::optional<Misfit> float_misfit(double value) {
  if (std::isnan(value)) return Misfit::not_a_number;
  if (std::isinf(value)) return Misfit::infinite;
  return std::nullopt;
}

bool is_text(const Type& type) {
  return type.id == TypeId::string || type.id == TypeId::json || type.id == TypeId::enumeration;
}

// SRID of an EWKB value, 0 when it has none. PostGIS: flag 0x20000000 in the type word.
std::int32_t ewkb_srid(std::string_view value) {
  if (value.size() < 9) return 0;
  const auto word = [&](std::size_t at) {
    std::uint32_t out = 0;
    std::memcpy(&out, value.data() + at, 4);
    return value[0] == 0 ? __builtin_bswap32(out) : out;
  };
  return (word(1) & 0x20000000U) != 0 ? static_cast<std::int32_t>(word(5)) : 0;
}

std::optional<Misfit> bytes_misfit(const Type& type, std::string_view value,
                                   const ValueRule& rule) {
  if (static_cast<std::int64_t>(value.size()) > rule.bytes_max) return Misfit::too_long;
  if (is_text(type)) {
    if (!rule.invalid_utf8 && find_invalid_utf8(value) != std::string_view::npos) {
      return Misfit::invalid_text;
    }
    if (!rule.nul && value.find('\0') != std::string_view::npos) return Misfit::nul_character;
  }
  if (type.id == TypeId::enumeration && !rule.other_labels &&
      std::ranges::find(type.labels, value) == type.labels.end()) {
    return Misfit::invalid_value;
  }
  if (type.id == TypeId::json && !rule.any_json && !is_json(value)) return Misfit::invalid_value;
  if (type.id == TypeId::numeric && !rule.not_finite && not_finite_text(value)) {
    return value == "NaN" ? Misfit::not_a_number : Misfit::infinite;
  }
  if (type.id == TypeId::geometry && !rule.other_srid) {
    const std::int32_t srid = ewkb_srid(value);
    if (srid != 0 && srid != type.srid) return Misfit::other_srid;
  }
  return std::nullopt;
}

// Whether the lists of each level below rows [from, to) have one length.
bool is_rectangular(const Column& column, std::int64_t from, std::int64_t to, bool top = true) {
  if (column.layout != Physical::list) return true;
  const auto* ends = column.offsets.as<std::int32_t>();
  for (std::int64_t i = from + 1; i < to; ++i) {
    if (ends[i + 1] - ends[i] != ends[from + 1] - ends[from]) return false;
  }
  // A list of empty lists has no rectangle either: its own length would be lost.
  const bool empty = from < to && ends[from + 1] == ends[from];
  if (empty && !top) return false;
  return is_rectangular(*column.child, ends[from], ends[to], false);
}

// The first reason why a present value breaks its rule; lists are searched through.
std::optional<Misfit> misfit_at(const Column& column, std::int64_t row, const ValueRule& rule) {
  if (is_range_type(column.type)) {
    return range_misfit(column.type, range_value(column, row), rule);
  }
  if (column.type.id == TypeId::float32 && !rule.not_finite) {
    return float_misfit(column.value<float>(row));
  }
  if (column.type.id == TypeId::float64 && !rule.not_finite) {
    return float_misfit(column.value<double>(row));
  }
  if (column.layout == Physical::bytes) {
    return bytes_misfit(column.type, column.bytes(row), rule);
  }
  if (column.layout != Physical::list || !rule.element) return std::nullopt;
  const auto* ends = column.offsets.as<std::int32_t>() + row;
  if (rule.rectangular && !is_rectangular(column, row, row + 1)) return Misfit::invalid_value;
  for (std::int32_t i = ends[0]; i < ends[1]; ++i) {
    if (!column.child->valid(i)) {
      if (column.child->layout == Physical::list && !rule.element->null_list) {
        return Misfit::null_list;
      }
      if (!rule.element->nullable) return Misfit::missing_value;
      continue;
    }
    if (const auto misfit = misfit_at(*column.child, i, *rule.element)) return misfit;
  }
  return std::nullopt;
}

// Whether a present value can break the rule at all, or only a missing one.
bool values_can_misfit(const Type& type, const ValueRule& rule) {
  if (is_range_type(type)) return true;
  switch (type.id) {
    case TypeId::float32:
    case TypeId::float64: return !rule.not_finite;
    case TypeId::list:
      if (rule.rectangular && type.element->id == TypeId::list) return true;
      return rule.element != nullptr && (!rule.element->nullable || !rule.element->null_list ||
                                         values_can_misfit(*type.element, *rule.element));
    default: break;
  }
  if (physical(type) != Physical::bytes) return false;
  if (type.id == TypeId::json && !rule.any_json) return true;
  if (type.id == TypeId::enumeration && !rule.other_labels) return true;
  return rule.bytes_max < INT32_MAX || (is_text(type) && (!rule.invalid_utf8 || !rule.nul)) ||
         (type.id == TypeId::numeric && !rule.not_finite) ||
         (type.id == TypeId::geometry && !rule.other_srid);
}

// Whether no byte is NUL or above 127: such text can break no rule but those on its size.
bool plain_ascii(const Column& column) {
  std::uint8_t high = 0, nul = 0;
  const std::uint8_t* const data = column.values.data();
  const std::size_t size = column.values.size();
  for (std::size_t i = 0; i < size; ++i) {
    high |= data[i];
    nul |= static_cast<std::uint8_t>(data[i] == 0);
  }
  return high < 0x80 && nul == 0;
}

std::string replace_bad_text(std::string_view text, bool strip_nul) {
  std::string out;
  while (!text.empty()) {
    const std::size_t bad = find_invalid_utf8(text);
    out += text.substr(0, bad);
    if (bad == std::string_view::npos) break;
    out += "\xEF\xBF\xBD";  // U+FFFD
    text.remove_prefix(bad + 1);
  }
  if (strip_nul) std::erase(out, '\0');
  return out;
}

bool can_replace_text(Misfit misfit, const Column& column) {
  return (misfit == Misfit::invalid_text || misfit == Misfit::nul_character) &&
         column.layout == Physical::bytes;
}

const Type& leaf_type(const Type& type) {
  return type.id == TypeId::list ? leaf_type(*type.element) : type;
}

// Moves a date, time or timestamp, or those in a list, into the rule's range. False when the value
// does not fit even so.
bool clamp_value(Column& column, std::int64_t row, const ValueRule& rule) {
  if (column.layout == Physical::list && rule.element) {
    const auto* ends = column.offsets.as<std::int32_t>() + row;
    for (std::int32_t i = ends[0]; i < ends[1]; ++i) {
      if (column.child->valid(i) && !clamp_value(*column.child, i, *rule.element)) return false;
    }
  } else if (is_range_type(column.type) && misfit_at(column, row, rule)) {
    const std::int64_t value = nearest_in_range(range_value(column, row), rule);
    if (column.type.id == TypeId::date) {
      column.values.as<std::int32_t>()[row] = static_cast<std::int32_t>(value);
    } else {
      column.values.as<std::int64_t>()[row] = value;
    }
  }
  return !misfit_at(column, row, rule);
}

// Makes sure that the slot holds the nearest value that fits; false when there is none. What a
// reader reported has its nearest value of the logical type in the slot already, which may still be
// beyond what the destination holds.
bool set_nearest(Column& column, std::int64_t row, Misfit misfit, const ValueRule& rule) {
  const bool range = is_range_type(leaf_type(column.type));
  const bool has_nearest = misfit == Misfit::precision || misfit == Misfit::out_of_range ||
                           (misfit == Misfit::infinite && range);
  return has_nearest && clamp_value(column, row, rule);
}

// Ends the sentence "the value … cannot be written to …:".
std::string_view explain(Misfit misfit) {
  switch (misfit) {
    case Misfit::missing_value: return "it is missing, and the column takes no NULL";
    case Misfit::out_of_range: return "it is outside the range of the destination's type";
    case Misfit::infinite: return "the destination's type has no infinity";
    case Misfit::not_a_number: return "the destination's type has no NaN";
    case Misfit::precision: return "it has more digits than the column was declared with";
    case Misfit::invalid_text: return "it is not valid UTF-8";
    case Misfit::nul_character: return "it holds a NUL character";
    case Misfit::too_long: return "it is longer than the destination allows";
    case Misfit::null_list: return "the destination's arrays cannot be NULL";
    case Misfit::other_srid: return "its SRID is not the column's";
    case Misfit::invalid_value: break;
  }
  return "the column's logical type cannot express it";
}

}  // namespace

std::string_view error_code(Misfit misfit) {
  switch (misfit) {
    case Misfit::missing_value: return "value.missing_value";
    case Misfit::out_of_range: return "value.out_of_range";
    case Misfit::infinite: return "value.infinite";
    case Misfit::not_a_number: return "value.not_a_number";
    case Misfit::precision: return "value.precision";
    case Misfit::invalid_text: return "value.invalid_text";
    case Misfit::nul_character: return "value.nul_character";
    case Misfit::too_long: return "value.too_long";
    case Misfit::null_list: return "value.null_list";
    case Misfit::other_srid: return "value.other_srid";
    case Misfit::invalid_value: return "value.invalid_value";
  }
  return "value.invalid_value";
}

std::string_view to_text(Misfit misfit) {
  return error_code(misfit).substr(std::string_view("value.").size());
}

namespace {
// NULL arrays have no value to show: their samples would all read alike.
void keep_sample(LossCount& entry, const std::string& sample) {
  if (entry.samples.size() >= limits::loss_samples_max) return;
  if (std::ranges::find(entry.samples, sample) == entry.samples.end()) {
    entry.samples.push_back(sample);
  }
}
}  // namespace

void LossAccount::add(const std::string& column, Misfit misfit, std::string_view action,
                      std::int64_t count, const std::string& sample) {
  const std::lock_guard lock(mutex_);
  LossCount& entry = counts_[{column, {misfit, action}}];
  entry.column = column;
  entry.misfit = misfit;
  entry.action = action;
  entry.count += count;
  keep_sample(entry, sample);
}

void LossAccount::merge(const LossAccount& other) {
  const std::scoped_lock lock(mutex_, other.mutex_);
  for (const auto& [kind, from] : other.counts_) {
    LossCount& entry = counts_[kind];
    entry.column = from.column;
    entry.misfit = from.misfit;
    entry.action = from.action;
    entry.count += from.count;
    for (const std::string& sample : from.samples) keep_sample(entry, sample);
  }
}

std::vector<LossCount> LossAccount::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<LossCount> out;
  for (const auto& [kind, entry] : counts_) out.push_back(entry);
  return out;
}

Conformer::Conformer(const TablePlan& plan, const Options& options)
    : plan_(plan),
      policy_(options.losses),
      on_error_(options.on_error),
      empty_lists_(options.empty_null_lists) {
  target_.resize(plan.read.columns.size());
  for (const TargetColumn& column : plan.target.columns) {
    if (column.source < 0) continue;
    target_[static_cast<std::size_t>(column.source)] = &column;
    if (!column.rule.always_fits) {
      checked_.push_back({column.source, &column, values_can_misfit(column.type, column.rule)});
    }
    if (column.rule.key) key_.push_back(column.source);
  }
}

void Conformer::check_column(const Checked& checked, const Batch& batch,
                             std::vector<Found>& found) const {
  const Column& column = batch.columns[static_cast<std::size_t>(checked.column)];
  const ValueRule& rule = checked.target->rule;
  const bool list = column.layout == Physical::list;
  if (column.null_count != 0 && !(rule.nullable && (!list || rule.null_list))) {
    const Misfit misfit = list && rule.nullable ? Misfit::null_list : Misfit::missing_value;
    for (std::int64_t row = 0; row < column.length; ++row) {
      if (!column.valid(row)) found.push_back({row, checked.column, misfit, "NULL"});
    }
  }
  if (!checked.values) return;
  // One cheap pass tells whether the column needs the careful one.
  if (column.type.id == TypeId::date && all_between<std::int32_t>(column, rule.low, rule.high) &&
      (rule.low > kDateMinusInfinity && rule.high < kDateInfinity)) {
    return;
  }
  if ((column.type.id == TypeId::timestamp || column.type.id == TypeId::time) && rule.step == 1 &&
      all_between<std::int64_t>(column, rule.low, rule.high) &&
      (rule.low > kTimestampMinusInfinity && rule.high < kTimestampInfinity)) {
    return;
  }
  if (is_text(column.type) && rule.other_labels && rule.any_json &&
      static_cast<std::int64_t>(column.values.size()) <= rule.bytes_max && plain_ascii(column)) {
    return;
  }
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (!column.valid(row)) continue;
    if (const auto misfit = misfit_at(column, row, rule)) {
      found.push_back({row, checked.column, *misfit, printable(value_text(column, row))});
    }
  }
}

void Conformer::apply(Batch& batch) {
  std::vector<Found> found;
  for (ValueIssue& issue : batch.issues) {
    // A column that the destination does not take cannot hurt it.
    if (target_.at(static_cast<std::size_t>(issue.column)) == nullptr) continue;
    found.push_back({issue.row, issue.column, misfit_of(issue.kind), std::move(issue.text)});
  }
  batch.issues.clear();
  for (const Checked& checked : checked_) {
    if (empty_lists_) treat_null_lists(checked, batch);
    check_column(checked, batch, found);
  }
  if (!found.empty()) treat_all(found, batch);
  rows_seen_ += batch.rows;
}

void Conformer::treat_null_lists(const Checked& checked, Batch& batch) {
  Column& column = batch.columns[static_cast<std::size_t>(checked.column)];
  if (column.layout != Physical::list || checked.target->rule.null_list) return;
  if (!checked.target->rule.nullable) return;
  const std::int64_t count = empty_null_lists(column);
  if (count == 0) return;
  const ReadColumn& read = plan_.read.columns[static_cast<std::size_t>(checked.column)];
  losses_.add(read.field->name, Misfit::null_list, "nearest", count, "NULL written as []");
}

void Conformer::treat_all(std::vector<Found>& found, Batch& batch) {
  // A reader's issue comes before what the rules find in the slot it left, and counts alone.
  std::ranges::stable_sort(found, [](const Found& a, const Found& b) {
    return std::pair(a.row, a.column) < std::pair(b.row, b.column);
  });
  std::vector<bool> rejected(static_cast<std::size_t>(batch.rows));
  std::map<std::int32_t, std::vector<ValueEdit>> edits;
  const Found* last = nullptr;
  for (const Found& one : found) {
    const bool same = last != nullptr && last->row == one.row && last->column == one.column;
    last = &one;
    if (same || rejected[static_cast<std::size_t>(one.row)]) continue;
    if (treat(one, batch, edits[one.column])) continue;
    reject_or_fail(one, batch);
    rejected[static_cast<std::size_t>(one.row)] = true;
  }
  for (const auto& [column, list] : edits) {
    apply_edits(batch.columns[static_cast<std::size_t>(column)], list);
  }
  if (std::ranges::find(rejected, true) == rejected.end()) return;
  const std::int64_t rows = batch.rows;
  remove_rows(batch, rejected);
  rows_seen_ += rows - batch.rows;
}

bool Conformer::treat(const Found& found, Batch& batch, std::vector<ValueEdit>& edits) {
  const auto index = static_cast<std::size_t>(found.column);
  const ValueRule& rule = target_[index]->rule;
  Column& column = batch.columns[index];
  if (rule.key || found.misfit == Misfit::missing_value) return false;
  const auto counted = [&](std::string_view action) {
    losses_.add(plan_.read.columns[index].field->name, found.misfit, action, 1,
                key_text(batch, found.row) + ": " + found.text);
    return true;
  };
  if (policy_ == Losses::nearest) {
    if (can_replace_text(found.misfit, column)) {
      std::string text = replace_bad_text(column.bytes(found.row), !rule.nul);
      // U+FFFD is longer than what it replaces.
      if (static_cast<std::int64_t>(text.size()) <= rule.bytes_max) {
        edits.push_back({found.row, ValueEdit::Kind::set_bytes, std::move(text)});
        return counted("nearest");
      }
    } else if (set_nearest(column, found.row, found.misfit, rule))
      return counted("nearest");
  }
  // Where there is no nearest value (NaN for a decimal), NULL is the next best.
  const bool null_fits = rule.nullable && (column.layout != Physical::list || rule.null_list);
  const bool null_wanted = policy_ != Losses::fail || on_error_ == OnError::null;
  if (!null_fits || !null_wanted) return false;
  edits.push_back({found.row, ValueEdit::Kind::make_null, {}});
  return counted("null");
}

void Conformer::reject_or_fail(const Found& found, const Batch& batch) {
  const auto index = static_cast<std::size_t>(found.column);
  const Field& field = *plan_.read.columns[index].field;
  const TargetColumn& target = *target_[index];
  const std::string row = key_text(batch, found.row);
  const std::string reason(to_text(found.misfit));
  if (on_error_ != OnError::reject) {
    Error error(Side::source, std::string(error_code(found.misfit)),
                "the value " + found.text + " of type " + field.native_type +
                    " cannot be written to " + target.name + " " + target.native_type + ": " +
                    std::string(explain(found.misfit)));
    throw error.in_table(plan_.schema.id.display())
        .in_column(field.name)
        .in_row(row)
        .hint(target.rule.key || found.misfit == Misfit::missing_value
                  ? "correct the row at the source, or use --on-error reject to set it aside"
                  : "choose --losses null or nearest, --on-error reject, or read the column as "
                    "text with --types " +
                        plan_.schema.id.display() + "." + field.name + "=string");
  }
  ++rows_rejected_;
  losses_.add(field.name, found.misfit, "rejected", 1, row + ": " + found.text);
  if (rejects_.size() < kRejectsKept) {
    rejects_.push_back(
        {plan_.schema.id.display(), field.name, reason, row, row_json(batch, found.row)});
  }
}

std::string Conformer::key_text(const Batch& batch, std::int64_t row) const {
  if (key_.empty()) return "row " + std::to_string(rows_seen_ + row + 1) + " of the split";
  std::string out;
  for (const std::int32_t column : key_) {
    const auto index = static_cast<std::size_t>(column);
    if (!out.empty()) out += ", ";
    out += plan_.read.columns[index].field->name + "=" +
           printable(value_text(batch.columns[index], row));
  }
  return out;
}

std::string Conformer::row_json(const Batch& batch, std::int64_t row) const {
  json::object out;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    const std::string& name = plan_.read.columns[i].field->name;
    if (!column.valid(row)) {
      out[name] = nullptr;
    } else {
      out[name] = printable(value_text(column, row), kRejectValueBytes);
    }
  }
  return json::serialize(out);
}

}  // namespace penstock
