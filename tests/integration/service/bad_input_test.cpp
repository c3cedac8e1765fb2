// What strangers, broken clients and attackers may send.
#include <thread>

#include "integration/service/service_fixture.h"

namespace penstock {
namespace {

class BadInputTest : public ServiceTest {
 protected:
  void expect_error(const Answer& answer, int status, std::string_view named) {
    EXPECT_EQ(answer.status, status) << answer.body;
    ASSERT_FALSE(answer.body.empty()) << named;
    const json::value body = answer.json();
    EXPECT_TRUE(body.at("error").is_string());
    EXPECT_TRUE(body.at("error_type").is_string());
    EXPECT_NE(answer.body.find(named), std::string::npos) << answer.body;
  }
  void expect_healthy() { EXPECT_EQ(get(port(), "/health").status, 200); }
};

TEST_F(BadInputTest, JsonThatIsNoneIs400) {
  for (const std::string& path :
       {std::string("/migrate"), std::string("/plan"), std::string("/test-connection")}) {
    const std::string whole = request("to");
    for (const std::string& body :
         {std::string(), std::string("hello"), whole.substr(0, whole.size() / 2), whole + "}",
          std::string("\xff\xfe"), std::string(100'000, '['), std::string("{\"a\":\"\0\"}", 9)}) {
      expect_error(post(port(), path, body), 400, "config.body");
    }
    for (const char* body : {"[]", "1", "null", "\"text\"", "true"}) {
      expect_error(post(port(), path, body), 400, "object");
    }
  }
}

TEST_F(BadInputTest, AWrongTypeOfAnyMemberIs400NamingIt) {
  const json::object good = json::parse(request("to")).as_object();
  for (const char* member : {"source_type", "dest_type", "source", "destination", "operation_type",
                             "tables", "options", "async"}) {
    for (const json::value& wrong :
         {json::value(7), json::value(json::array{1, 2}), json::value(1.5)}) {
      json::object body = good;
      body[member] = wrong;
      expect_error(post(port(), "/migrate", json::serialize(body)), 400, member);
    }
  }
  for (const char* member : {"source_type", "dest_type", "source", "destination"}) {
    json::object body = good;
    body.erase(member);
    expect_error(post(port(), "/migrate", json::serialize(body)), 400, member);
  }
  EXPECT_TRUE(get(port(), "/jobs").json().at("jobs").as_array().empty()) << "no job was started";
}

TEST_F(BadInputTest, UnknownNamesComeWithTheNearestKnownOne) {
  expect_error(post(port(), "/migrate", request("to", {{"hots", "x"}})), 400, "host");
  expect_error(post(port(), "/migrate", request("to", {}, {{"dest_tpye", "x"}})), 400, "dest_type");
  expect_error(post(port(), "/migrate", request("to", {}, {{"source_type", "gatde"}})), 400,
               "gated");
  expect_error(post(port(), "/migrate", request("to", {}, {{"options", {{"paralel", 2}}}})), 400,
               "parallel");
}

TEST_F(BadInputTest, MalformedConnectionTestsAre400) {
  const auto test = [this](const char* body) { return post(port(), "/test-connection", body); };
  expect_error(test("{}"), 400, "type");
  expect_error(test(R"({"type":"source"})"), 400, "adapter_type");
  expect_error(test(R"({"type":"source","adapter_type":"gated"})"), 400, "config");
  expect_error(test(R"({"type":"sauce","adapter_type":"gated","config":{}})"), 400, "source");
  expect_error(test(R"({"type":"source","adapter_type":"nope","config":{}})"), 400, "adapter_type");
  expect_error(test(R"({"type":"source","adapter_type":"gated","config":[]})"), 400, "config");
  expect_error(test(R"({"type":"source","adapter_type":"gated","config":{"port":"x"}})"), 400,
               "config.port");
  expect_error(test(R"({"type":"source","adapter_type":"gated","config":{},"x":1})"), 400, "x");
  const Answer leak =
      test(R"({"type":"source","adapter_type":"gated","config":{"password":["s3cret"]}})");
  EXPECT_EQ(leak.status, 400);
  EXPECT_EQ(leak.body.find("s3cret"), std::string::npos);
}

TEST_F(BadInputTest, AHundredMegabytesAre413WithoutReadingOrKeepingThem) {
  const std::size_t before = resident_bytes();
  RawClient client(port());
  client.send("POST /migrate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n");
  const Answer answer = client.receive();
  expect_error(answer, 413, "config.http.too_large");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  // A client that does not listen while it sends is stopped, not read to the end.
  const std::string part(1 << 20, ' ');
  RawClient deaf(port());
  deaf.send("POST /migrate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n");
  int sent = 0;
  while (sent < 100 && deaf.send(part)) ++sent;
  EXPECT_LT(sent, 100);
  EXPECT_LT(resident_bytes(), before + (std::size_t{24} << 20));
  expect_healthy();
}

TEST_F(BadInputTest, AnEndlessChunkedBodyIs413) {
  RawClient client(port());
  client.send("POST /migrate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(1 << 20, ' ') + "\r\n";
  for (int i = 0; i < 12 && client.send(chunk); ++i) {
  }
  expect_error(client.receive(), 413, "config.http.too_large");
}

TEST_F(BadInputTest, ABodyJustWithinTheLimitIsRead) {
  std::string body = request("to");
  body += std::string((std::size_t{8} << 20) - body.size(), ' ');
  EXPECT_EQ(post(port(), "/migrate", body).status, 200);
  expect_error(post(port(), "/migrate", body + " "), 413, "config.http.too_large");
}

TEST_F(BadInputTest, ManyLargeBodiesAtOnceAreBounded) {
  std::vector<RawClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(port());
    clients.back().send(
        "POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8388608\r\n"
        "Expect: 100-continue\r\n\r\n");
    EXPECT_EQ(clients.back().receive(true).status, 100);
  }
  expect_error(post(port(), "/plan", std::string(1'000, ' ')), 503, "engine.service.busy");
  clients.clear();
}

TEST_F(BadInputTest, AHugeHeadIs431) {
  RawClient client(port());
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n");
  const std::string line = "X-Filler: " + std::string(1'000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) client.send(line);
  client.send("\r\n");
  expect_error(client.receive(), 431, "config.http.header_too_large");
  RawClient long_target(port());
  long_target.send("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect_error(long_target.receive(), 431, "config.http.header_too_large");
}

TEST_F(BadInputTest, AClientThatDribblesItsHeadIsCutOff) {
  restart([](ServiceConfig& config) { config.read_timeout = std::chrono::milliseconds(300); });
  RawClient client(port());
  const auto start = std::chrono::steady_clock::now();
  bool open = client.send("GET /health HTTP/1.1\r\nHost: local");
  while (open && std::chrono::steady_clock::now() - start < std::chrono::seconds(5)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    open = client.send("h");
  }
  EXPECT_FALSE(open);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

TEST_F(BadInputTest, AClientThatDribblesItsBodyIsCutOff) {
  restart([](ServiceConfig& config) { config.read_timeout = std::chrono::milliseconds(300); });
  RawClient client(port());
  client.send("POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(BadInputTest, WhatIsNotHttpIs400OrNothing) {
  for (const std::string& text :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n",
        std::string("hello\r\n\r\n"), std::string("GET /health\r\n\r\n"),
        std::string("GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n"),
        std::string("GET /health HTTP/1.1\r\nbroken header\r\n\r\n"),
        std::string("POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"),
        std::string("POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n"),
        std::string("POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                    "Content-Length: 2\r\n\r\n"),
        std::string("POST /plan HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "zz\r\n\r\n")}) {
    RawClient client(port());
    client.send(text);
    expect_error(client.receive(), 400, "config.http.malformed");
  }
  RawClient silent(port());  // says nothing and goes
  {
    RawClient half(port());
    half.send("GET /hea");
  }
  expect_healthy();
}

TEST_F(BadInputTest, PipelinedRequestsAreAnsweredInOrder) {
  RawClient client(port());
  client.send(get_text("/health") + get_text("/nowhere") + post_text("/plan", "{}") +
              get_text("/jobs"));
  EXPECT_EQ(client.receive().status, 200);
  expect_error(client.receive(), 404, "config.http.path");
  expect_error(client.receive(), 400, "source_type");
  EXPECT_TRUE(client.receive().json().as_object().contains("jobs"));
}

TEST_F(BadInputTest, Http10IsAnsweredAndClosed) {
  RawClient client(port());
  client.send("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(BadInputTest, HeadHasTheLengthButNoBody) {
  RawClient client(port());
  client.send("HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + get_text("/health"));
  const Answer head = client.receive(true);
  const Answer whole = client.receive();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), whole.headers.at("content-length"));
  EXPECT_EQ(whole.json().at("status"), "healthy");
}

TEST_F(BadInputTest, UnknownPathsAndMethodsSayWhatThereIs) {
  expect_error(get(port(), "/helth"), 404, "/health");
  expect_error(get(port(), "/metrics"), 404, "config.http.path");
  expect_error(get(port(), "/jobs/..%2f..%2fetc"), 404, "config.http.path");
  const Answer wrong = get(port(), "/migrate");
  expect_error(wrong, 405, "POST");
  EXPECT_EQ(wrong.headers.at("allow"), "POST");
  expect_error(get(port(), "/jobs/none"), 404, "config.job.unknown");
}

TEST_F(BadInputTest, ReboundNamesAndOtherSitesAreRefused) {
  RawClient rebound(port());
  rebound.send("GET /jobs HTTP/1.1\r\nHost: evil.example:5011\r\n\r\n");
  expect_error(rebound.receive(), 421, "config.http.host");
  RawClient none(port());
  none.send("GET /jobs HTTP/1.1\r\n\r\n");
  expect_error(none.receive(), 400, "Host");
  expect_error(post(port(), "/migrate", request("to"), "Origin: http://evil.example\r\n"), 403,
               "config.http.cross_site");
  expect_error(post(port(), "/jobs/a/cancel", "", "Origin: null\r\n"), 403,
               "config.http.cross_site");
  RawClient form(port());
  form.send(
      "POST /migrate HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      "Content-Length: 2\r\n\r\n{}");
  expect_error(form.receive(), 415, "application/json");
  EXPECT_FALSE(get(port(), "/health").headers.contains("access-control-allow-origin"));
}

TEST_F(BadInputTest, ABodyWithoutAContentTypeIsTakenAsJson) {
  const std::string body = request("to");
  RawClient client(port());
  client.send("POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(BadInputTest, MoreConnectionsThanAllowedAre503) {
  restart([](ServiceConfig& config) { config.connections_max = 2; });
  RawClient one(port()), two(port());
  one.send(get_text("/health"));
  two.send(get_text("/health"));
  EXPECT_EQ(one.receive().status, 200);
  EXPECT_EQ(two.receive().status, 200);
  RawClient three(port());
  expect_error(three.receive(), 503, "engine.service.busy");
  one.send(get_text("/health"));
  EXPECT_EQ(one.receive().status, 200);
}

TEST_F(BadInputTest, TooManyBlockingCallsAre503WhileTheRestIsServed) {
  std::vector<RawClient> clients;
  const std::string hang = R"({"type":"source","adapter_type":"gated","config":{"host":"hangs"}})";
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back(port());
    clients.back().send(post_text("/test-connection", hang));
  }
  // Long enough for all of them to arrive; one that comes before them would have to wait for them.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  Answer answer;
  for (int attempt = 0; attempt < 10 && answer.status != 503; ++attempt) {
    RawClient client(port());
    client.send(post_text("/plan", request("to")));
    answer = client.receive();
  }
  expect_error(answer, 503, "engine.service.busy");
  expect_healthy();
}

}  // namespace
}  // namespace penstock
