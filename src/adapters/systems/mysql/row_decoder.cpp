#include "adapters/systems/mysql/row_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/systems/mysql/decimal_text.h"
#include "adapters/systems/mysql/value_decoder.h"
#include "core/civil.h"
#include "core/error.h"

namespace penstock::mysql {

namespace {

// How often the batch's size is summed up: a bound on what a batch may pass its target by.
constexpr std::int64_t kRowsPerCheck = 64;
constexpr std::size_t kBytesPerCheck = std::size_t{64} << 10;
constexpr unsigned kCountedMax = 250;  // lengths above have a prefix (length-encoded integer)

constexpr std::array kWireNames = {
    std::string_view("int8"),       std::string_view("int16"),    std::string_view("int32"),
    std::string_view("int64"),      std::string_view("uint8"),    std::string_view("uint16"),
    std::string_view("uint32"),     std::string_view("uint64"),   std::string_view("float32"),
    std::string_view("float64"),    std::string_view("decimal"),  std::string_view("bit"),
    std::string_view("date"),       std::string_view("datetime"), std::string_view("time"),
    std::string_view("text"),       std::string_view("set"),      std::string_view("uuid"),
    std::string_view("uuid_bytes"), std::string_view("geometry"), std::string_view("vector")};
static_assert(kWireNames.size() == static_cast<std::size_t>(Wire::vector) + 1);

[[noreturn]] void bad_row(std::string_view what) {
  throw Error(Side::source, "source.protocol", "MySQL sent a row that " + std::string(what))
      .hint("is this really a MySQL or MariaDB server, and was the table changed meanwhile?");
}

// The inlined cases; `other` goes through decode_value.
enum class Op : std::uint8_t {
  copy8,
  copy16,
  copy32,
  copy64,
  bytes,
  date,
  datetime,
  decimal32,
  decimal64,
  other
};

// Whether values lie in the packet as they shall lie in the column.
Op op_of(const WireColumn& column) {
  const TypeId id = column.type.id;
  switch (column.wire) {
    case Wire::int8: return id == TypeId::int8 ? Op::copy8 : Op::other;
    case Wire::int16: return id == TypeId::int16 ? Op::copy16 : Op::other;
    case Wire::int32: return id == TypeId::int32 ? Op::copy32 : Op::other;
    case Wire::int64: return id == TypeId::int64 ? Op::copy64 : Op::other;
    case Wire::uint8: return id == TypeId::uint8 ? Op::copy8 : Op::other;
    case Wire::uint16: return id == TypeId::uint16 ? Op::copy16 : Op::other;
    case Wire::uint32: return id == TypeId::uint32 ? Op::copy32 : Op::other;
    case Wire::uint64: return id == TypeId::uint64 ? Op::copy64 : Op::other;
    case Wire::float32: return id == TypeId::float32 ? Op::copy32 : Op::other;
    case Wire::float64: return Op::copy64;
    case Wire::text: return column.check_utf8 || id == TypeId::enumeration ? Op::other : Op::bytes;
    case Wire::date: return Op::date;
    case Wire::datetime: return column.type.digits <= 6 ? Op::datetime : Op::other;
    case Wire::decimal:
      if (id != TypeId::decimal || column.type.precision > 18) return Op::other;
      return column.type.precision > 9 ? Op::decimal64 : Op::decimal32;
    default: return Op::other;
  }
}

std::uint16_t year_at(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] | p[1] << 8);
}

// True for the days that every month has; all else takes the careful way.
bool usual_day(const std::uint8_t* p) {
  return static_cast<unsigned>(p[2] - 1) < 12 && static_cast<unsigned>(p[3] - 1) < 28 &&
         year_at(p) <= 9999;
}

}  // namespace

std::string_view to_text(Wire wire) {
  return kWireNames[static_cast<std::size_t>(wire)];
}

Wire parse_wire(std::string_view name) {
  const auto at = std::find(kWireNames.begin(), kWireNames.end(), name);
  if (at == kWireNames.end()) {
    throw Error(Side::engine, "engine.internal", "unknown wire form " + std::string(name));
  }
  return static_cast<Wire>(at - kWireNames.begin());
}

