// docs/options.md, docs/types.md and docs/errors.md against what they are made of.
#include "docs/pages.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "adapters/all.h"
#include "core/type.h"
#include "golden_file.h"

namespace penstock::pages {
namespace {

const Registry& registry() {
  static const Registry one = [] {
    Registry all;
    add_all_adapters(all);
    return all;
  }();
  return one;
}

// data/types/<adapter>.tsv; an adapter that works in both directions has one table for each, the
// destination's being data/types/<adapter>_destination.tsv.
template <typename Adapter>
SystemTypes types_of(const AdapterEntry<Adapter>& entry, bool destination) {
  const std::string base = "data/types/" + entry.name;
  const std::string own = base + (destination ? "_destination.tsv" : "_source.tsv");
  const bool has_own = std::filesystem::exists(std::filesystem::path(PENSTOCK_SOURCE_DIR) / own);
  const std::string name = has_own ? own : base + ".tsv";
  SystemTypes types = system_types(entry.title, entry.versions, read_repository_file(name));
  const char* const column = destination ? "logical" : "native";
  EXPECT_FALSE(types.rows.empty()) << name;
  for (const TypeRow& row : types.rows) {
    EXPECT_FALSE(row.at(column).empty()) << name;
    EXPECT_TRUE(row.contains("logical") && row.contains("native")) << name;
  }
  return types;
}

std::vector<SystemTypes> all_sources() {
  std::vector<SystemTypes> out;
  for (const SourceEntry& entry : registry().sources()) out.push_back(types_of(entry, false));
  return out;
}

std::vector<SystemTypes> all_destinations() {
  std::vector<SystemTypes> out;
  for (const DestinationEntry& entry : registry().destinations()) {
    out.push_back(types_of(entry, true));
  }
  return out;
}

TEST(Pages, Options) {
  expect_golden("docs/options.md", options_page(registry()));
}

TEST(Pages, EveryOptionAndFieldIsExplained) {
  const auto check = [](const ConfigSpec& spec) {
    for (const ConfigField& field : spec.fields()) {
      EXPECT_TRUE(field.description.ends_with(".")) << field.name << ": " << field.description;
    }
  };
  for (const SourceEntry& entry : registry().sources()) check(entry.spec);
  for (const DestinationEntry& entry : registry().destinations()) {
    check(entry.spec);
    check(entry.options);
  }
}

TEST(Pages, Errors) {
  const std::string table = read_repository_file("data/errors.tsv");
  const std::string page = errors_page(table);
  for (const TypeRow& row : parse_type_table(table)) {
    const std::string& name = row.at("code");
    EXPECT_TRUE(row.at("retry") == "yes" || row.at("retry") == "no") << name;
    EXPECT_TRUE(row.at("meaning").ends_with(".") && row.at("action").ends_with(".")) << name;
    const std::string shown = name.starts_with('*') ? "source" + name.substr(1) : name;
    EXPECT_NE(page.find("`" + shown + "`"), std::string::npos) << name;
  }
  expect_golden("docs/errors.md", page);
}

TEST(Pages, Types) {
  expect_golden("docs/types.md", types_page(read_repository_file("data/logical_types.tsv"),
                                            all_sources(), all_destinations()));
}

TEST(Pages, EveryLogicalTypeIsExplained) {
  const std::vector<TypeRow> rows =
      parse_type_table(read_repository_file("data/logical_types.tsv"));
  std::string listed;
  for (const TypeRow& row : rows) {
    EXPECT_NO_THROW(parse_type(row.at("example"))) << row.at("type");
    listed += row.at("type") + " ";
  }
  for (int id = 0; id <= static_cast<int>(TypeId::network); ++id) {
    Type type = Type::of(static_cast<TypeId>(id));
    if (type.id == TypeId::list) type = Type::list(Type::of(TypeId::boolean));
    const std::string text = to_text(type);
    EXPECT_NE(listed.find(text.substr(0, text.find_first_of("(<"))), std::string::npos) << text;
  }
}

// What a source reads, every destination stores: no hole in the page.
TEST(Pages, EverySourceTypeHasAPlaceAtEveryDestination) {
  const std::vector<SystemTypes> destinations = all_destinations();
  for (const SystemTypes& source : all_sources()) {
    for (const TypeRow& row : source.rows) {
      for (const SystemTypes& destination : destinations) {
        const std::string stored = stored_as(row.at("logical"), destination);
        EXPECT_FALSE(stored.empty() || stored.find('?') != std::string::npos)
            << row.at("native") << " in " << destination.title;
      }
    }
  }
}

TEST(StoredAs, NewestFirstAndOlderVersionsOnce) {
  const SystemTypes types = system_types("Shop", "1 to 9",
                                         "logical\tsince\tnative\tlow\n"
                                         "#: Shown.\n"
                                         "date\t1.0\tDay\t1970-01-01\n"
                                         "date\t2.0\tDate\t1900-01-01\n"
                                         "date\t3.0\tDate\t0000-01-01\n"
                                         "decimal(38)\t1.0\tDecimal({p}, {s})\n"
                                         "decimal(76)\t1.0\tText\n"
                                         "timestamp(9)\t1.0\tMoment({d})\n"
                                         "timestamp(9,utc)\t1.0\tInstant({d})\n"
                                         "list<T>\t1.0\t{t}[]\n");
  EXPECT_EQ(types.notes, std::vector<std::string>{"Shown."});
  EXPECT_EQ(stored_as("date", types), "`Date`, before 2.0 `Day` ([range](#in-shop))");
  EXPECT_EQ(stored_as("decimal(19,2)", types), "`Decimal(19, 2)`");
  EXPECT_EQ(stored_as("decimal(40,2)", types), "`Text`");
  EXPECT_EQ(stored_as("decimal(p,s)", types),
            "to `decimal(38)`: `Decimal(p, s)`; to `decimal(76)`: `Text`");
  EXPECT_EQ(stored_as("timestamp(6)", types), "`Moment(6)`");
  EXPECT_EQ(stored_as("timestamp(6,utc)", types), "`Instant(6)`");
  EXPECT_EQ(stored_as("list<date>", types), "`Date[]`");
  EXPECT_EQ(stored_as("uuid", types), "");
}

}  // namespace
}  // namespace penstock::pages
