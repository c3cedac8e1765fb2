// Makes the rows of a batch fit the destination's columns under the policies the user chose, and
// keeps the account of every value that could not be carried exactly. One place for all pairs.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/ledger.h"
#include "engine/batch_edit.h"
#include "engine/options.h"
#include "engine/plan.h"

namespace penstock {

enum class Misfit : std::uint8_t {
  missing_value,  // NULL where the destination has none
  out_of_range,
  infinite,
  not_a_number,
  precision,
  invalid_text,
  nul_character,
  too_long,
  null_list,
  other_srid,
  invalid_value,
};
std::string_view to_text(Misfit misfit);
// The code of the error that names it: "value.out_of_range".
std::string_view error_code(Misfit misfit);

// What happened to one kind of value in one column.
struct LossCount {
  std::string column;
  Misfit misfit = Misfit::out_of_range;
  std::string_view action;  // "null", "nearest", "rejected"
  std::int64_t count = 0;
  std::vector<std::string> samples;  // key and value of the first few
};

// Counts of a table; thread-safe, because several workers write one table.
class LossAccount {
 public:
  void add(const std::string& column, Misfit misfit, std::string_view action, std::int64_t count,
           const std::string& sample);
  void merge(const LossAccount& other);
  std::vector<LossCount> counts() const;

 private:
  using Kind = std::pair<std::string, std::pair<Misfit, std::string_view>>;
  mutable std::mutex mutex_;
  std::map<Kind, LossCount> counts_;
};

// Purpose: checks one table's batches. One instance per split: what it counted and rejected is
// added to the table's account only once the split is committed, so that a retried split counts
// once. One thread at a time.
class Conformer {
 public:
  // `plan` outlives the conformer.
  Conformer(const TablePlan& plan, const Options& options);

  // Changes `batch` so that every value fits: values are replaced or rows removed. Throws Error
  // "value.<misfit>" (naming column, row key and value) when the policy is to fail.
  void apply(Batch& batch);

  const LossAccount& losses() const { return losses_; }
  const std::vector<RejectRecord>& rejects() const { return rejects_; }  // at most kRejectsKept
  std::int64_t rows_rejected() const { return rows_rejected_; }

 private:
  struct Found {
    std::int64_t row;
    std::int32_t column;  // of the batch
    Misfit misfit;
    std::string text;  // of the value, for people
  };
  struct Checked {
    std::int32_t column;  // of the batch
    const TargetColumn* target;
    bool values;  // whether present values can misfit, or missing ones only
  };

  void check_column(const Checked& checked, const Batch& batch, std::vector<Found>& found) const;
  void treat_null_lists(const Checked& checked, Batch& batch);
  void treat_all(std::vector<Found>& found, Batch& batch);
  // True when the value now fits (or will, by an edit); false when the row has to go.
  bool treat(const Found& found, Batch& batch, std::vector<ValueEdit>& edits);
  void reject_or_fail(const Found& found, const Batch& batch);
  std::string key_text(const Batch& batch, std::int64_t row) const;
  std::string row_json(const Batch& batch, std::int64_t row) const;

  const TablePlan& plan_;
  const Losses policy_;
  const OnError on_error_;
  const bool empty_lists_;
  std::vector<Checked> checked_;             // columns that can misfit at all
  std::vector<const TargetColumn*> target_;  // by batch column
  std::vector<std::int32_t> key_;            // batch columns of the key
  LossAccount losses_;
  std::vector<RejectRecord> rejects_;
  std::int64_t rows_rejected_ = 0, rows_seen_ = 0;
};

}  // namespace penstock
