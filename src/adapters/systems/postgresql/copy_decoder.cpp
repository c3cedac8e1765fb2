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

constexpr std::int32_t kDays2000 = 10'957;  // 1970-01-01 to 2000-01-01
constexpr std::int64_t kMicros2000 = kDays2000 * std::int64_t{86'400'000'000};
constexpr std::int32_t kDaysUsualMax = 1'000'000'000;
constexpr std::int64_t kMicrosUsualMax = 4'000'000'000'000'000'000;

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
    case Wire::boolean: return Op::bit;
    case Wire::int16: return Op::swap16;
    case Wire::int32:
    case Wire::uint32:
    case Wire::float32: return Op::swap32;
    case Wire::int64:
    case Wire::uint64:
    case Wire::float64:
    case Wire::time: return Op::swap64;
    case Wire::text: return column.check_utf8 ? Op::other : Op::bytes;
    case Wire::date: return Op::date;
    case Wire::timestamp: return Op::timestamp;
    case Wire::numeric:
      if (column.type.id != TypeId::decimal || column.type.precision > 18) return Op::other;
      return column.type.precision > 9 ? Op::decimal64 : Op::decimal32;
    default: return Op::other;
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
  ColumnBuilder builder{nullptr};
  std::uint64_t limit = 0;  // decimal: 10^precision
  int scale = 0;
  Op op = Op::other;

  // Appends the value when it is of the usual kind; false leaves it to decode_field. `end` is how
  // far the input can be read.
  bool append(const std::uint8_t* bytes, std::size_t size, const std::uint8_t* end);
};

inline bool CopyDecoder::Plan::append(const std::uint8_t* bytes, std::size_t size,
                                      const std::uint8_t* end) {
  switch (op) {
    case Op::bit:
      if (size != 1) return false;
      builder.append_bit(bytes[0] != 0);
      return true;
    case Op::swap16:
      if (size != 2) return false;
      builder.append_fixed(load_u16(bytes));
      return true;
    case Op::swap32:
      if (size != 4) return false;
      builder.append_fixed(load_u32(bytes));
      return true;
    case Op::swap64:
      if (size != 8) return false;
      builder.append_fixed(load_u64(bytes));
      return true;
    case Op::bytes:
      if (size <= Buffer::kShort && end - bytes >= std::ptrdiff_t{Buffer::kShort}) {
        builder.append_short(bytes, size);
      } else {
        builder.append_bytes(bytes, size);
      }
      return true;
    case Op::date: {
      if (size != 4) return false;
      // Everything near the ends of the range, ±infinity included, takes the careful way.
      const std::int32_t days = load_i32(bytes);
      if (days > kDaysUsualMax || days < -kDaysUsualMax) return false;
      builder.append_fixed(days + kDays2000);
      return true;
    }
    case Op::timestamp: {
      if (size != 8) return false;
      const std::int64_t micros = load_i64(bytes);
      if (micros > kMicrosUsualMax || micros < -kMicrosUsualMax) return false;
      builder.append_fixed(micros + kMicros2000);
      return true;
    }
    case Op::decimal32:
    case Op::decimal64: {
      std::int64_t value = 0;
      if (!small_decimal(bytes, size, limit, scale, value)) return false;
      if (op == Op::decimal64) {
        builder.append_fixed(value);
      } else {
        builder.append_fixed(static_cast<std::int32_t>(value));
      }
      return true;
    }
    case Op::other: return false;
  }
  return false;
}

CopyDecoder::CopyDecoder(std::vector<WireColumn> columns, BatchLimits limits)
    : columns_(std::move(columns)), limits_(limits) {
  for (const WireColumn& column : columns_) {
    Plan& plan = plans_.emplace_back();
    plan.op = op_of(column);
    plan.scale = column.type.scale;
    plan.limit = 1;
    for (int i = 0; i < std::min<int>(column.type.precision, 18); ++i) plan.limit *= 10;
  }
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
    Column& column = batch->columns[i];
    if (column.layout == Physical::bytes && !value_bytes_last_batch_.empty()) {
      column.values.reserve(value_bytes_last_batch_[i] + value_bytes_last_batch_[i] / 16);
    }
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
  if (!full_) return;
  rows_last_batch_ = batch_->rows;
  value_bytes_last_batch_.clear();
  for (const Column& column : batch_->columns) {
    value_bytes_last_batch_.push_back(column.values.size());
  }
}

const std::uint8_t* CopyDecoder::feed_rows(const std::uint8_t* p, const std::uint8_t* end) {
  const std::size_t columns = columns_.size();
  Plan* const plans = plans_.data();
  while (p != end) {
    if (phase_ == Phase::row_start) {
      if (end - p < 2) break;
      start_row(load_i16(p));
      p += 2;
      if (phase_ == Phase::finished) return p;
    }
    const std::uint8_t* const row = p;
    std::size_t column = column_;
    for (; column < columns; ++column) {
      if (end - p < 4) break;
      const std::int32_t size = load_i32(p);
      if (size < -1) bad_stream("a field of negative length");
      if (end - p - 4 < size) break;
      p += 4;
      if (size == -1) {
        plans[column].builder.append_null();
        continue;
      }
      if (!plans[column].append(p, static_cast<std::size_t>(size), end)) {
        decode_field(column, p, size);
      }
      p += size;
    }
    column_ = column;
    bytes_since_check_ += static_cast<std::size_t>(p - row);
    if (column < columns) break;
    end_row();
    if (full_) return p;
  }
  keep(p, end);
  return end;
}

// One field in the general way; size -1 means NULL.
void CopyDecoder::decode_field(std::size_t column, const std::uint8_t* bytes, std::int32_t size) {
  ColumnBuilder& builder = plans_[column].builder;
  if (size == -1) return builder.append_null();
  ValueSink sink{builder, &columns_[column], &batch_->issues, batch_->rows,
                 static_cast<std::int32_t>(column)};
  decode_value(sink, columns_[column].type, bytes, static_cast<std::size_t>(size));
}

}  // namespace penstock::postgresql
