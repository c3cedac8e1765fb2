#include "adapters/systems/postgresql/wire_collector.h"

#include <cstring>
#include <string>

#include "adapters/systems/postgresql/byte_order.h"
#include "core/error.h"

namespace penstock::postgresql {

namespace {

constexpr std::size_t kHeaderBytes = 19;  // signature, flags, length of the extension
constexpr std::uint32_t kHeaderExtensionMax = 1U << 20;
constexpr char kSignature[] = "PGCOPY\n\377\r\n";  // with its NUL: 11 bytes

[[noreturn]] void bad_stream(const std::string& what) {
  throw Error(Side::source, "source.protocol",
              "PostgreSQL's COPY stream is not as documented: " + what);
}

}  // namespace

WireCollector::WireCollector(bool binary, std::size_t columns, BatchLimits limits)
    : binary_(binary), columns_(columns), limits_(limits) {
  restart();
}

std::unique_ptr<Batch> WireCollector::make_batch() const {
  return std::make_unique<Batch>(std::span<const Type>());
}

void WireCollector::begin_batch(Batch* batch) {
  batch_ = batch;
  // A batch ends with the row that reaches its target: most rows fit this room.
  constexpr std::size_t kRoomForARow = std::size_t{16} << 10;
  batch_->wire.reserve(limits_.bytes_target + kRoomForARow);
  batch_->wire_format = binary_ ? kWireBinary : kWireText;
}

bool WireCollector::batch_full() const {
  return batch_->wire.size() >= limits_.bytes_target || batch_->rows >= limits_.rows_max;
}

void WireCollector::restart() {
  phase_ = binary_ ? Phase::header : Phase::rows;
  pending_.clear();
}

std::size_t WireCollector::header_bytes(std::span<const std::uint8_t> input) const {
  if (input.size() < kHeaderBytes) return 0;
  if (std::memcmp(input.data(), kSignature, sizeof(kSignature)) != 0) bad_stream("no signature");
  // Flags: bits 16 to 31 are those a reader must know; none is in use.
  if ((load_u32(input.data() + sizeof(kSignature)) >> 16) != 0) bad_stream("unknown flags");
  const std::uint32_t extension = load_u32(input.data() + kHeaderBytes - 4);
  if (extension > kHeaderExtensionMax) bad_stream("an implausible header");
  return input.size() < kHeaderBytes + extension ? 0 : kHeaderBytes + extension;
}

std::size_t WireCollector::tuple_bytes(std::span<const std::uint8_t> input) const {
  if (input.size() < 2) return 0;
  const std::int16_t fields = load_i16(input.data());
  if (fields == -1) return 2;  // the trailer
  if (fields < 0 || static_cast<std::size_t>(fields) != columns_) {
    bad_stream("a row of " + std::to_string(fields) + " fields instead of " +
               std::to_string(columns_));
  }
  std::size_t at = 2;
  for (std::size_t i = 0; i < columns_; ++i) {
    if (input.size() < at + 4) return 0;
    const std::int32_t size = load_i32(input.data() + at);
    if (size < -1) bad_stream("a field of negative size");
    at += 4 + static_cast<std::size_t>(size < 0 ? 0 : size);
  }
  return input.size() < at ? 0 : at;
}

std::size_t WireCollector::item_bytes(std::span<const std::uint8_t> input) const {
  if (phase_ == Phase::finished) bad_stream("data after its end");
  if (phase_ == Phase::header) return header_bytes(input);
  if (binary_) return tuple_bytes(input);
  // The text format writes line ends within values as \n: a bare one ends the row.
  const void* const end = std::memchr(input.data(), '\n', input.size());
  if (end == nullptr) return 0;
  return static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - input.data()) + 1;
}

void WireCollector::take(std::span<const std::uint8_t> item) {
  if (phase_ == Phase::header) {
    phase_ = Phase::rows;
  } else if (binary_ && item.size() == 2 && load_i16(item.data()) == -1) {
    phase_ = Phase::finished;
  } else {
    batch_->wire.append(item.data(), item.size());
    ++batch_->rows;
    ++rows_total_;
  }
}

// Completes the item whose beginning came before. Libpq delivers whole rows: this is rare.
std::size_t WireCollector::feed_pending(std::span<const std::uint8_t> input) {
  const std::size_t before = pending_.size();
  pending_.insert(pending_.end(), input.begin(), input.end());
  const std::size_t bytes = item_bytes(pending_);
  if (bytes == 0) return input.size();
  take({pending_.data(), bytes});
  pending_.clear();
  return bytes - before;
}

std::size_t WireCollector::feed(std::span<const std::uint8_t> input) {
  std::size_t used = 0;
  if (!pending_.empty()) used = feed_pending(input);
  while (used < input.size() && !batch_full()) {
    const auto rest = input.subspan(used);
    const std::size_t bytes = item_bytes(rest);
    if (bytes == 0) {
      pending_.assign(rest.begin(), rest.end());
      return input.size();
    }
    take(rest.first(bytes));
    used += bytes;
  }
  return used;
}

}  // namespace penstock::postgresql
