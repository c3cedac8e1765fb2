// The rows of one split into a staging table, by COPY.
#pragma once

#include <optional>
#include <string>

#include "adapters/systems/postgresql/copy_encoder.h"
#include "adapters/systems/postgresql/target_session.h"

namespace penstock::postgresql {

class TargetSplitWriter : public SplitWriter {
 public:
  // Inside the session's open transaction. `fresh`: the table was made in it.
  TargetSplitWriter(TargetSession& session, const TargetTable& table, std::string staging,
                    std::string staging_key, int split, bool fresh);
  ~TargetSplitWriter() override;

  void write(const Batch& batch) override;
  std::int64_t finish() override;
  void abort() noexcept override;
  std::uint64_t bytes_sent() const override { return bytes_; }

 private:
  enum class Form : std::uint8_t { columns, wire_binary, wire_text };

  void start(Form form);
  void write_columns(const Batch& batch);
  void send();

  TargetSession& session_;
  const TargetTable& table_;
  const std::string staging_, staging_key_;
  const int split_;
  const bool fresh_;
  CopyEncoder encoder_;
  std::optional<Form> form_;  // of the COPY under way
  Buffer out_;
  std::int64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  bool ended_ = false;
};

}  // namespace penstock::postgresql
