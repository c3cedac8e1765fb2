// Event streams: resuming, heartbeats, many clients, slow and vanishing ones.
#include <sys/resource.h>

#include <thread>

#include "integration/service/service_fixture.h"

namespace penstock {
namespace {

class StreamTest : public ServiceTest {
 protected:
  RawClient watch(const std::string& id, const std::string& headers = "") {
    RawClient client(port());
    client.send(get_text("/jobs/" + id + "/events", headers));
    return client;
  }
  bool await_connections(int at_most) {
    for (int attempt = 0; attempt < 500 && server_->connections() > at_most; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return server_->connections() <= at_most;
  }
};

TEST_F(StreamTest, TellsTheWholeStoryInOrderAndEnds) {
  const std::string id = start_job("to");
  EXPECT_EQ(await_state(id, "succeeded"), "succeeded");
  RawClient client = watch(id);
  const Answer head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-type"), "text/event-stream");
  const std::string text = client.read_to_close();
  std::size_t at = 0;
  for (const char* type : {"queued", "started", "phase", "planned", "table_finished", "finished"}) {
    const std::size_t found = text.find("event: " + std::string(type) + "\n", at);
    ASSERT_NE(found, std::string::npos) << type << " after byte " << at << " in\n" << text;
    at = found;
  }
  EXPECT_TRUE(text.ends_with("\n\n"));
}

TEST_F(StreamTest, ContinuesAfterTheEventTheClientHasSeen) {
  const std::string id = start_job("to");
  EXPECT_EQ(await_state(id, "succeeded"), "succeeded");
  std::string text = watch(id, "Last-Event-ID: 2\r\n").read_to_close();
  EXPECT_EQ(text.find("\nid: 2\n"), std::string::npos);
  EXPECT_NE(text.find("id: 3\n"), std::string::npos);
  for (const char* odd : {"x", "-1", "99999999999999999999999", ""}) {
    text = watch(id, "Last-Event-ID: " + std::string(odd) + "\r\n").read_to_close();
    EXPECT_NE(text.find("id: 1\n"), std::string::npos) << odd << ": as if there were none";
  }
  EXPECT_EQ(watch(id, "Last-Event-ID: 1000000\r\n").receive().status, 204)
      << "which keeps an EventSource from asking again";
}

TEST_F(StreamTest, UnknownJobsHaveNone) {
  EXPECT_EQ(get(port(), "/jobs/none/events").status, 404);
}

TEST_F(StreamTest, HeartbeatsKeepAnIdleStreamAlive) {
  restart([](ServiceConfig& config) { config.heartbeat = std::chrono::milliseconds(50); });
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  RawClient client = watch(id);
  EXPECT_TRUE(client.read_until("\n:\n").ends_with("\n:\n"));
  EXPECT_TRUE(client.read_until(":\n\n").ends_with(":\n\n"));
}

TEST_F(StreamTest, AThousandIdleClientsComeAndGoWithoutAThreadEach) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  ASSERT_GE(files.rlim_cur, 2'200U);
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  const int threads = thread_count();
  std::vector<RawClient> clients, leaving;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(watch(id));
    leaving.push_back(watch(id));
  }
  for (std::vector<RawClient>* const half : {&clients, &leaving}) {
    for (RawClient& client : *half) {
      ASSERT_TRUE(client.read_until("event: started").ends_with("event: started"));
    }
  }
  EXPECT_EQ(server_->connections(), 1'000);
  EXPECT_LE(thread_count(), threads + 8) << "the job itself may just start some";
  // Half of them go, some rudely, while the job runs; the service notices without writing.
  for (std::size_t i = 0; i < leaving.size(); i += 2) leaving[i].reset();
  leaving.clear();
  EXPECT_TRUE(await_connections(500)) << server_->connections();
  EXPECT_EQ(get(port(), "/health").status, 200);
  gate_->open();
  for (RawClient& client : clients) {
    ASSERT_NE(client.read_to_close().find("\"state\":\"succeeded\""), std::string::npos);
  }
  EXPECT_TRUE(await_connections(0));
}

TEST_F(StreamTest, AClientThatReadsNothingIsDroppedAndNeverHoldsTheJobUp) {
  restart([](ServiceConfig& config) { config.write_timeout = std::chrono::milliseconds(300); });
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  RawClient client(port());
  client.set_receive_buffer(4'096);
  client.send(get_text("/jobs/" + id + "/events"));
  const std::shared_ptr<Job> job = manager_->find(id);
  const std::string text(50'000, 'x');
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 400; ++i) {  // 20 MB: more than any socket buffer takes
    job->events().publish("warning", {{"job", id}, {"text", text}});
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_TRUE(await_connections(0)) << "the client was not dropped";
}

TEST_F(StreamTest, AClientThatTalksIntoItsStreamIsDropped) {
  gate_->close();
  const std::string id = start_job("to");
  ASSERT_TRUE(gate_->await_waiting());
  RawClient client = watch(id);
  client.read_until("event: started");
  client.send("a little is ignored");
  EXPECT_EQ(server_->connections(), 1);
  client.send(std::string(200'000, 'x'));
  EXPECT_TRUE(await_connections(0));
}

}  // namespace
}  // namespace penstock
