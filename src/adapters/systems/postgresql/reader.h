// Reads the splits of PostgreSQL tables through binary COPY.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/systems/postgresql/connection.h"
#include "adapters/systems/postgresql/copy_decoder.h"
#include "adapters/systems/postgresql/splits.h"
#include "adapters/systems/postgresql/wire_collector.h"
#include "contract/source.h"

namespace penstock::postgresql {

// "BEGIN …" with the pins; joins the exported snapshot unless it is empty.
void begin_reading(Connection& connection, const std::string& snapshot, bool own_search_path);

// See contract/source.h. Keeps its transaction open from split to split as long as the snapshot
// stays the same. Memory: a batch's lease is taken before it is filled; libpq holds one row twice
// (its buffer and the message), which is part of the lease once rows can be large.
class Reader : public SplitReader {
 public:
  Reader(ConnectOptions options, CancelToken cancel);

  void start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) override;
  BatchPtr next() override;
  void stop() noexcept override;
  bool healthy() const override { return connection_ == nullptr || connection_->usable(); }

 private:
  void join(const ReadSpec& spec);
  void choose_consumer(const ReadSpec& spec);
  void start_part();
  bool fill(Batch& batch);
  void finish_part();
  void check_row_sizes(const SplitPart& part);
  [[noreturn]] void refuse_row(const SplitPart& part, std::int64_t bytes);
  [[noreturn]] void fail();
  std::string place() const;

  ConnectOptions options_;
  CancelToken cancel_;
  std::unique_ptr<Connection> connection_;
  std::optional<std::string> joined_;  // the snapshot of the open transaction
  bool own_search_path_ = false;
  bool swollen_ = false;  // libpq's buffer grew with a huge row and never shrinks

  std::string table_, where_, select_list_;
  std::vector<ReadColumn> columns_;
  Split split_;
  BatchBounds bounds_;
  std::vector<SplitPart> parts_;
  std::size_t part_ = 0;
  bool copying_ = false;
  std::size_t row_bytes_max_ = 0;  // the part's largest row, 0: small
  std::string copy_format_;        // of COPY: binary or text
  std::optional<CopyDecoder> decoder_;
  std::optional<WireCollector> collector_;
  CopyConsumer* consumer_ = nullptr;  // one of the two
  std::int64_t rows_before_part_ = 0;
  CopyMessage message_;
  std::size_t message_used_ = 0;
};

}  // namespace penstock::postgresql
