#include "adapters/systems/zoho/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::zoho {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(const std::vector<FieldInfo>& fields) {
  std::vector<std::string> out;
  for (const Field& field : columns_of({.api_name = "M", .fields = fields}, {}).fields) {
    out.push_back(field.name + " " + to_text(field.type));
  }
  return out;
}

TEST(ZohoColumns, NamesAreLowerCaseAndNeverMeet) {
  EXPECT_THAT(names({{.api_name = "Stage", .data_type = "picklist"},
                     {.api_name = "STAGE", .data_type = "picklist"},
                     {.api_name = "Account", .data_type = "lookup"},
                     {.api_name = "Account_Name", .data_type = "text"},
                     {.api_name = "id", .data_type = "bigint"}}),
              ElementsAre("id int64", "stage string", "stage_2 string", "account_id int64",
                          "account_name string", "account_name_2 string"));
}

TEST(ZohoColumns, ComputedFieldsHaveTheTypeTheyReturn) {
  EXPECT_THAT(names({{.api_name = "A",
                      .data_type = "formula",
                      .return_type = "currency",
                      .decimal_places = 2},
                     {.api_name = "B", .data_type = "rollup_summary", .return_type = "integer"},
                     {.api_name = "C", .data_type = "formula", .return_type = "datetime"},
                     {.api_name = "D", .data_type = "formula"}}),
              ElementsAre("a decimal(18,2)", "b int64", "c timestamp(0,utc)", "d string"));
}

TEST(ZohoColumns, UnknownTypesGoByTheirJson) {
  EXPECT_THAT(names({{.api_name = "A", .data_type = "text", .json_type = "jsonarray"},
                     {.api_name = "Tag", .data_type = "text"},
                     {.api_name = "B", .data_type = "quantum", .json_type = "double"},
                     {.api_name = "C", .data_type = "quantum"}}),
              ElementsAre("a json", "tag json", "b float64", "c string"));
}

TEST(ZohoColumns, RowsOfOtherModulesAreTheirTables) {
  const Columns columns = columns_of(
      {.api_name = "Quotes",
       .fields = {{.api_name = "Items", .data_type = "subform", .linked = "Quoted_Items"},
                  {.api_name = "Helpers", .data_type = "multiuserlookup"}}},
      {"Quoted_Items"});
  EXPECT_TRUE(columns.fields.empty());
  EXPECT_THAT(columns.notes[0], HasSubstr("zoho_quoted_items"));
  EXPECT_THAT(columns.notes[1], HasSubstr("not read"));
}

TEST(ZohoColumns, TheNoteOnAColumnComesBack) {
  const Fetch fetch{.field = "Account_Name", .part = Part::email, .coql = false, .rich_text = true};
  const Fetch back = Fetch::parse(fetch.text());
  EXPECT_EQ(back.field, "Account_Name");
  EXPECT_EQ(back.part, Part::email);
  EXPECT_FALSE(back.coql);
  EXPECT_TRUE(back.rich_text);
}

}  // namespace
}  // namespace penstock::zoho
