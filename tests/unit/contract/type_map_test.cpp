#include "contract/type_map.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "contract/registry.h"
#include "core/type.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

TEST(TypeTable, ReadsCellsByNameAndFillsMissingOnes) {
  const auto rows =
      parse_type_table("# comment\nnative\tlogical\tnote\n\nint\tint32\ntext\tstring\tx\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("native"), "int");
  EXPECT_EQ(rows[0].at("note"), "");
  EXPECT_EQ(rows[1].at("note"), "x");
  EXPECT_TRUE(parse_type_table("").empty());
  EXPECT_EQ(error_of([] { parse_type_table("a\tb\n1\t2\t3\n"); }).code(), "engine.internal");
}

TEST(TypeTable, VersionsCompareAsNumbers) {
  EXPECT_EQ(version_number("15.18"), 15'018);
  EXPECT_EQ(version_number("26.7.2.1"), 26'007);
  EXPECT_EQ(version_number("15.18 (Debian 15.18-1)"), 15'018);
  EXPECT_EQ(version_number("18"), 18'000);
  EXPECT_EQ(version_number("devel"), 0);
  EXPECT_LT(version_number("9.6"), version_number("12.0"));
}

// Every table under data/types names only logical types that exist.
TEST(TypeTable, TheTablesOfThisProgramNameRealTypes) {
  int tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PENSTOCK_SOURCE_DIR "/data/types")) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    ++tables;
    for (const TypeRow& row : parse_type_table(text.str())) {
      std::string logical = row.at("logical");
      for (const auto& [any, some] :
           {std::pair("(p,s)", "(9,2)"), std::pair("(d", "(6"), std::pair("<T>", "<bool>")}) {
        const std::size_t at = logical.find(any);
        if (at != std::string::npos) logical.replace(at, std::string_view(any).size(), some);
      }
      EXPECT_NO_THROW(parse_type(logical)) << entry.path() << ": " << logical;
    }
  }
  EXPECT_GE(tables, 2);
}

TEST(Registry, FindsByNameOrAliasAndNamesTheNearest) {
  Registry registry;
  registry.add(SourceEntry{.name = "postgresql", .aliases = {"postgres", "pg"}});
  registry.add(DestinationEntry{.name = "clickhouse"});
  EXPECT_EQ(registry.source("PG", "source_type").name, "postgresql");
  EXPECT_EQ(registry.destination("ClickHouse", "dest_type").name, "clickhouse");
  const Error error = error_of([&] { registry.source("postgresq", "source_type"); });
  EXPECT_EQ(error.code(), "config.adapter.unknown");
  EXPECT_NE(error.message().find("source_type"), std::string::npos);
  EXPECT_NE(error.message().find("'postgresql'"), std::string::npos);
  EXPECT_NE(error.hint().find("postgresql"), std::string::npos);
}

}  // namespace
}  // namespace penstock
