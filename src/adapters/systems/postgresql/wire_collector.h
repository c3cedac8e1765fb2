// Rows of a COPY that go on undecoded: only their bounds are found and checked.
#pragma once

#include <cstdint>
#include <vector>

#include "adapters/systems/postgresql/copy_consumer.h"
#include "contract/wire_format.h"

namespace penstock::postgresql {

// Names of WireFormat: PostgreSQL's COPY rows as whole tuples of the binary format, or as whole
// lines of the text format.
inline constexpr std::string_view kWireBinary = "postgresql-copy-binary";
inline constexpr std::string_view kWireText = "postgresql-copy-text";

// Purpose: fills Batch::wire with whole rows. Of the binary format it takes off header and trailer
// and walks over every row's field lengths, so that a damaged stream is found here, with the source
// to blame, and not by the destination. See CopyConsumer.
//   Memory: a row's beginning is kept until its rest arrives.
class WireCollector : public CopyConsumer {
 public:
  // `columns`: fields that every row must have.
  WireCollector(bool binary, std::size_t columns, BatchLimits limits);

  std::unique_ptr<Batch> make_batch() const override;
  void begin_batch(Batch* batch) override;
  std::size_t feed(std::span<const std::uint8_t> input) override;
  bool finished() const override { return !binary_ || phase_ == Phase::finished; }
  bool batch_full() const override;
  std::int64_t rows_total() const override { return rows_total_; }
  void restart() override;

 private:
  enum class Phase : std::uint8_t { header, rows, finished };

  // The size of the row, header or trailer that begins here; 0 when its end is not there yet.
  std::size_t item_bytes(std::span<const std::uint8_t> input) const;
  std::size_t header_bytes(std::span<const std::uint8_t> input) const;
  std::size_t tuple_bytes(std::span<const std::uint8_t> input) const;
  void take(std::span<const std::uint8_t> item);
  std::size_t feed_pending(std::span<const std::uint8_t> input);

  bool binary_;
  std::size_t columns_;
  BatchLimits limits_;
  Phase phase_ = Phase::header;
  Batch* batch_ = nullptr;
  std::vector<std::uint8_t> pending_;  // the beginning of an item
  std::int64_t rows_total_ = 0;
};

}  // namespace penstock::postgresql
