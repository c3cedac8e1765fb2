// Starting and stopping the service as a whole.
#include <csignal>
#include <thread>

#include "integration/service/service_fixture.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

class StopTest : public ServiceTest {};

TEST_F(StopTest, APortInUseIsAClearError) {
  ServiceConfig config = config_;
  config.port = port();
  const Error error = error_of([&] { HttpServer second(*manager_, config); });
  EXPECT_EQ(error.code(), "config.service.address");
  EXPECT_NE(error.message().find(std::to_string(port())), std::string::npos);
}

TEST_F(StopTest, AnOpenAddressIsRefusedBeforeAnythingListens) {
  ServiceConfig config = config_;
  config.host = "0.0.0.0";
  EXPECT_EQ(error_of([&] { HttpServer second(*manager_, config); }).code(),
            "config.service.no_auth");
}

TEST_F(StopTest, StoppingClosesIdleConnectionsAndStreams) {
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  RawClient idle(port());
  idle.send(get_text("/health"));
  EXPECT_EQ(idle.receive().status, 200);
  RawClient stream(port());
  stream.send(get_text("/jobs/" + id + "/events"));
  stream.read_until("event: started");
  RawClient waiting(port());
  waiting.send(post_text("/test-connection",
                         R"({"type":"source","adapter_type":"gated","config":{"host":"hangs"}})"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  restart([](ServiceConfig& config) { config.stop_grace = std::chrono::milliseconds(500); });
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_EQ(waiting.receive().status, 503);
  stream.read_to_close();
  EXPECT_EQ(await_state(id, "running"), "running") << "stopping the server is not stopping jobs";
}

// As `penstock serve` runs: until told to stop, and then the waiting client learns how it ended.
TEST_F(StopTest, TheWholeServiceStopsInOrderWhenAsked) {
  server_.reset();
  config_.port = 0;
  HttpServer probe(*manager_, config_);
  const std::uint16_t free_port = probe.port();
  probe.stop();
  config_.port = free_port;
  for (const bool by_signal : {false, true}) {
    gate_->close();
    CancelToken stop;
    std::thread service([&] { run_service(*manager_, config_, stop); });
    for (int attempt = 0; attempt < 200; ++attempt) {
      try {
        if (get(free_port, "/health").status == 200) break;
      } catch (const std::runtime_error&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
    RawClient client(free_port);
    client.send(post_text("/migrate", request(by_signal ? "a" : "b")));
    EXPECT_TRUE(gate_->await_waiting());
    const auto start = std::chrono::steady_clock::now();
    if (by_signal) {
      kill(getpid(), SIGTERM);
    } else {
      stop.request();
    }
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.json().at("state"), "cancelled");
    service.join();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    gate_->open();
  }
  server_ = std::make_unique<HttpServer>(*manager_, config_);
}

}  // namespace
}  // namespace penstock
