// Reads the splits of MySQL tables through prepared statements.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/systems/mysql/connection.h"
#include "adapters/systems/mysql/row_decoder.h"
#include "adapters/systems/mysql/snapshot.h"
#include "adapters/systems/mysql/splits.h"
#include "contract/source.h"

namespace penstock::mysql {

// See contract/source.h. With a pool it borrows one of the connections that share the snapshot and
// gives it back; when that breaks, "source.snapshot.lost" says so. Without one it connects by
// itself, and again after a failure.
//   Memory: a batch's lease is taken before it is filled; libmariadb holds one row besides, which
//   is part of the lease once it is large. A row that does not fit the budget is refused.
class Reader : public SplitReader {
 public:
  // `pool` may be null.
  Reader(ConnectOptions options, std::shared_ptr<SnapshotPool> pool, CancelToken cancel);
  ~Reader() override;

  void start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) override;
  BatchPtr next() override;
  void stop() noexcept override;
  bool healthy() const override { return connection_ != nullptr && connection_->usable(); }

 private:
  void prepare_decoder(const ReadSpec& spec, std::string& select_list);
  void check_columns() const;
  bool fill();
  [[noreturn]] void fail();

  ConnectOptions options_;
  std::shared_ptr<SnapshotPool> pool_;
  CancelToken cancel_;
  std::unique_ptr<Connection> connection_;

  std::string table_;
  Split split_;
  BatchBounds bounds_;
  bool reading_ = false;
  std::optional<RowDecoder> decoder_;
};

}  // namespace penstock::mysql
