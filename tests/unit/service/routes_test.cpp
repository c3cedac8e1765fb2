#include <gtest/gtest.h>

#include <set>

#include "service/routes.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

class RoutesTest : public testing::Test {
 protected:
  std::string operation(std::string_view method, std::string_view path) {
    return table_.find(method, path).route->operation;
  }
  Error failure(std::string_view method, std::string_view path) {
    return error_of([&] { table_.find(method, path); });
  }
  RouteTable table_{service_routes()};
};

TEST_F(RoutesTest, EveryRouteIsFoundAndHasItsOwnName) {
  std::set<std::string> operations;
  for (const Route& route : table_.routes()) {
    EXPECT_TRUE(operations.insert(route.operation).second) << route.operation;
    EXPECT_TRUE(route.handler) << route.operation;
    EXPECT_FALSE(route.responses.empty()) << route.operation;
    std::string path = route.pattern;
    if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, "a1-B_2");
    EXPECT_EQ(table_.find(route.method, path).route, &route);
  }
}

TEST_F(RoutesTest, TheParameterIsOnePlainSegment) {
  EXPECT_EQ(table_.find("GET", "/jobs/a1b2").parameter, "a1b2");
  EXPECT_EQ(operation("GET", "/jobs/a1b2/events"), "watchJob");
  EXPECT_EQ(operation("POST", "/jobs/a1b2/cancel"), "cancelJob");
  for (const std::string& path :
       {std::string("/jobs/a/b"), std::string("/jobs/a%20b"), std::string("/jobs/.."),
        std::string("/jobs//events"), "/jobs/" + std::string(65, 'a'), std::string("/jobs/a;b")}) {
    EXPECT_EQ(failure("GET", path).code(), "config.http.path") << path;
  }
}

TEST_F(RoutesTest, HeadIsGetAndOneTrailingSlashIsForgiven) {
  EXPECT_EQ(operation("HEAD", "/health"), "health");
  EXPECT_EQ(operation("GET", "/health/"), "health");
  EXPECT_EQ(operation("GET", "/jobs/"), "listJobs");
  EXPECT_EQ(failure("GET", "/").code(), "config.http.path");
}

TEST_F(RoutesTest, AnUnknownPathNamesTheNearest) {
  const Error error = failure("POST", "/migrat");
  EXPECT_EQ(error.code(), "config.http.path");
  EXPECT_NE(error.message().find("/migrate"), std::string::npos);
  EXPECT_NE(error.hint().find("/openapi.json"), std::string::npos);
  EXPECT_EQ(failure("GET", "/metrics").code(), "config.http.path");
}

TEST_F(RoutesTest, AWrongMethodNamesTheRightOnes) {
  EXPECT_EQ(failure("GET", "/migrate").code(), "config.http.method");
  EXPECT_EQ(table_.allowed_methods("/migrate"), "POST");
  EXPECT_EQ(table_.allowed_methods("/jobs"), "GET, HEAD");
  EXPECT_EQ(table_.allowed_methods("/nowhere"), "");
  EXPECT_EQ(failure("OPTIONS", "/health").code(), "config.http.method");
  EXPECT_EQ(failure("get", "/health").code(), "config.http.method") << "methods have one spelling";
}

}  // namespace
}  // namespace penstock
