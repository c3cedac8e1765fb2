// The OpenAPI document of the program as it is, compared with the one under review.
// UPDATE_GOLDEN=1 rewrites it.
#include <gtest/gtest.h>

#include "adapters/all.h"
#include "golden_file.h"
#include "service/openapi.h"

namespace penstock {
namespace {

void print(const json::value& value, const std::string& indent, std::string& out) {
  const std::string deeper = indent + "  ";
  const auto each = [&](const auto& items, char open, char close, auto&& print_item) {
    out += open;
    const char* separator = "\n";
    for (const auto& item : items) {
      out += separator + deeper;
      print_item(item);
      separator = ",\n";
    }
    if (!items.empty()) out += "\n" + indent;
    out += close;
  };
  if (const json::array* const list = value.if_array()) {
    each(*list, '[', ']', [&](const json::value& item) { print(item, deeper, out); });
  } else if (const json::object* const object = value.if_object()) {
    each(*object, '{', '}', [&](const json::key_value_pair& item) {
      out += json::serialize(item.key()) + ": ";
      print(item.value(), deeper, out);
    });
  } else {
    out += json::serialize(value);
  }
}

TEST(OpenApiGoldenTest, IsTheReviewedDocument) {
  Registry registry;
  add_all_adapters(registry);
  // The version changes with every release and says nothing about the interface.
  const json::object document = openapi_document(RouteTable(service_routes()), registry, "0.0.0");
  std::string text;
  print(document, "", text);
  text += "\n";
  expect_golden("tests/golden/openapi.json", text);
}

}  // namespace
}  // namespace penstock
