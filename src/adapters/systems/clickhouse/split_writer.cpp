#include "adapters/systems/clickhouse/split_writer.h"

#include "adapters/systems/clickhouse/sql.h"
#include "core/error.h"

namespace penstock::clickhouse {

ClickHouseSplitWriter::ClickHouseSplitWriter(ClickHouseSession& session, const TargetTable& table,
                                             const RunId& run, std::string staging, Engine engine)
    : session_(session),
      table_(table),
      version_(run.version),
      staging_(std::move(staging)),
      engine_(engine) {}

ClickHouseSplitWriter::~ClickHouseSplitWriter() {
  abort();
}

void ClickHouseSplitWriter::start() {
  const auto described = session_.open_staging(table_, staging_, engine_);
  const Layout layout = Layout::from_json(table_.payload);
  std::vector<EncoderColumn> columns;
  if (described.size() != table_.columns.size()) {
    throw Error(Side::destination, "destination.type.mismatch",
                "the staging table has other columns than it was made with");
  }
  for (std::size_t i = 0; i < described.size(); ++i) {
    const TargetColumn& column = table_.columns[i];
    EncoderColumn one{column.name, described[i].second, column.type, column.source};
    if (column.source < 0) {
      one.source =
          column.name == layout.version_column ? EncoderColumn::kVersion : EncoderColumn::kDeleted;
    }
    columns.push_back(std::move(one));
  }
  encoder_ =
      std::make_unique<NativeEncoder>(std::move(columns), static_cast<std::uint64_t>(version_));
  // No column list: every column is sent, and a thousand names would not fit into an old server's
  // URL.
  session_.client().start_insert(
      "INSERT INTO " + quote_name(table_.database, staging_) + " FORMAT Native",
      insert_settings(session_.shared().features));
  open_ = true;
}

void ClickHouseSplitWriter::write(const Batch& batch) {
  if (batch.rows == 0) return;
  if (!open_) start();
  session_.client().send(encoder_->encode(batch));
  rows_ += batch.rows;
  bytes_ += encoder_->block_bytes();
}

std::int64_t ClickHouseSplitWriter::finish() {
  if (!open_) return 0;
  open_ = false;
  session_.client().finish_insert();
  encoder_.reset();
  const std::int64_t counted = session_.count_rows(staging_);
  if (counted != rows_) {
    throw Error(Side::destination, "destination.count_mismatch",
                std::to_string(rows_) + " rows were sent, " + std::to_string(counted) +
                    " arrived in staging")
        .retryable(true)
        .hint("the split is sent again");
  }
  return counted;
}

void ClickHouseSplitWriter::abort() noexcept {
  if (open_) session_.client().abort_insert();
  open_ = false;
  encoder_.reset();
}

}  // namespace penstock::clickhouse
