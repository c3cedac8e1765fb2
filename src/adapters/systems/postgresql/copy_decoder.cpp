#include "adapters/systems/postgresql/copy_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "adapters/systems/postgresql/byte_order.h"
#include "adapters/systems/postgresql/numeric_codec.h"
#include "adapters/systems/postgresql/value_decoder.h"
#include "core/error.h"

namespace penstock::postgresql {

namespace {

constexpr std::array<std::uint8_t, 11> kSignature = {'P',  'G',  'C',  'O',  'P', 'Y',
                                                     '\n', 0xFF, '\r', '\n', 0};
constexpr std::size_t kHeaderBytes = 19;  // signature, flags, length of the extension
constexpr std::uint32_t kCriticalFlags = 0xFFFF0000U;
constexpr std::uint32_t kHeaderExtensionMax = 1U << 20;
// How often the batch's size is summed up: a bound on what a batch may pass its target by.
constexpr std::int64_t kRowsPerCheck = 64;
constexpr std::size_t kBytesPerCheck = std::size_t{64} << 10;

constexpr std::array kWireNames = {
    std::string_view("boolean"),  std::string_view("int16"),     std::string_view("int32"),
    std::string_view("int64"),    std::string_view("uint32"),    std::string_view("uint64"),
    std::string_view("float32"),  std::string_view("float64"),   std::string_view("numeric"),
    std::string_view("text"),     std::string_view("character"), std::string_view("jsonb"),
    std::string_view("date"),     std::string_view("timestamp"), std::string_view("time"),
    std::string_view("interval"), std::string_view("uuid"),      std::string_view("network"),
    std::string_view("mac"),      std::string_view("bits"),      std::string_view("geometry")};
static_assert(kWireNames.size() == static_cast<std::size_t>(Wire::geometry) + 1);

[[noreturn]] void bad_stream(std::string_view what) {
  throw Error(Side::source, "source.protocol",
              "PostgreSQL's COPY stream is not as documented: " + std::string(what));
}

// The inlined cases, by width of the slot; `other` goes through decode_value.
enum class Op : std::uint8_t {
  bit,
  swap16,
  swap32,
  swap64,
  bytes,
  date,
  timestamp,
  decimal32,
  decimal64,
  other
};

Op op_of(const WireColumn& column) {
  if (column.type.id == TypeId::list) return Op::other;
  switch (column.wire) {
    case Wire::boolean:
      return Op::bit;
    case Wire::int16:
      return Op::swap16;
    case Wire::int32:
    case Wire::uint32:
    case Wire::float32:
      return Op::swap32;
    case Wire::int64:
    case Wire::uint64:
    case Wire::float64:
    case Wire::time:
      return Op::swap64;
    case Wire::text:
      return column.check_utf8 ? Op::other : Op::bytes;
    case Wire::date:
      return Op::date;
    case Wire::timestamp:
      return Op::timestamp;
    case Wire::numeric:
      if (column.type.id != TypeId::decimal || column.type.precision > 18) return Op::other;
      return column.type.precision > 9 ? Op::decimal64 : Op::decimal32;
    default:
      return Op::other;
  }
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

struct CopyDecoder::Plan {
  Op op = Op::other;
  ColumnBuilder builder{nullptr};
};

CopyDecoder::CopyDecoder(std::vector<WireColumn> columns, BatchLimits limits)
    : columns_(std::move(columns)), limits_(limits) {
  for (const WireColumn& column : columns_) plans_.push_back({.op = op_of(column)});
}
CopyDecoder::~CopyDecoder() = default;
CopyDecoder::CopyDecoder(CopyDecoder&&) noexcept = default;
CopyDecoder& CopyDecoder::operator=(CopyDecoder&&) noexcept = default;

std::unique_ptr<Batch> CopyDecoder::make_batch() const {
  std::vector<Type> types;
  for (const WireColumn& column : columns_) types.push_back(column.type);
  return std::make_unique<Batch>(types);
}

void CopyDecoder::begin_batch(Batch* batch) {
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
  }
}

void CopyDecoder::restart() {
  pending_.clear();
  phase_ = Phase::header;
  column_ = 0;
}

std::size_t CopyDecoder::feed(std::span<const std::uint8_t> input) {
  const std::uint8_t* p = input.data();
  const std::uint8_t* const end = p + input.size();
  if (phase_ == Phase::header) p += feed_header(input);
  while (p != end && !full_) {
    if (phase_ == Phase::finished) bad_stream("data after its end");
    if (phase_ == Phase::header) return input.size();
    p = pending_.empty() ? feed_rows(p, end) : feed_pending(p, end);
  }
  return static_cast<std::size_t>(p - input.data());
}

std::size_t CopyDecoder::feed_header(std::span<const std::uint8_t> input) {
  std::size_t wanted = kHeaderBytes, taken = 0;
  for (;;) {
    const std::size_t more = std::min(wanted - pending_.size(), input.size() - taken);
    pending_.insert(pending_.end(), input.begin() + static_cast<std::ptrdiff_t>(taken),
                    input.begin() + static_cast<std::ptrdiff_t>(taken + more));
    taken += more;
    if (pending_.size() < wanted) return taken;
    if (!std::equal(kSignature.begin(), kSignature.end(), pending_.begin())) {
      bad_stream("it has no signature");
    }
    if ((load_u32(pending_.data() + 11) & kCriticalFlags) != 0) {
      bad_stream("it has flags of an unknown version");
    }
    const std::uint32_t extension = load_u32(pending_.data() + 15);
    if (extension > kHeaderExtensionMax) bad_stream("its header is too long");
    wanted = kHeaderBytes + extension;
    if (pending_.size() == wanted) break;
  }
  pending_.clear();
  phase_ = Phase::row_start;
  return taken;
}

void CopyDecoder::keep(const std::uint8_t* p, const std::uint8_t* end) {
  pending_.insert(pending_.end(), p, end);
}

// Completes a row's field count or a field of which earlier input held only the beginning.
const std::uint8_t* CopyDecoder::feed_pending(const std::uint8_t* p, const std::uint8_t* end) {
  const auto complete_to = [&](std::size_t wanted) {
    const auto more = std::min(wanted - pending_.size(), static_cast<std::size_t>(end - p));
    keep(p, p + more);
    p += more;
    return pending_.size() == wanted;
  };
  if (phase_ == Phase::row_start) {
    if (!complete_to(2)) return p;
    start_row(load_i16(pending_.data()));
    pending_.clear();
    return p;
  }
  if (pending_.size() < 4 && !complete_to(4)) return p;
  const std::int32_t size = load_i32(pending_.data());
  if (size < -1) bad_stream("a field of negative length");
  if (size > 0 && !complete_to(4 + static_cast<std::size_t>(size))) return p;
  decode_field(column_, pending_.data() + 4, size);
  bytes_since_check_ += pending_.size();
  if (pending_.capacity() > kBytesPerCheck) pending_ = {};  // a huge value's room is not kept
  pending_.clear();
  if (++column_ == columns_.size()) end_row();
  return p;
}

void CopyDecoder::start_row(std::int16_t fields) {
  if (fields == -1) {
    phase_ = Phase::finished;
    return;
  }
  if (fields < 0 || static_cast<std::size_t>(fields) != columns_.size()) {
    bad_stream("a row of " + std::to_string(fields) + " fields instead of " +
               std::to_string(columns_.size()));
  }
  column_ = 0;
  phase_ = Phase::fields;
}

void CopyDecoder::end_row() {
  phase_ = Phase::row_start;
  ++rows_total_;
  ++batch_->rows;
  if (--rows_until_check_ > 0 && bytes_since_check_ < kBytesPerCheck) return;
  full_ = batch_->rows >= limits_.rows_max || batch_->memory_bytes() >= limits_.bytes_target;
  rows_until_check_ = std::min(kRowsPerCheck, limits_.rows_max - batch_->rows);
  bytes_since_check_ = 0;
  if (full_) rows_last_batch_ = batch_->rows;
}

const std::uint8_t* CopyDecoder::feed_rows(const std::uint8_t* p, const std::uint8_t* end) {
  const std::size_t columns = columns_.size();
  while (p != end) {
    if (phase_ == Phase::row_start) {
      if (end - p < 2) break;
      start_row(load_i16(p));
      p += 2;
      if (phase_ == Phase::finished) return p;
    }
    const std::uint8_t* const row = p;
    for (; column_ < columns; ++column_) {
      if (end - p < 4) break;
      const std::int32_t size = load_i32(p);
      if (size < -1) bad_stream("a field of negative length");
      if (end - p - 4 < size) break;
      decode_field(column_, p + 4, size);
      p += size > 0 ? 4 + size : 4;
    }
    bytes_since_check_ += static_cast<std::size_t>(p - row);
    if (column_ < columns) break;
    end_row();
    if (full_) return p;
  }
  keep(p, end);
  return end;
}

// One field; size -1 means NULL. Widths are checked before bytes are read.
void CopyDecoder::decode_field(std::size_t column, const std::uint8_t* bytes, std::int32_t size) {
  Plan& plan = plans_[column];
  if (size == -1) return plan.builder.append_null();
  const auto count = static_cast<std::size_t>(size);
  const auto sink = [&] {
    return ValueSink{plan.builder, &columns_[column], &batch_->issues, batch_->rows,
                     static_cast<std::int32_t>(column)};
  };
  const auto need = [&](std::size_t expected) {
    if (count != expected) sink().malformed(to_text(columns_[column].wire));
  };
  switch (plan.op) {
    case Op::bit:
      need(1);
      return plan.builder.append_bit(bytes[0] != 0);
    case Op::swap16:
      need(2);
      return plan.builder.append_fixed(load_u16(bytes));
    case Op::swap32:
      need(4);
      return plan.builder.append_fixed(load_u32(bytes));
    case Op::swap64:
      need(8);
      return plan.builder.append_fixed(load_u64(bytes));
    case Op::bytes:
      return plan.builder.append_bytes(bytes, count);
    case Op::date: {
      need(4);
      constexpr std::int32_t days_to_2000 = 10'957;
      const std::int32_t days = load_i32(bytes);
      // Everything near the ends of the range, ±infinity included, takes the careful way.
      if (days < 1'000'000'000 && days > -1'000'000'000) {
        return plan.builder.append_fixed(days + days_to_2000);
      }
      ValueSink out = sink();
      return decode_date(out, days);
    }
    case Op::timestamp: {
      need(8);
      ValueSink out = sink();
      return decode_timestamp(out, load_i64(bytes));
    }
    case Op::decimal32:
    case Op::decimal64: {
      const Type& type = columns_[column].type;
      const auto value = small_decimal(bytes, count, type.precision, type.scale);
      if (!value) {
        ValueSink out = sink();
        return decode_decimal(out, type, bytes, count);
      }
      if (plan.op == Op::decimal64) return plan.builder.append_fixed(*value);
      return plan.builder.append_fixed(static_cast<std::int32_t>(*value));
    }
    case Op::other: {
      ValueSink out = sink();
      return decode_value(out, columns_[column].type, bytes, count);
    }
  }
}

}  // namespace penstock::postgresql
