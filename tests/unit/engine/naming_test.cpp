#include "engine/naming.h"

#include <gtest/gtest.h>

#include <set>

#include "core/text.h"
#include "engine/selection.h"

namespace penstock {
namespace {

std::vector<TableSchema> catalog(const std::vector<TableId>& ids) {
  std::vector<TableSchema> out(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) out[i].id = ids[i];
  return out;
}

std::vector<Field> fields(const std::vector<std::string>& names) {
  std::vector<Field> out(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) out[i].name = names[i];
  return out;
}

TEST(Naming, TheDefaultSchemaIsLeftOutWhereThereAreNoSchemas) {
  const auto names =
      name_tables(catalog({{"", "public", "orders"}, {"", "sales", "orders"}, {"db", "dbo", "t"}}),
                  {}, "public", {});
  EXPECT_EQ(names.at({"", "public", "orders"}).name, "orders");
  EXPECT_EQ(names.at({"", "sales", "orders"}).name, "sales_orders");
  EXPECT_EQ(names.at({"db", "dbo", "t"}).name, "db_dbo_t");
}

TEST(Naming, SchemasStayWhereThereAreSome) {
  Capabilities capabilities;
  capabilities.schemas = true;
  capabilities.default_schema = "public";
  const auto names =
      name_tables(catalog({{"", "dbo", "t"}, {"", "sales", "t"}, {"crm", "dbo", "t"}}), {}, "dbo",
                  capabilities);
  EXPECT_EQ(names.at({"", "dbo", "t"}).schema, "public");
  EXPECT_EQ(names.at({"", "sales", "t"}).schema, "sales");
  EXPECT_EQ(names.at({"crm", "dbo", "t"}).schema, "crm_dbo");
}

TEST(Naming, Pitfall26_LongTwinsGetDeterministicSuffixes) {
  Capabilities capabilities;
  capabilities.identifier_bytes_max = 63;
  const std::string stem(63, 'x');
  const auto all = catalog({{"", "p", stem + "a"}, {"", "p", stem + "b"}, {"", "p", stem}});
  const auto names = name_tables(all, {}, "p", capabilities);
  std::set<std::string> distinct;
  for (const auto& [id, name] : names) {
    EXPECT_LE(name.name.size(), 63u);
    distinct.insert(name.name);
  }
  EXPECT_EQ(distinct.size(), 3u);
  EXPECT_EQ(names.at({"", "p", stem}).name, stem);
  EXPECT_TRUE(names.at({"", "p", stem + "a"}).adjusted);
  // The same whatever else is there, so that a later run finds its table again.
  const auto alone = name_tables(catalog({{"", "p", stem + "b"}}), {}, "p", capabilities);
  EXPECT_EQ(alone.at({"", "p", stem + "b"}).name, names.at({"", "p", stem + "b"}).name);

  const auto columns = name_columns(fields({stem + "a", stem + "b"}), capabilities);
  EXPECT_NE(columns[0], columns[1]);
  EXPECT_LE(columns[0].size(), 63u);
}

TEST(Naming, LongNamesAreCutAtCharacters) {
  const std::string text = "ä" + std::string(30, 'x') + "äääää";
  for (std::size_t limit = 10; limit < 50; ++limit) {
    const std::string name = shorten(text, text, limit);
    EXPECT_LE(name.size(), limit);
    EXPECT_EQ(find_invalid_utf8(name), std::string_view::npos);
  }
}

TEST(Naming, CaseTwinsCollideOnlyWhereCaseFolds) {
  Capabilities folding;
  folding.identifiers_fold_case = true;
  const auto all = catalog({{"", "p", "Users"}, {"", "p", "users"}});
  const auto folded = name_tables(all, {}, "p", folding);
  EXPECT_EQ(folded.at({"", "p", "Users"}).name, "Users");
  EXPECT_NE(lower(folded.at({"", "p", "users"}).name), "users");
  const auto exact = name_tables(all, {}, "p", {});
  EXPECT_EQ(exact.at({"", "p", "users"}).name, "users");
  const auto columns = name_columns(fields({"A", "a"}), folding);
  EXPECT_EQ(columns[0], "A");
  EXPECT_NE(lower(columns[1]), "a");
}

TEST(Naming, ASuffixedNameThatIsTakenGetsAnother) {
  Capabilities folding;
  folding.identifiers_fold_case = true;
  const std::string trap = shorten("a", "a", folding.identifier_bytes_max);
  const auto columns = name_columns(fields({trap, "A", "a"}), folding);
  EXPECT_EQ(std::set<std::string>(columns.begin(), columns.end()).size(), 3u);
}

TEST(Naming, SchemaPrefixesThatCollideAreToldApart) {
  const auto names =
      name_tables(catalog({{"", "a", "b_c"}, {"", "a_b", "c"}, {"", "p", "a_b_c"}}), {}, "p", {});
  EXPECT_EQ(names.at({"", "p", "a_b_c"}).name, "a_b_c") << "the default schema's name stays";
  std::set<std::string> distinct;
  for (const auto& [id, name] : names) distinct.insert(name.name);
  EXPECT_EQ(distinct.size(), 3u);
}

TEST(Naming, RenamesWin) {
  const auto all = catalog({{"", "p", "a"}, {"", "p", "b"}});
  const auto names = name_tables(all, {{"p.a", "b"}}, "p", {});
  EXPECT_EQ(names.at({"", "p", "a"}).name, "b");
  EXPECT_NE(names.at({"", "p", "b"}).name, "b");
  EXPECT_EQ(name_tables(all, {{"a", "x"}}, "p", {}).at({"", "p", "a"}).name, "x");
}

TEST(Selection, GlobsIncludeAndExclude) {
  const auto all =
      catalog({{"", "public", "orders"}, {"", "public", "users"}, {"", "sales", "orders"}});
  const auto chosen = [&](const std::vector<std::string>& globs) {
    std::vector<std::string> out;
    for (const TableSchema* table : select_tables(all, globs, "public").tables) {
      out.push_back(table->id.display());
    }
    return out;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(chosen({}).size(), 3u);
  EXPECT_EQ(chosen({"orders"}), Names{"public.orders"});
  EXPECT_EQ(chosen({"*.orders"}), (Names{"public.orders", "sales.orders"}));
  EXPECT_EQ(chosen({"public.*", "!users"}), Names{"public.orders"});
  EXPECT_EQ(chosen({"!sales.*"}), (Names{"public.orders", "public.users"}));
}

TEST(Selection, APatternThatMatchesNothingIsAProblemNamingTheNearest) {
  const auto all = catalog({{"", "public", "orders"}, {"", "public", "users"}});
  const Selection selection = select_tables(all, {"users", "ordres"}, "public");
  ASSERT_EQ(selection.problems.size(), 1u);
  EXPECT_EQ(selection.problems[0].code(), "config.tables.unmatched");
  EXPECT_NE(selection.problems[0].hint().find("orders"), std::string::npos);
  EXPECT_THROW(select_tables(all, {"ordres"}, "public"), Error);
  EXPECT_THROW(select_tables(all, {"!*"}, "public"), Error);
  EXPECT_THROW(select_tables({}, {}, "public"), Error);
}

}  // namespace
}  // namespace penstock
