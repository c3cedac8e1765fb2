// Values of the binary COPY stream that are not worth inlining: arrays, intervals, networks, bit
// strings, geometries, big decimals. Used by CopyDecoder only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/systems/postgresql/copy_decoder.h"
#include "core/batch.h"

namespace penstock::postgresql {

// Where a value goes and whom its issues name.
struct ValueSink {
  ColumnBuilder builder;
  const WireColumn* column = nullptr;
  std::vector<ValueIssue>* issues = nullptr;
  std::int64_t row = 0;           // of the batch, also inside lists
  std::int32_t column_index = 0;  // of the batch

  void issue(IssueKind kind, std::string text) const;
  // "source.protocol": the bytes are no value of the column's type.
  [[noreturn]] void malformed(std::string_view what) const;
};

// Appends one value of `type` (the column's own or, within lists, its element's).
void decode_value(ValueSink& sink, const Type& type, const std::uint8_t* bytes, std::size_t size);

}  // namespace penstock::postgresql
