// Every logical type at the edges of its range, into every destination and back.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "adapters/skeleton/skeleton.h"
#include "conformance/suite.h"

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kCanon = fs::path(PENSTOCK_SOURCE_DIR) / "tests/conformance/canon";

struct Case {
  DestinationQuirks quirks;
  std::string file;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.quirks.name << " " << one.file;
}

std::vector<Case> cases() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(kCanon)) {
    files.push_back(entry.path().stem().string());
  }
  std::ranges::sort(files);
  std::vector<Case> out;
  for (const DestinationQuirks& quirks : destinations_under_test()) {
    for (const std::string& file : files) out.push_back({quirks, file});
  }
  return out;
}

// What the result says it changed, per column.
std::map<std::string, std::int64_t> counted_losses(const json::object& result) {
  std::map<std::string, std::int64_t> out;
  const json::object table = result.at("tables_migrated").at(0).as_object();
  const json::value* const losses = table.if_contains("losses");
  if (losses == nullptr) return out;
  for (const json::value& loss : losses->as_array()) {
    out[std::string(loss.at("column").as_string())] += loss.at("count").to_number<std::int64_t>();
  }
  return out;
}

class CanonicalTypes : public ::testing::TestWithParam<Case> {};

// Promise 1: nothing is changed silently. Every value comes back as it was, or was counted.
TEST_P(CanonicalTypes, ComeBackExactlyOrAreCounted) {
  const auto& [quirks, file] = GetParam();
  Bench bench(skeleton_source(), {{"path", kCanon.string()}}, quirks.entry, quirks.fresh());
  const json::object result = bench.run(bench.request({{"losses", "nearest"}}, {file}));
  ASSERT_TRUE(result.at("success").as_bool()) << json::serialize(result);

  const TableText canon = read_canon(kCanon / (file + ".tsv"));
  const auto got = bench.read_back(file);
  ASSERT_EQ(got.size(), canon.rows.size());
  std::map<std::string, std::int64_t> changed;
  for (std::size_t row = 0; row < got.size(); ++row) {
    ASSERT_EQ(got[row].size(), canon.names.size());
    ASSERT_EQ(got[row][0], canon.rows[row][0]);
    for (std::size_t i = 1; i < canon.names.size(); ++i) {
      if (got[row][i] == canon.rows[row][i]) continue;
      ++changed[canon.names[i]];
      changed[canon.names[i] + ": " + canon.rows[row][i] + " -> " + got[row][i]];
    }
  }
  auto counted = counted_losses(result);
  for (std::size_t i = 1; i < canon.names.size(); ++i) {
    const std::string& column = canon.names[i];
    std::string changes;
    for (const auto& [text, number] : changed) {
      if (text.starts_with(column + ": ")) changes += "\n  " + text;
    }
    const auto waiver = quirks.waivers.find(file + "." + column);
    const bool fine = changed[column] == counted[column];
    if (waiver == quirks.waivers.end()) {
      EXPECT_TRUE(fine) << column << " " << canon.types[i] << ": " << changed[column]
                        << " values changed, " << counted[column] << " counted" << changes;
    } else {
      EXPECT_FALSE(fine) << "the waiver of " << waiver->first << " (" << waiver->second
                         << ") is no longer needed";
    }
  }
}

// With losses=fail (the default) nothing is written that would not come back.
TEST_P(CanonicalTypes, FailRatherThanChangeByDefault) {
  const auto& [quirks, file] = GetParam();
  Bench bench(skeleton_source(), {{"path", kCanon.string()}}, quirks.entry, quirks.fresh());
  const json::object result = bench.run(bench.request({{"null_lists", "fail"}}, {file}));
  if (!result.at("success").as_bool()) {
    const json::object failed = result.at("tables_failed").at(0).as_object();
    EXPECT_TRUE(failed.at("error_type").as_string().starts_with("value."))
        << json::serialize(failed);
    EXPECT_TRUE(failed.contains("column"));
    return;
  }
  const TableText canon = read_canon(kCanon / (file + ".tsv"));
  const bool waived = std::ranges::any_of(
      quirks.waivers, [&](const auto& waiver) { return waiver.first.starts_with(file + "."); });
  if (!waived) {
    EXPECT_EQ(bench.read_back(file), canon.rows);
  }
}

INSTANTIATE_TEST_SUITE_P(Canon, CanonicalTypes, ::testing::ValuesIn(cases()), [](const auto& test) {
  return test.param.quirks.name + "_" + test.param.file;
});

}  // namespace
}  // namespace penstock::testing
