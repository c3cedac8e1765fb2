#include <gtest/gtest.h>

#include <set>

#include "core/text.h"
#include "doubles/gated_source.h"
#include "service/openapi.h"

namespace penstock {
namespace {

class OpenApiTest : public testing::Test {
 protected:
  OpenApiTest() {
    registry_.add(gated_source(std::make_shared<Gate>()));
    document_ = openapi_document(table_, registry_, "1.2.3");
  }
  const json::object& schemas() { return document_.at("components").at("schemas").as_object(); }

  Registry registry_;
  RouteTable table_{service_routes()};
  json::object document_;
};

TEST_F(OpenApiTest, DescribesEveryRouteAndNothingElse) {
  std::size_t operations = 0;
  for (const auto& [path, methods] : document_.at("paths").as_object()) {
    operations += methods.as_object().size();
  }
  EXPECT_EQ(operations, table_.routes().size());
  for (const Route& route : table_.routes()) {
    const json::value& found = document_.at("paths").at(route.pattern).at(lower(route.method));
    EXPECT_EQ(found.at("operationId").as_string(), std::string_view(route.operation));
    EXPECT_EQ(found.at("responses").as_object().size(), route.responses.size());
    const bool has_parameter = route.pattern.find("{id}") != std::string::npos;
    EXPECT_EQ(has_parameter, json::serialize(found).find(R"("in":"path")") != std::string::npos)
        << route.pattern;
  }
}

void collect_references(const json::value& value, std::set<std::string>& out) {
  if (const json::array* const list = value.if_array()) {
    for (const json::value& item : *list) collect_references(item, out);
  }
  if (const json::object* const object = value.if_object()) {
    for (const auto& [name, item] : *object) {
      if (name == "$ref" && item.is_string()) out.insert(std::string(item.get_string()));
      collect_references(item, out);
    }
  }
}

TEST_F(OpenApiTest, EveryReferenceLeadsSomewhereAndNoComponentIsUnused) {
  std::set<std::string> references;
  collect_references(document_, references);
  for (const std::string& reference : references) {
    EXPECT_TRUE(schemas().contains(reference.substr(std::string("#/components/schemas/").size())))
        << reference;
  }
  EXPECT_EQ(references.size(), schemas().size());
}

TEST_F(OpenApiTest, TakesFieldsFromTheAdaptersSpecs) {
  const std::string text = json::serialize(schemas().at("MigrationRequest"));
  EXPECT_NE(text.find(R"("enum":["gated"])"), std::string::npos);
  EXPECT_NE(text.find(R"("rows")"), std::string::npos);
  EXPECT_EQ(document_.at("openapi"), "3.1.0");
  EXPECT_EQ(document_.at("info").at("version"), "1.2.3");
}

TEST_F(OpenApiTest, EverySchemaHasAnObjectShape) {
  for (const auto& [name, schema] : schemas()) {
    ASSERT_TRUE(schema.is_object()) << name;
    EXPECT_TRUE(schema.get_object().contains("type")) << name;
  }
}

}  // namespace
}  // namespace penstock
