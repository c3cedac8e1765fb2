#include "core/text.h"

#include <gtest/gtest.h>

#include "core/civil.h"

namespace penstock {
namespace {

TEST(Glob, MatchesRunsAndSingleCharacters) {
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("a*c", "abbc"));
  EXPECT_TRUE(glob_match("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_TRUE(glob_match("public.*", "public.orders"));
  EXPECT_TRUE(glob_match("[a]", "[a]"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
  EXPECT_FALSE(glob_match("a", "A"));
  EXPECT_FALSE(glob_match("a*", "ba"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_TRUE(glob_match("*", "*"));
  EXPECT_FALSE(glob_match("?", ""));
}

TEST(Glob, HostilePatternsStayCheap) {
  std::string pattern;
  for (int i = 0; i < 1'000; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(2'000, 'a')));
}

TEST(Nearest, FindsTypingMistakesAndNothingFar) {
  const std::vector<std::string> known = {"username", "password", "host", "port"};
  EXPECT_EQ(nearest("user_name", known), "username");
  EXPECT_EQ(nearest("PORT", known), "port");
  EXPECT_EQ(nearest("hsot", known), "host");
  EXPECT_EQ(nearest("completely_else", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'x'), known), std::nullopt);
  EXPECT_EQ(did_you_mean("hst", known), " (did you mean 'host'?)");
  EXPECT_EQ(did_you_mean("zzzzzz", known), "");
}

TEST(Utf8, AcceptsTheEdgesOfEverySequenceLength) {
  for (const char* text : {"", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
                           "plain ascii, longer than eight bytes \xC3\xA9"}) {
    EXPECT_EQ(find_invalid_utf8(text), std::string_view::npos) << text;
  }
}

TEST(Utf8, FindsEveryInvalidForm) {
  for (const char* text : {"\x80",
                           "\xBF",
                           "\xC0\x80",
                           "\xC1\xBF",
                           "\xC2",
                           "\xC2\x41",
                           "\xC2\xC2",
                           "\xE0\x80\x80",
                           "\xE0\x9F\xBF",
                           "\xE1\x80",
                           "\xE1\x80\x41",
                           "\xED\xA0\x80",
                           "\xED\xBF\xBF",
                           "\xEF\xBF",
                           "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF",
                           "\xF1\x80\x80",
                           "\xF1\x80\x80\x41",
                           "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80",
                           "\xF8\x88\x80\x80\x80",
                           "\xFE",
                           "\xFF"}) {
    EXPECT_EQ(find_invalid_utf8(text), 0u) << testing::PrintToString(std::string(text));
    for (std::size_t before = 1; before < 20; ++before) {
      EXPECT_EQ(find_invalid_utf8(std::string(before, 'a') + text + "aaaaaaaa"), before);
    }
  }
}

TEST(Utf8, PrefixEndsAtABoundary) {
  EXPECT_EQ(utf8_prefix("abc", 5), "abc");
  EXPECT_EQ(utf8_prefix("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(utf8_prefix("a\xC3\xA9z", 3), "a\xC3\xA9");
  EXPECT_EQ(utf8_prefix("\xF0\x9F\x98\x80", 3), "");
}

TEST(Printable, EscapesWhatIsNotTextAndCuts) {
  EXPECT_EQ(printable("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(printable(std::string_view("a\0\n\xFF\x7F", 5)), "a\\x00\\x0a\\xff\\x7f");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
}

TEST(Text, SplitsTrimsAndFolds) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(lower("ÀB"), "Àb");
  EXPECT_EQ(hex("\x01\xFE"), "01fe");
}

TEST(Text, HashesAreThoseOfTheSpecification) {
  // http://www.isthe.com/chongo/tech/comp/fnv/ gives these for FNV-1a of 64 bits.
  EXPECT_EQ(hex64(stable_hash("")), "cbf29ce484222325");
  EXPECT_EQ(hex64(stable_hash("a")), "af63dc4c8601ec8c");
  EXPECT_EQ(hex64(stable_hash("foobar")), "85944171f73967e8");
}

TEST(Text, SpellsQuantitiesForPeople) {
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(1.5 * 1024 * 1024), "1.5 MiB");
  EXPECT_EQ(human_count(12'300), "12.3 k");
}

TEST(Civil, DaysAndDatesAgreeOverManyEras) {
  std::int64_t expected = days_from_civil({-4800, 1, 1});
  for (std::int64_t year = -4800; year <= 2800; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    for (int month = 1; month <= 12; ++month) {
      constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
      const int length = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
      for (const int day : {1, length}) {
        const std::int64_t days = expected + day - 1;
        ASSERT_EQ(days_from_civil({year, month, day}), days);
        const CivilDate back = civil_from_days(days);
        ASSERT_TRUE(back.year == year && back.month == month && back.day == day) << days;
      }
      expected += length;
    }
  }
}

}  // namespace
}  // namespace penstock
