// The skeleton in the conformance suite.
#pragma once

#include <filesystem>

#include "adapters/skeleton/skeleton.h"
#include "conformance/suite.h"

namespace penstock::testing {

// Folders that live as long as the test program.
inline std::filesystem::path fresh_folder() {
  static const TemporaryFolder root;
  static int count = 0;
  return root.path() / ("place" + std::to_string(++count));
}

inline DestinationQuirks skeleton_destination_quirks() {
  return {.name = "skeleton",
          .entry = skeleton_destination(),
          .fresh =
              [] {
                return json::object{{"path", fresh_folder().string()}};
              },
          .objects =
              [](const json::object& config) {
                const std::filesystem::path folder(config.at("path").as_string().c_str());
                std::vector<std::string> names;
                for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
                  names.push_back(std::filesystem::relative(entry.path(), folder).string());
                }
                return names;
              },
          .waivers = {}};
}

inline SourceQuirks skeleton_source_quirks() {
  return {.name = "skeleton",
          .entry = skeleton_source(),
          .fill =
              [](std::vector<SourceTable>& tables) {
                const auto canon =
                    std::filesystem::path(PENSTOCK_SOURCE_DIR) / "tests/conformance/canon";
                const std::filesystem::path folder = fresh_folder();
                for (const auto& entry : std::filesystem::directory_iterator(canon)) {
                  const TableText table = read_canon(entry.path());
                  const std::string name = entry.path().stem().string();
                  write_table(folder, name, table);
                  tables.push_back({name, table.names, table.types, table.rows});
                }
                write_table(folder, "many", numbered_rows(100'000));
                tables.push_back({.table = "many", .count = 100'000});
                return json::object{{"path", folder.string()}};
              },
          .waivers = {}};
}

}  // namespace penstock::testing