struct RowDecoder::Plan {
  ColumnBuilder builder{nullptr};
  std::uint64_t limit = 0;      // decimal: 10^precision
  std::int64_t per_second = 1;  // timestamp: 10^digits
  std::uint32_t per_tick = 1;   // timestamp: microseconds
  int scale = 0;
  Op op = Op::other;

  // Appends the value at p when it is of the usual kind and returns what follows it; null leaves
  // it to decode_slowly.
  const std::uint8_t* append(const std::uint8_t* p, const std::uint8_t* end);

 private:
  template <typename T>
  const std::uint8_t* copy(const std::uint8_t* p, const std::uint8_t* end) {
    if (end - p < static_cast<std::ptrdiff_t>(sizeof(T))) return nullptr;
    T value;
    std::memcpy(&value, p, sizeof value);
    builder.append_fixed(value);
    return p + sizeof(T);
  }
  const std::uint8_t* append_counted(const std::uint8_t* p, const std::uint8_t* end);
  const std::uint8_t* append_date(const std::uint8_t* p, const std::uint8_t* end);
  const std::uint8_t* append_datetime(const std::uint8_t* p, const std::uint8_t* end);
};

inline const std::uint8_t* RowDecoder::Plan::append_counted(const std::uint8_t* p,
                                                            const std::uint8_t* end) {
  if (p == end || *p > kCountedMax) return nullptr;
  const std::size_t size = *p++;
  if (end - p < static_cast<std::ptrdiff_t>(size)) return nullptr;
  if (op == Op::bytes) {
    if (size <= Buffer::kShort && end - p >= std::ptrdiff_t{Buffer::kShort}) {
      builder.append_short(p, size);
    } else {
      builder.append_bytes(p, size);
    }
    return p + size;
  }
  std::int64_t value = 0;
  if (!small_decimal(p, size, limit, scale, value)) return nullptr;
  if (op == Op::decimal64) {
    builder.append_fixed(value);
  } else {
    builder.append_fixed(static_cast<std::int32_t>(value));
  }
  return p + size;
}

inline const std::uint8_t* RowDecoder::Plan::append_date(const std::uint8_t* p,
                                                         const std::uint8_t* end) {
  if (end - p < 5 || *p != 4 || !usual_day(p + 1)) return nullptr;
  ++p;
  builder.append_fixed(static_cast<std::int32_t>(days_from_civil({year_at(p), p[2], p[3]})));
  return p + 4;
}

