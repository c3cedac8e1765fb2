// Reads a simulated Zoho through the source's contract, and says what must come out of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/sources/zoho.h"
#include "core/memory_budget.h"
#include "servers/zoho/local_server.h"

namespace penstock::testing {

using RowTexts = std::map<std::string, std::string>;  // column → text, "\\N" for NULL
using TableTexts = std::map<std::string, RowTexts>;   // by id

struct ReadOptions {
  json::object config;             // over the simulator's source object
  std::int64_t rows_max = 65'536;  // of a batch
  std::int64_t splits_max = 1'024;
  int readers = 1;  // threads
};

struct ReadResult {
  SourceInfo info;
  std::map<std::string, TableSchema> schemas;
  std::map<std::string, TableTexts> tables;
  std::map<std::string, std::size_t> splits;
  std::int64_t rows = 0, issues = 0;
};

// Waits for nothing longer than some milliseconds.
zoho::Pacing quick_pacing();

// Opens, discovers and reads the tables (all when `tables` is empty). A split that fails with a
// retryable error is read again, as the engine does, up to five times.
ReadResult read_zoho(const zoho_sim::LocalZoho& crm, const std::vector<std::string>& tables = {},
                     const ReadOptions& options = {});

// What the simulator's own data must become, by module, without the source's code: fields that are
// read as several columns included.
TableTexts expected_rows(const zoho_sim::LocalZoho& crm, const std::string& module);

// Compares the module's rows with its table; at most a few differences are told.
void expect_equal(const zoho_sim::LocalZoho& crm, const std::string& module,
                  const ReadResult& result);

}  // namespace penstock::testing
