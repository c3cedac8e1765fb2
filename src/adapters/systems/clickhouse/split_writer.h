// Streams one split's rows into a staging table of its own.
#pragma once

#include <memory>
#include <string>

#include "adapters/systems/clickhouse/native_encoder.h"
#include "adapters/systems/clickhouse/session.h"

namespace penstock::clickhouse {

// Nothing is sent before the first row, so a split without rows leaves no trace. Uses the session's
// one connection: no other call of the session may come between write and finish or abort.
class ClickHouseSplitWriter : public SplitWriter {
 public:
  ClickHouseSplitWriter(ClickHouseSession& session, const TargetTable& table, const RunId& run,
                        std::string staging, Engine engine);
  ~ClickHouseSplitWriter() override;

  void write(const Batch& batch) override;
  std::int64_t finish() override;
  void abort() noexcept override;
  std::uint64_t bytes_sent() const override { return bytes_; }

 private:
  void start();

  ClickHouseSession& session_;
  const TargetTable table_;
  const std::int64_t version_;
  const std::string staging_;
  const Engine engine_;
  std::unique_ptr<NativeEncoder> encoder_;
  std::int64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  bool open_ = false;
};

}  // namespace penstock::clickhouse