inline const std::uint8_t* RowDecoder::Plan::append_datetime(const std::uint8_t* p,
                                                             const std::uint8_t* end) {
  if (end - p < 5) return nullptr;
  const unsigned size = *p;
  if ((size != 4 && size != 7 && size != 11) || end - p < static_cast<std::ptrdiff_t>(size) + 1 ||
      !usual_day(p + 1)) {
    return nullptr;
  }
  ++p;
  std::int64_t seconds = days_from_civil({year_at(p), p[2], p[3]}) * 86'400;
  std::uint32_t micros = 0;
  if (size >= 7) {
    if (p[4] > 23 || p[5] > 59 || p[6] > 59) return nullptr;
    seconds += p[4] * 3'600 + p[5] * 60 + p[6];
    if (size == 11) std::memcpy(&micros, p + 7, 4);
    if (micros > 999'999 || micros % per_tick != 0) return nullptr;
  }
  builder.append_fixed(seconds * per_second + static_cast<std::int64_t>(micros / per_tick));
  return p + size;
}

inline const std::uint8_t* RowDecoder::Plan::append(const std::uint8_t* p,
                                                    const std::uint8_t* end) {
  switch (op) {
    case Op::copy8: return copy<std::uint8_t>(p, end);
    case Op::copy16: return copy<std::uint16_t>(p, end);
    case Op::copy32: return copy<std::uint32_t>(p, end);
    case Op::copy64: return copy<std::uint64_t>(p, end);
    case Op::bytes:
    case Op::decimal32:
    case Op::decimal64: return append_counted(p, end);
    case Op::date: return append_date(p, end);
    case Op::datetime: return append_datetime(p, end);
    case Op::other: return nullptr;
  }
  return nullptr;
}

RowDecoder::RowDecoder(std::vector<WireColumn> columns, BatchLimits limits)
    : columns_(std::move(columns)), limits_(limits) {
  for (const WireColumn& column : columns_) {
    Plan& plan = plans_.emplace_back();
    plan.op = op_of(column);
    plan.scale = column.type.scale;
    plan.limit = 1;
    for (int i = 0; i < std::min<int>(column.type.precision, 18); ++i) plan.limit *= 10;
    for (int i = 0; i < column.type.digits; ++i) plan.per_second *= 10;
    for (int i = column.type.digits; i < 6; ++i) plan.per_tick *= 10;
  }
}
RowDecoder::~RowDecoder() = default;
RowDecoder::RowDecoder(RowDecoder&&) noexcept = default;
RowDecoder& RowDecoder::operator=(RowDecoder&&) noexcept = default;

std::unique_ptr<Batch> RowDecoder::make_batch() const {
  std::vector<Type> types;
  for (const WireColumn& column : columns_) types.push_back(column.type);
  return std::make_unique<Batch>(types);
}

void RowDecoder::begin_batch(Batch* batch) {
  batch_ = batch;
  full_ = false;
  rows_until_check_ = std::min(kRowsPerCheck, limits_.rows_max);
  bytes_since_check_ = 0;
  // A little more than last time, so that a usual batch never moves its buffers.
  const std::int64_t rows =
      std::min(limits_.rows_max, rows_last_batch_ + rows_last_batch_ / 16 + kRowsPerCheck);
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    plans_[i].builder = ColumnBuilder(&batch->columns[i]);
    plans_[i].builder.reserve_rows(rows);
    Column& column = batch->columns[i];
    if (column.layout == Physical::bytes && !value_bytes_last_batch_.empty()) {
      column.values.reserve(value_bytes_last_batch_[i] + value_bytes_last_batch_[i] / 16);
    }
  }
}

void RowDecoder::decode_row(std::span<const std::uint8_t> packet) {
  const std::uint8_t* p = packet.data();
  const std::uint8_t* const end = p + packet.size();
  const std::size_t columns = columns_.size();
  // One bit per column, the first two unused.
  const std::size_t bitmap = (columns + 9) / 8;
  if (packet.size() < 1 + bitmap || *p != 0) bad_row("does not start as one");
  const std::uint8_t* const nulls = ++p;
  p += bitmap;
  Plan* const plans = plans_.data();
  for (std::size_t i = 0; i < columns; ++i) {
    if (((nulls[(i + 2) >> 3] >> ((i + 2) & 7)) & 1) != 0) {
      plans[i].builder.append_null();
      continue;
    }
    const std::uint8_t* const next = plans[i].append(p, end);
    p = next != nullptr ? next : decode_slowly(i, p, end);
  }
  if (p != end) bad_row("is longer than its columns");
  end_row(packet.size());
}

const std::uint8_t* RowDecoder::decode_slowly(std::size_t column, const std::uint8_t* p,
                                              const std::uint8_t* end) {
  ValueSink sink{plans_[column].builder, &columns_[column], &batch_->issues, batch_->rows,
                 static_cast<std::int32_t>(column)};
  return decode_value(sink, p, end);
}

void RowDecoder::end_row(std::size_t bytes) {
  ++batch_->rows;
  bytes_since_check_ += bytes;
  if (--rows_until_check_ > 0 && bytes_since_check_ < kBytesPerCheck) return;
  full_ = batch_->rows >= limits_.rows_max || batch_->memory_bytes() >= limits_.bytes_target;
  rows_until_check_ = std::min(kRowsPerCheck, limits_.rows_max - batch_->rows);
  bytes_since_check_ = 0;
  if (!full_) return;
  rows_last_batch_ = batch_->rows;
  value_bytes_last_batch_.clear();
  for (const Column& column : batch_->columns) {
    value_bytes_last_batch_.push_back(column.values.size());
  }
}

}  // namespace penstock::mysql
