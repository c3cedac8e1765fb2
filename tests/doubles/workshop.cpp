#include "doubles/workshop.h"

#include <algorithm>
#include <fstream>

#include "adapters/skeleton/skeleton.h"
#include "adapters/skeleton/table_file.h"
#include "core/text.h"

namespace penstock::testing {

namespace fs = std::filesystem;

namespace {

std::string line_of(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != 0) out += '\t';
    out += cells[i];
  }
  return out + "\n";
}

}  // namespace

TableText numbered_rows(std::int64_t rows, std::int64_t first) {
  TableText table{{"id", "name", "amount"}, {"int64 key", "string", "decimal(12,2)"}, {}};
  for (std::int64_t id = first; id < first + rows; ++id) {
    table.rows.push_back({std::to_string(id), id % 7 == 0 ? "\\N" : "name " + std::to_string(id),
                          id % 11 == 0 ? "\\N" : std::to_string(id % 1'000'000) + ".25"});
  }
  return table;
}

void write_table(const fs::path& folder, const std::string& name, const TableText& table) {
  fs::create_directories(folder);
  std::ofstream stream(folder / skeleton::file_name(name), std::ios::binary);
  stream << line_of(table.names) << line_of(table.types);
  for (const auto& row : table.rows) stream << line_of(row);
  if (!stream.flush()) throw std::runtime_error("cannot write table " + name);
}

TableText read_table(const fs::path& folder, const std::string& name) {
  skeleton::File file(folder / skeleton::file_name(name), skeleton::File::Mode::read,
                      Side::destination);
  TableText table;
  std::string line;
  file.read_line(line);
  table.names = split(line, '\t');
  file.read_line(line);
  table.types = split(line, '\t');
  while (file.read_line(line)) table.rows.push_back(split(line, '\t'));
  table.rows = sorted(std::move(table.rows));
  return table;
}

std::vector<std::vector<std::string>> sorted(std::vector<std::vector<std::string>> rows) {
  std::ranges::sort(rows);
  return rows;
}

Workshop::Workshop(SourceMeddling source, DestinationMeddling destination)
    : source_faults_(source.faults), destination_faults_(destination.faults) {
  fs::create_directories(from());
  registry_.add(meddle(skeleton_source(), std::move(source)));
  registry_.add(meddle(skeleton_destination(), std::move(destination)));
  ledger_ = std::make_unique<SqliteLedger>(state());
  manager_ = std::make_unique<JobManager>(registry_, *ledger_);
}

json::object Workshop::request(Members options, std::vector<std::string> tables) const {
  json::object all(options);
  if (!all.contains("parallel")) all["parallel"] = 2;
  return {{"source_type", "skeleton"},
          {"dest_type", "skeleton"},
          {"source", {{"path", from().string()}}},
          {"destination", {{"path", to().string()}}},
          {"tables", json::value_from(tables)},
          {"options", all}};
}

json::object Workshop::run(const json::object& request) {
  const auto job = start(request);
  job->wait();
  return job->result();
}

std::vector<std::string> Workshop::leftovers() const {
  std::vector<std::string> out;
  const fs::path own = to() / ".penstock";
  if (!fs::exists(own)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(own)) {
    const std::string name = fs::relative(entry.path(), own).string();
    if (name != "made" && name != "staging" && !name.starts_with("made/")) out.push_back(name);
  }
  return out;
}

std::string error_type_of(const json::object& result) {
  if (const json::value* const type = result.if_contains("error_type")) {
    return std::string(type->as_string());
  }
  const json::array& failed = result.at("tables_failed").as_array();
  return failed.empty() ? "" : std::string(failed.at(0).at("error_type").as_string());
}

std::int64_t records_of(const json::object& result) {
  return result.at("records").to_number<std::int64_t>();
}

}  // namespace penstock::testing
