// Feeds hostile bytes to the decoder of PostgreSQL's binary COPY stream, in pieces whose sizes come
// from the input too. What it must do: decode or throw penstock::Error, keep every column of a
// batch as long as the batch, and never read outside the input.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "adapters/systems/postgresql/copy_decoder.h"
#include "core/error.h"
#include "core/value_text.h"

namespace {

using namespace penstock;
using postgresql::CopyDecoder;
using postgresql::Wire;
using postgresql::WireColumn;

// One column of every way to decode; the input's first byte chooses three of them.
const std::vector<WireColumn>& all_columns() {
  static const std::vector<WireColumn> columns = {
      {.name = "bool", .type = Type::of(TypeId::boolean), .wire = Wire::boolean},
      {.name = "int16", .type = Type::of(TypeId::int16), .wire = Wire::int16},
      {.name = "int64", .type = Type::of(TypeId::int64), .wire = Wire::int64},
      {.name = "small", .type = Type::decimal(9, 2), .wire = Wire::numeric},
      {.name = "medium", .type = Type::decimal(18, 4), .wire = Wire::numeric},
      {.name = "wide", .type = Type::decimal(38, 10), .wire = Wire::numeric},
      {.name = "widest", .type = Type::decimal(76, 38), .wire = Wire::numeric},
      {.name = "numeric", .type = Type::of(TypeId::numeric), .wire = Wire::numeric},
      {.name = "text", .type = Type::of(TypeId::string), .wire = Wire::text, .check_utf8 = true},
      {.name = "char", .type = Type::of(TypeId::string), .wire = Wire::character},
      {.name = "jsonb", .type = Type::of(TypeId::json), .wire = Wire::jsonb},
      {.name = "date", .type = Type::of(TypeId::date), .wire = Wire::date},
      {.name = "timestamp", .type = Type::timestamp(6, true), .wire = Wire::timestamp},
      {.name = "interval", .type = Type::of(TypeId::interval), .wire = Wire::interval},
      {.name = "uuid", .type = Type::of(TypeId::uuid), .wire = Wire::uuid},
      {.name = "inet", .type = Type::of(TypeId::network), .wire = Wire::network},
      {.name = "mac", .type = Type::of(TypeId::network), .wire = Wire::mac},
      {.name = "bits", .type = Type::of(TypeId::string), .wire = Wire::bits},
      {.name = "geometry", .type = Type::geometry(4326), .wire = Wire::geometry},
      {.name = "list", .type = Type::list(Type::decimal(9, 2)), .wire = Wire::numeric},
      {.name = "matrix",
       .type = Type::list(Type::list(Type::of(TypeId::string))),
       .wire = Wire::text}};
  return columns;
}

void check(const Batch& batch) {
  for (const Column& column : batch.columns) {
    if (column.length != batch.rows && column.length != batch.rows + 1) std::abort();
    for (std::int64_t row = 0; row < batch.rows; ++row) value_text(column, row);
  }
}

void decode(CopyDecoder& decoder, std::span<const std::uint8_t> input, std::size_t piece) {
  std::unique_ptr<Batch> batch = decoder.make_batch();
  decoder.begin_batch(batch.get());
  while (!input.empty()) {
    const auto part = input.first(std::min(piece, input.size()));
    const std::size_t used = decoder.feed(part);
    if (used > part.size()) std::abort();
    input = input.subspan(used);
    if (decoder.batch_full()) {
      check(*batch);
      batch = decoder.make_batch();
      decoder.begin_batch(batch.get());
    }
  }
  check(*batch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto& all = all_columns();
  std::vector<WireColumn> columns;
  for (std::size_t i = 0; i < 3; ++i) columns.push_back(all[(data[0] + i * 7) % all.size()]);
  CopyDecoder decoder(columns, {.bytes_target = 1 << 14, .rows_max = 5});
  // Most inputs need the header to get anywhere; the last bit says whether it comes by itself.
  std::vector<std::uint8_t> stream;
  if ((data[1] & 1) == 0) {
    constexpr std::uint8_t header[19] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n'};
    stream.assign(std::begin(header), std::end(header));
  }
  stream.insert(stream.end(), data + 2, data + size);
  try {
    decode(decoder, stream, std::size_t{data[1]} / 2 + 1);
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
