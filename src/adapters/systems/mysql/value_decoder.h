// Values of the binary protocol in the general way: whatever the inlined cases of RowDecoder leave.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/mysql/row_decoder.h"
#include "core/batch.h"

namespace penstock::mysql {

// Where a value goes and whom its issues name.
struct ValueSink {
  ColumnBuilder builder;
  const WireColumn* column = nullptr;
  std::vector<ValueIssue>* issues = nullptr;
  std::int64_t row = 0;           // of the batch
  std::int32_t column_index = 0;  // of the batch

  void issue(IssueKind kind, std::string text) const;
  // "source.protocol": the bytes are no value of the column's type.
  [[noreturn]] void malformed() const;
};

// Appends the value that starts at p and returns what follows it. Nothing at or behind `end` is
// read. Throws as ValueSink::malformed does.
const std::uint8_t* decode_value(ValueSink& sink, const std::uint8_t* p, const std::uint8_t* end);

}  // namespace penstock::mysql
