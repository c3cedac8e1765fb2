#include "cli/progress.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/text_table.h"

namespace penstock {
namespace {

Event event(std::int64_t time_ms, std::string type, json::object data) {
  return {.time_ms = time_ms, .type = std::move(type), .data = std::move(data)};
}

json::object progress(std::int64_t rows, std::int64_t estimate, json::array tables) {
  return {{"rows", rows},
          {"rows_estimate", estimate},
          {"bytes", rows * 100},
          {"rows_per_second", 1000.0},
          {"bytes_per_second", 1048576.0},
          {"tables_done", 1},
          {"tables_total", 3},
          {"seconds", 12.0},
          {"eta_seconds", 65.0},
          {"tables", std::move(tables)}};
}

ProgressState running(std::int64_t rows, std::int64_t estimate) {
  ProgressState state;
  state.apply(event(0, "phase", {{"phase", "copy"}}));
  state.apply(
      event(1000, "table_started",
            {{"table", "public.orders"}, {"target", "orders"}, {"rows_estimate", estimate}}));
  state.apply(
      event(2000, "progress",
            progress(rows, estimate,
                     {{{"table", "public.orders"}, {"rows", rows}, {"rows_estimate", estimate}}})));
  return state;
}

TEST(HonestPercent, NeverReachesHundredAndNeverLies) {
  EXPECT_EQ(honest_percent(0, 100), 0);
  EXPECT_EQ(honest_percent(47, 100), 47);
  EXPECT_EQ(honest_percent(100, 100), 99);
  EXPECT_EQ(honest_percent(101, 100), -1);  // the estimate proved wrong: nothing can be said
  EXPECT_EQ(honest_percent(5, -1), -1);
  EXPECT_EQ(honest_percent(0, 0), -1);
}

TEST(RenderBar, FillsInEighths) {
  EXPECT_EQ(render_bar(0, 4, true), "░░░░");
  EXPECT_EQ(render_bar(50, 4, true), "██░░");
  EXPECT_EQ(render_bar(100, 4, true), "████");
  EXPECT_EQ(render_bar(99, 4, true), "███▉");
  EXPECT_EQ(render_bar(50, 6, false), "[##..]");
  EXPECT_EQ(render_bar(-1, 4, true), "");
  for (int percent = 0; percent <= 100; ++percent) {
    EXPECT_EQ(display_width(render_bar(percent, 17, true)), 17U) << percent;
    EXPECT_EQ(display_width(render_bar(percent, 17, false)), 17U) << percent;
  }
}

TEST(RenderProgress, ShowsTablesAndATotal) {
  const auto lines = render_progress(running(470, 1000), {.columns = 100, .rows = 24});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "public.orders  █████████▍░░░░░░░░░░ 47 %  470 / ~1.0 k rows  470 rows/s");
  EXPECT_EQ(lines[1],
            "1/3 tables  47 %  470 / ~1.0 k rows  1.0 k rows/s  1.0 MiB/s  12 s  ETA ~1 min 05 s");
}

TEST(RenderProgress, ShowsNoShareOnceTheEstimateIsPassed) {
  const auto lines = render_progress(running(1500, 1000), {.columns = 100, .rows = 24});
  EXPECT_EQ(lines[0].find('%'), std::string::npos);
  EXPECT_EQ(lines[0].find('~'), std::string::npos);
  EXPECT_EQ(lines[1].find("ETA"), std::string::npos);
  EXPECT_NE(lines[0].find("1.5 k rows"), std::string::npos);
}

TEST(RenderProgress, UsesNoColourAndNoUnicodeUnlessAsked) {
  const auto plain =
      render_progress(running(470, 1000), {.columns = 100, .rows = 24, .utf8 = false});
  for (const std::string& line : plain) {
    EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 127; })) << line;
  }
  const auto coloured =
      render_progress(running(470, 1000), {.columns = 100, .rows = 24, .colour = true});
  EXPECT_NE(coloured[0].find("\x1b[36m"), std::string::npos);
}

