// PostgreSQL's binary COPY stream to columns: the hot path of reading. No I/O.
// Layout of the stream: PostgreSQL manual, COPY, "Binary Format"; of the values: the *_send
// functions in src/backend/utils/adt/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/systems/postgresql/copy_consumer.h"
#include "core/batch.h"

namespace penstock::postgresql {

// How a value lies in the stream, and with it which logical types it can become.
enum class Wire : std::uint8_t {
  boolean,    // bool
  int16,      // int16
  int32,      // int32
  int64,      // int64
  uint32,     // uint32 (oid, xid, cid)
  uint64,     // uint64 (xid8)
  float32,    // float32
  float64,    // float64
  numeric,    // decimal or numeric
  text,       // string, json, enumeration, binary: the bytes as they are
  character,  // "char": string
  jsonb,      // json: a version byte, then text
  date,       // date
  timestamp,  // timestamp(6)
  time,       // time(6)
  interval,   // interval
  uuid,       // uuid
  network,    // network (inet, cidr)
  mac,        // network (macaddr, macaddr8)
  bits,       // string of 0 and 1 (bit, varbit)
  geometry,   // geometry: EWKB
};

// The names used in data/types/postgresql.tsv and in Field::fetch; parse throws
// Error "engine.internal" on any other.
std::string_view to_text(Wire wire);
Wire parse_wire(std::string_view name);

// One column of the stream. A list type is an array whose elements lie as `wire` says; nested lists
// are the dimensions of one array.
struct WireColumn {
  std::string name;  // for messages
  Type type;
  Wire wire = Wire::text;
  bool check_utf8 = false;       // text of a SQL_ASCII database may be anything
  bool any_lower_bound = false;  // int2vector and oidvector: 0 by nature, not worth an issue

  friend bool operator==(const WireColumn&, const WireColumn&) = default;
};

// Purpose: decodes the binary format into columns; see CopyConsumer. A "source.protocol" names the
// column. Values that don't fit their type become issues of the batch.
//   Memory: an incomplete field is kept until its rest arrives; its declared length alone reserves
//   nothing.
class CopyDecoder : public CopyConsumer {
 public:
  CopyDecoder(std::vector<WireColumn> columns, BatchLimits limits);
  ~CopyDecoder() override;
  CopyDecoder(CopyDecoder&&) noexcept;
  CopyDecoder& operator=(CopyDecoder&&) noexcept;

  // With room for as many rows as the last batch held.
  std::unique_ptr<Batch> make_batch() const override;
  void begin_batch(Batch* batch) override;
  std::size_t feed(std::span<const std::uint8_t> input) override;
  bool finished() const override { return phase_ == Phase::finished; }
  bool batch_full() const override { return full_; }
  std::int64_t rows_total() const override { return rows_total_; }
  // What is known of the size of batches stays.
  void restart() override;
  const std::vector<WireColumn>& columns() const { return columns_; }
  const BatchLimits& limits() const { return limits_; }

 private:
  struct Plan;
  enum class Phase : std::uint8_t { header, row_start, fields, finished };

  std::size_t feed_header(std::span<const std::uint8_t> input);
  const std::uint8_t* feed_pending(const std::uint8_t* p, const std::uint8_t* end);
  const std::uint8_t* feed_rows(const std::uint8_t* p, const std::uint8_t* end);
  void keep(const std::uint8_t* p, const std::uint8_t* end);
  void start_row(std::int16_t fields);
  void end_row();
  void decode_field(std::size_t column, const std::uint8_t* bytes, std::int32_t size);

  std::vector<WireColumn> columns_;
  std::vector<Plan> plans_;
  BatchLimits limits_;
  Batch* batch_ = nullptr;
  std::vector<std::uint8_t> pending_;  // the beginning of a field, row or header
  Phase phase_ = Phase::header;
  std::size_t column_ = 0;  // next field of the row
  bool full_ = false;
  std::int64_t rows_total_ = 0;
  std::int64_t rows_last_batch_ = 0;
  std::vector<std::size_t> value_bytes_last_batch_;  // per column, of variable width
  std::int64_t rows_until_check_ = 0;
  std::size_t bytes_since_check_ = 0;
};

}  // namespace penstock::postgresql
