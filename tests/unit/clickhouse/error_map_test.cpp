#include <gtest/gtest.h>

#include "adapters/systems/clickhouse/error_map.h"

namespace penstock::clickhouse {

TEST(ErrorMap, ReadsBothSpellingsOfTheCode) {
  EXPECT_EQ(exception_code("Code: 47, e.displayText() = DB::Exception: x"), 47);
  EXPECT_EQ(exception_code("Code: 60. DB::Exception: x"), 60);
  EXPECT_EQ(exception_code("Code: x"), 0);
  EXPECT_EQ(exception_code("Code: 60"), 0);
  EXPECT_EQ(exception_code("Code: 99999999999999999999. "), 0);
  EXPECT_EQ(exception_code(""), 0);
}

TEST(ErrorMap, KeepsTheServersSentenceOnly) {
  EXPECT_EQ(
      exception_message("Code: 60, e.displayText() = DB::Exception: Table a.b doesn't exist., "
                        "e.what() = DB::Exception\n"),
      "Table a.b doesn't exist.");
  EXPECT_EQ(exception_message("Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE) "
                              "(version 26.7.2.1)"),
            "Table a.b does not exist. (UNKNOWN_TABLE)");
}

TEST(ErrorMap, ClassifiesWhatTheServerSays) {
  EXPECT_EQ(server_error(516, "Code: 516. DB::Exception: no").code(), "destination.auth");
  EXPECT_FALSE(server_error(516, "").retryable());
  EXPECT_TRUE(server_error(252, "").retryable());
  EXPECT_TRUE(server_error(241, "").retryable());
  EXPECT_FALSE(server_error(243, "").retryable());
  EXPECT_EQ(server_error(243, "").code(), "destination.disk_full");
  EXPECT_EQ(server_error(1001, "Code: 1001. No space left on device").code(),
            "destination.disk_full");
  EXPECT_EQ(server_error(77'777, "").code(), "destination.server");
  EXPECT_EQ(native_code(server_error(60, "")), 60);
}

TEST(ErrorMap, FindsAnErrorAfterStatus200) {
  EXPECT_EQ(find_late_exception("1\n2\n", ""), std::string::npos);
  EXPECT_EQ(find_late_exception("1\nCode: 395, e.displayText() = DB::Exception: x", ""), 2U);
  EXPECT_EQ(find_late_exception("1\n__exception__\nCode: 395. DB::Exception: x", ""), 2U);
  const std::string tagged =
      "1\n\r\n__exception__\r\nabc\r\nCode: 395. DB::Exception: x\n30 abc\r\n";
  EXPECT_EQ(find_late_exception(tagged, "abc"), 4U);
  // With a tag, data that looks like an error is data.
  EXPECT_EQ(find_late_exception("Code: 1. DB::Exception: quoted in a log", "abc"),
            std::string::npos);
}

}  // namespace penstock::clickhouse
