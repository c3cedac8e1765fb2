// Feeds hostile row packets to the decoder of MySQL's binary protocol. What it must do: decode or
// throw penstock::Error, keep every column of a batch as long as the batch, and never read outside
// the packet.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "adapters/systems/mysql/row_decoder.h"
#include "core/error.h"
#include "core/value_text.h"

namespace {

using namespace penstock;
using mysql::RowDecoder;
using mysql::Wire;
using mysql::WireColumn;

// One column of every way to decode; the input's first byte chooses three of them.
const std::vector<WireColumn>& all_columns() {
  static const std::vector<WireColumn> columns = {
      {.name = "int8", .type = Type::of(TypeId::int8), .wire = Wire::int8},
      {.name = "bool", .type = Type::of(TypeId::boolean), .wire = Wire::int8},
      {.name = "wider", .type = Type::of(TypeId::int64), .wire = Wire::uint16},
      {.name = "int64", .type = Type::decimal(20, 0), .wire = Wire::uint64},
      {.name = "float", .type = Type::of(TypeId::float64), .wire = Wire::float32},
      {.name = "double", .type = Type::of(TypeId::float64), .wire = Wire::float64},
      {.name = "small", .type = Type::decimal(9, 2), .wire = Wire::decimal},
      {.name = "medium", .type = Type::decimal(18, 4), .wire = Wire::decimal},
      {.name = "widest", .type = Type::decimal(65, 30), .wire = Wire::decimal},
      {.name = "numeric", .type = Type::of(TypeId::numeric), .wire = Wire::decimal},
      {.name = "bit", .type = Type::of(TypeId::uint64), .wire = Wire::bit},
      {.name = "date", .type = Type::of(TypeId::date), .wire = Wire::date},
      {.name = "micros", .type = Type::timestamp(6, true), .wire = Wire::datetime},
      {.name = "seconds", .type = Type::timestamp(0, false), .wire = Wire::datetime},
      {.name = "time", .type = Type::time(3), .wire = Wire::time},
      {.name = "text", .type = Type::of(TypeId::string), .wire = Wire::text},
      {.name = "checked", .type = Type::of(TypeId::string), .wire = Wire::text, .check_utf8 = true},
      {.name = "label", .type = Type::enumeration({"a", "b"}), .wire = Wire::text},
      {.name = "set", .type = Type::list(Type::of(TypeId::string)), .wire = Wire::set},
      {.name = "uuid", .type = Type::of(TypeId::uuid), .wire = Wire::uuid},
      {.name = "bytes", .type = Type::of(TypeId::uuid), .wire = Wire::uuid_bytes},
      {.name = "geometry", .type = Type::geometry(4326), .wire = Wire::geometry},
      {.name = "vector", .type = Type::list(Type::of(TypeId::float32)), .wire = Wire::vector}};
  return columns;
}

void check(const Batch& batch) {
  for (const Column& column : batch.columns) {
    if (column.length != batch.rows) std::abort();
    for (std::int64_t row = 0; row < batch.rows; ++row) value_text(column, row);
  }
}

}  // namespace

// Byte 0: the columns. Byte 1: the size of each packet that follows, in a buffer of its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto& all = all_columns();
  std::vector<WireColumn> columns;
  for (std::size_t i = 0; i < 3; ++i) columns.push_back(all[(data[0] + i * 7) % all.size()]);
  RowDecoder decoder(columns, {.bytes_target = 1 << 14, .rows_max = 5});
  std::unique_ptr<Batch> batch = decoder.make_batch();
  decoder.begin_batch(batch.get());
  const std::size_t piece = std::size_t{data[1]} + 1;
  try {
    for (std::size_t at = 2; at < size; at += piece) {
      const std::vector<std::uint8_t> packet(data + at, data + std::min(at + piece, size));
      decoder.decode_row(packet);
      if (!decoder.batch_full()) continue;
      check(*batch);
      batch = decoder.make_batch();
      decoder.begin_batch(batch.get());
    }
    check(*batch);
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
