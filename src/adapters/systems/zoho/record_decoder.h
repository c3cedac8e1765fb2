// JSON records into columns.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contract/source.h"
#include "core/batch.h"

namespace penstock::zoho {

using Emails = std::unordered_map<std::int64_t, std::string>;  // by the user's id

// Purpose: decodes each value by what the JSON holds, and only then by the column's type. A value
// that contradicts its type becomes an issue of the batch (in text columns it is kept as JSON).
//   Call order: construct for the columns of one read → decode for each record.
//   Threads: one at a time. Errors: "source.protocol" for what is not JSON; then the batch is not
//   to be used.
class RecordDecoder {
 public:
  // `emails` outlives it; used where Zoho leaves a user's e-mail address out. May be null.
  RecordDecoder(std::span<const ReadColumn> columns, const Emails* emails);
  ~RecordDecoder();

  const std::vector<Type>& types() const { return types_; }
  // The distinct api names that the columns need, in their order.
  const std::vector<std::string>& fields() const { return field_names_; }

  // Appends one row. Values in `extras` come before those of the record. Each text is a JSON
  // object with padding behind it (page.h).
  void decode(std::string_view record, std::span<const std::string_view> extras, Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<Type> types_;
  std::vector<std::string> field_names_;
};

}  // namespace penstock::zoho
