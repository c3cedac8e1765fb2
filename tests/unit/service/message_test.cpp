// Targets, bodies, errors and events in their text forms.
#include <gtest/gtest.h>

#include "service/error_status.h"
#include "service/event_text.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

TEST(TargetTest, IsSplitIntoPathAndQuery) {
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(split_target("/jobs?limit=3"), Parts("/jobs", "limit=3"));
  EXPECT_EQ(split_target("/jobs"), Parts("/jobs", ""));
  EXPECT_EQ(split_target("http://localhost:5011/jobs?a"), Parts("/jobs", "a"));
  EXPECT_EQ(split_target("http://localhost:5011"), Parts("/", ""));
  EXPECT_EQ(split_target("*"), Parts("*", ""));
}

TEST(TargetTest, QueryValuesAreFoundByTheirWholeName) {
  Request request;
  request.query = "xlimit=1&limit=2&&limit=3&flag";
  EXPECT_EQ(request.query_value("limit"), "2");
  EXPECT_EQ(request.query_value("flag"), "");
  EXPECT_EQ(request.query_value("none"), "");
}

TEST(BodyTest, ValidJsonOfAnyKindIsParsed) {
  EXPECT_EQ(parse_body(" {\"a\":[1,2]} \n").at("a").as_array().size(), 2U);
  EXPECT_TRUE(parse_body("null").is_null());
  EXPECT_EQ(parse_body(R"({"a":1,"a":2})").at("a"), 2) << "of duplicate keys the last counts";
}

TEST(BodyTest, WhatIsNotJsonIsRefusedWithItsPlace) {
  for (const char* text :
       {"", "  ", "{", "{\"a\":", "[1,2", "hello", "{'a':1}", "{\"a\":1} x", "{\"a\":1,}",
        "\"\xff\"", "\xef\xbb\xbf{}", "NaN", "{\"a\":1}{\"b\":2}", "tru", "\"abc"}) {
    const Error error = error_of([&] { parse_body(text); });
    EXPECT_EQ(error.code(), "config.body") << text;
    EXPECT_EQ(status_of(error.code()), 400);
  }
}

TEST(BodyTest, DepthIsLimited) {
  EXPECT_EQ(parse_body(std::string(30, '[') + std::string(30, ']')).as_array().size(), 1U);
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(error_of([&] { parse_body(deep); }).code(), "config.body");
}

TEST(ErrorStatusTest, FollowsTheCode) {
  EXPECT_EQ(status_of("config.field.unknown"), 400);
  EXPECT_EQ(status_of("config.anything.new"), 400);
  EXPECT_EQ(status_of("config.target.busy"), 409);
  EXPECT_EQ(status_of("config.http.too_large"), 413);
  EXPECT_EQ(status_of("engine.jobs.full"), 503);
  EXPECT_EQ(status_of("source.connect"), 500);
  EXPECT_EQ(status_of("engine.store.full"), 500);
}

TEST(ErrorStatusTest, EveryBodyHasMessageAndType) {
  const Reply reply = error_reply(
      config_error("config.field.missing", "source: is required").hint("say what to read"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body.at("error"), "source: is required");
  EXPECT_EQ(reply.body.at("error_type"), "config.field.missing");
  EXPECT_EQ(reply.body.at("hint"), "say what to read");
}

TEST(ErrorStatusTest, AForeignExceptionsTextStaysInTheLog) {
  Reply reply;
  try {
    throw std::runtime_error("secret detail at 0x1234");
  } catch (...) {
    reply = error_reply(current_error());
  }
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(json::serialize(reply.body).find("secret detail"), std::string::npos);
  EXPECT_NE(reply.log.find("secret detail"), std::string::npos);
  EXPECT_EQ(reply.body.at("error_type"), "engine.internal");
}

TEST(ErrorStatusTest, WhatIsTemporarySaysWhenToComeBack) {
  const Reply reply = error_reply(Error(Side::engine, "engine.jobs.full", "too many"));
  ASSERT_EQ(reply.headers.size(), 1U);
  EXPECT_EQ(reply.headers[0].first, "Retry-After");
}

TEST(EventTextTest, IsOneFrameOfThreeLines) {
  const Event event{.id = 7, .time_ms = 5, .type = "warning", .data = {{"text", "a\nb\r\n"}}};
  EXPECT_EQ(event_text(event),
            "id: 7\nevent: warning\ndata: {\"text\":\"a\\nb\\r\\n\",\"time_ms\":5}\n\n");
}

TEST(EventTextTest, AJobOfThePastHasItsEndAsItsOnlyEvent) {
  const JobRecord record{
      .id = "a", .result = R"({"success":true})", .state = JobState::succeeded, .finished_ms = 9};
  EXPECT_EQ(finished_event_text(record),
            "id: 1\nevent: finished\ndata: {\"job\":\"a\",\"state\":\"succeeded\","
            "\"result\":{\"success\":true},\"time_ms\":9}\n\n");
}

TEST(TimeTest, IsRfc3339WithMilliseconds) {
  EXPECT_TRUE(time_json(0).is_null());
  EXPECT_EQ(time_json(1'700'000'000'042), "2023-11-14T22:13:20.042Z");
}

}  // namespace
}  // namespace penstock
