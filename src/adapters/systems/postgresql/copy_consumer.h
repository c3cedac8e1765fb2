// What a reader does with the bytes of a COPY: decode them (copy_decoder.h) or pass them on
// (wire_collector.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/batch.h"

namespace penstock::postgresql {

struct BatchLimits {
  std::size_t bytes_target = 0;
  std::int64_t rows_max = 0;
  friend bool operator==(const BatchLimits&, const BatchLimits&) = default;
};

// Purpose: turns the bytes of one COPY into batches, however they were cut into pieces.
//   Call order: (begin_batch → feed* …)*; take the batch when feed returned less than it was given
//   or when finished(). restart() begins another stream of the same columns.
//   Ownership: the consumer keeps a pointer to the batch between begin_batch and the next one, and
//   no pointer to the input after feed returned.
//   Errors: Error "source.protocol" on bytes that are no such stream; the consumer is unusable
//   then.
//   Threads: one at a time.
class CopyConsumer {
 public:
  virtual ~CopyConsumer() = default;

  virtual std::unique_ptr<Batch> make_batch() const = 0;
  virtual void begin_batch(Batch* batch) = 0;
  // Returns how many bytes it took: all of them, or fewer when the batch is full; then begin_batch
  // with a new one and feed the rest.
  virtual std::size_t feed(std::span<const std::uint8_t> input) = 0;
  // True once the stream's end was seen, where it has one of its own.
  virtual bool finished() const = 0;
  // Whether the batch may not take another row.
  virtual bool batch_full() const = 0;
  virtual std::int64_t rows_total() const = 0;
  virtual void restart() = 0;

 protected:
  CopyConsumer() = default;
  CopyConsumer(const CopyConsumer&) = default;
  CopyConsumer(CopyConsumer&&) = default;
  CopyConsumer& operator=(const CopyConsumer&) = default;
  CopyConsumer& operator=(CopyConsumer&&) = default;
};

}  // namespace penstock::postgresql
