#include "conformance/suite.h"

#include "adapters/skeleton/table_file.h"
#include "core/value_text.h"
#include "engine/plan.h"

namespace penstock::testing {

Bench::Bench(SourceEntry source, json::object source_config, DestinationEntry destination,
             json::object destination_config)
    : source_name_(source.name),
      destination_name_(destination.name),
      source_config_(std::move(source_config)),
      destination_config_(std::move(destination_config)) {
  registry_.add(std::move(source));
  registry_.add(std::move(destination));
  ledger_ = std::make_unique<SqliteLedger>(folder_.path() / "penstock.db");
  manager_ = std::make_unique<JobManager>(registry_, *ledger_);
}

json::object Bench::request(Workshop::Members options, std::vector<std::string> tables) const {
  json::object all(options);
  if (!all.contains("parallel")) all["parallel"] = 2;
  return {{"source_type", source_name_},        {"dest_type", destination_name_},
          {"source", source_config_},           {"destination", destination_config_},
          {"tables", json::value_from(tables)}, {"options", all}};
}

std::shared_ptr<Job> Bench::start(const json::object& request) {
  return manager_->start(parse_request(request, registry_));
}

json::object Bench::run(const json::object& request) {
  const auto job = start(request);
  job->wait();
  return job->result();
}

std::vector<std::vector<std::string>> Bench::read_back(const std::string& table) const {
  const MigrationRequest parsed = parse_request(request({}, {table}), registry_);
  const CancelToken cancel;
  const auto source = parsed.source_entry->make(parsed.source);
  const auto destination = parsed.destination_entry->make(parsed.destination);
  const SourceInfo info = source->open(cancel);
  const Capabilities capabilities = destination->open(cancel);
  const Plan plan = make_plan(*source, info, *destination, capabilities, parsed, cancel);
  std::vector<std::vector<std::string>> rows;
  const auto session = destination->open_session(cancel);
  for (const BatchPtr& batch : session->read_back(plan.tables.at(0)->target, INT64_MAX)) {
    for (std::int64_t row = 0; row < batch->rows; ++row) {
      auto& cells = rows.emplace_back();
      for (const Column& column : batch->columns) {
        cells.push_back(column.valid(row) ? skeleton::escape_cell(value_text(column, row)) : "\\N");
      }
    }
  }
  return sorted(std::move(rows));
}

TableText read_canon(const std::filesystem::path& file) {
  return read_table(file.parent_path(), file.stem().string());
}

}  // namespace penstock::testing
