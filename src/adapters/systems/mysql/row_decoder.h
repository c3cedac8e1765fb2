// Rows of MySQL's binary protocol to columns: the hot path of reading. No I/O.
// Layout: MySQL internals manual, "Binary Protocol Resultset Row" and "Binary Protocol Value";
// MariaDB manual, "Result Set Packets".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"

namespace penstock::mysql {

// How a value lies in a row's packet, and with it which logical types it can become. All numbers
// are little-endian, "counted" means after a length-encoded integer.
enum class Wire : std::uint8_t {
  int8,        // the integers: bool, the same or a wider integer, decimal
  int16,       // (YEAR is one as well)
  int32,       // (MEDIUMINT is one as well)
  int64,       //
  uint8,       //
  uint16,      //
  uint32,      //
  uint64,      //
  float32,     // float32, float64
  float64,     // float64
  decimal,     // decimal, numeric: counted text
  bit,         // bool, uint64: counted, most significant byte first
  date,        // date
  datetime,    // timestamp
  time,        // time
  text,        // string, json, enumeration, network, binary: counted bytes as they are
  set,         // list<string>: counted text, parted by commas
  uuid,        // uuid: counted text
  uuid_bytes,  // uuid: 16 counted bytes
  geometry,    // geometry, binary: counted SRID and WKB
  vector,      // list<float32>: counted
};

// The names used in data/types/mysql.tsv and in Field::fetch; parse throws Error "engine.internal"
// on any other.
std::string_view to_text(Wire wire);
Wire parse_wire(std::string_view name);

struct WireColumn {
  std::string name;  // for messages
  Type type;
  Wire wire = Wire::text;
  bool check_utf8 = false;  // bytes that are only said to be text

  friend bool operator==(const WireColumn&, const WireColumn&) = default;
};

struct BatchLimits {
  std::size_t bytes_target = 0;
  std::int64_t rows_max = 0;
  friend bool operator==(const BatchLimits&, const BatchLimits&) = default;
};

// Purpose: turns row packets into batches.
//   Call order: (make_batch → begin_batch → decode_row* until batch_full or the rows' end)*.
//   Ownership: keeps a pointer to the batch between begin_batch and the next one, none to packets.
//   Errors: Error "source.protocol" naming the column on bytes that are no such row; the batch is
//   unusable then. Values that don't fit their type become issues of the batch.
//   Threads: one at a time.
class RowDecoder {
 public:
  RowDecoder(std::vector<WireColumn> columns, BatchLimits limits);
  ~RowDecoder();
  RowDecoder(RowDecoder&&) noexcept;
  RowDecoder& operator=(RowDecoder&&) noexcept;

  // An empty batch of the columns' types.
  std::unique_ptr<Batch> make_batch() const;
  // Makes room for as many rows as the last batch held.
  void begin_batch(Batch* batch);
  void decode_row(std::span<const std::uint8_t> packet);
  // Whether the batch may not take another row.
  bool batch_full() const { return full_; }

  const std::vector<WireColumn>& columns() const { return columns_; }
  const BatchLimits& limits() const { return limits_; }

 private:
  struct Plan;
  const std::uint8_t* decode_slowly(std::size_t column, const std::uint8_t* p,
                                    const std::uint8_t* end);
  void end_row(std::size_t bytes);

  std::vector<WireColumn> columns_;
  std::vector<Plan> plans_;
  BatchLimits limits_;
  Batch* batch_ = nullptr;
  bool full_ = false;
  std::int64_t rows_last_batch_ = 0;
  std::vector<std::size_t> value_bytes_last_batch_;  // per column, of variable width
  std::int64_t rows_until_check_ = 0;
  std::size_t bytes_since_check_ = 0;
};

}  // namespace penstock::mysql