TEST(RenderProgress, FitsEveryTerminal) {
  ProgressState state = running(470, 1000);
  json::array tables;
  for (int i = 0; i < 30; ++i) {
    tables.push_back({{"table", "schema.a_rather_long_table_name_" + std::to_string(i) + "_日本語"},
                      {"rows", i * 1000},
                      {"rows_estimate", i % 2 == 0 ? 100'000 : -1}});
  }
  state.apply(event(3000, "progress", progress(1, 2, tables)));
  for (const bool colour : {false, true}) {
    for (std::size_t columns = 1; columns < 220; ++columns) {
      for (const std::size_t rows : {1, 2, 3, 10, 24, 100}) {
        const auto lines =
            render_progress(state, {.columns = columns, .rows = rows, .colour = colour});
        ASSERT_GE(lines.size(), 1U);
        ASSERT_LE(lines.size(), std::max<std::size_t>(1, rows - 1));
        for (const std::string& line : lines) {
          ASSERT_LT(display_width(line), std::max<std::size_t>(20, columns)) << line;
        }
      }
    }
  }
  const auto lines = render_progress(state, {.columns = 100, .rows = 10});
  EXPECT_EQ(lines[7], "and 23 more tables");
}

TEST(ProgressState, TurnsEndsIntoLinesThatStay) {
  ProgressState state = running(10, 100);
  EXPECT_EQ(
      state.apply(event(3000, "table_finished",
                        {{"table", "public.orders"},
                         {"target", "orders"},
                         {"rows", 1234567},
                         {"seconds", 61.2}})),
      std::vector<std::string>{"done    public.orders -> orders  1,234,567 rows  1 min 01 s"});
  EXPECT_TRUE(state.running().empty());
  EXPECT_EQ(state.apply(event(3000, "table_failed",
                              {{"table", "a.b"}, {"error", {{"error", "no privilege"}}}})),
            std::vector<std::string>{"FAILED  a.b: no privilege"});
  EXPECT_EQ(state.apply(event(3000, "warning", {{"text", "careful"}})),
            std::vector<std::string>{"warning careful"});
  state.apply(event(4000, "finished", {{"state", "succeeded"}}));
  EXPECT_TRUE(state.finished());
  EXPECT_TRUE(render_progress(state, {}).empty());
}

TEST(ProgressState, ForgetsTablesThatRunNoLonger) {
  ProgressState state = running(10, 100);
  state.apply(event(3000, "progress", progress(10, 100, {})));
  EXPECT_TRUE(state.running().empty());
}

TEST(ProgressState, SurvivesEventsWithoutTheirMembers) {
  ProgressState state;
  for (const char* const type :
       {"queued", "started", "phase", "planned", "table_started", "progress", "table_finished",
        "table_failed", "retry", "warning", "new"}) {
    state.apply(event(1, type, {}));
    state.apply(event(1, type, {{"tables", {1, "x", nullptr}}, {"rows", "many"}, {"table", 7}}));
    render_progress(state, {});
  }
}

TEST(ProgressState, NamesFromServersCannotDriveTheTerminal) {
  ProgressState state;
  const std::string evil =
      "t\x1b[2J\x07\xc2\x9b"
      "31m\xe2\x80\xae";
  for (const std::string& line :
       state.apply(event(1, "table_finished",
                         {{"table", evil}, {"target", evil}, {"rows", 1}, {"seconds", 1}}))) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\x07'), std::string::npos);
    EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(line.find("\xe2\x80\xae"), std::string::npos);
  }
}

TEST(Repaint, MovesOverWhatWrappedAfterTheTerminalGotNarrower) {
  EXPECT_EQ(repaint({}, {}, {"a"}, 80), "\r\x1b[Ja\n");
  EXPECT_EQ(repaint({"a", "b"}, {"done"}, {"c"}, 80), "\x1b[2A\r\x1b[Jdone\nc\n");
  EXPECT_EQ(repaint({std::string(79, 'x'), "b"}, {}, {}, 40), "\x1b[3A\r\x1b[J");
  EXPECT_EQ(repaint({"\x1b[36mabc\x1b[0m"}, {}, {}, 3), "\x1b[1A\r\x1b[J");
  EXPECT_EQ(repaint({""}, {}, {}, 0), "\x1b[1A\r\x1b[J");
}

TEST(TextTable, AlignsByDisplayWidth) {
  TextTable table({"NAME", "ROWS"}, {1});
  table.add({"日本", "1"});
  table.add({"abcdef", "1,000"});
  EXPECT_EQ(table.text(), "NAME     ROWS\n日本        1\nabcdef  1,000\n");
}

TEST(Text, FitsAndGroups) {
  EXPECT_EQ(fit("abcdef", 4), "abc…");
  EXPECT_EQ(fit("日本語", 4), "日…");
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(pad("ab", 4), "ab  ");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(INT64_MAX), "9,223,372,036,854,775,807");
  EXPECT_EQ(grouped(-1), "?");
  EXPECT_EQ(human_duration(0.04), "0.0 s");
  EXPECT_EQ(human_duration(59.6), "1 min 00 s");
  EXPECT_EQ(human_duration(3725), "1 h 02 min");
  EXPECT_EQ(human_duration(-1), "?");
  EXPECT_EQ(wrap("one two three", 9, 2), "one two\n  three");
}

}  // namespace
}  // namespace penstock
