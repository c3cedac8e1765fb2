#include "integration/service/service_fixture.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "adapters/skeleton/skeleton.h"

namespace penstock {

ServiceTest::ServiceTest() {
  registry_.add(gated_source(gate_));
  registry_.add(skeleton_destination());
  ledger_ = std::make_unique<SqliteLedger>(folder_.path() / "penstock.db");
  manager_ = std::make_unique<JobManager>(registry_, *ledger_);
  config_.port = 0;
  config_.access_log = false;
  server_ = std::make_unique<HttpServer>(*manager_, config_);
  server_->start();
}

ServiceTest::~ServiceTest() {
  gate_->open();
  server_.reset();
}

void ServiceTest::restart(const std::function<void(ServiceConfig&)>& change) {
  server_.reset();
  change(config_);
  server_ = std::make_unique<HttpServer>(*manager_, config_);
  server_->start();
}

std::string ServiceTest::request(const std::string& to, json::object source, json::object more) {
  json::object body{{"source_type", "gated"},
                    {"dest_type", "skeleton"},
                    {"source", std::move(source)},
                    {"destination", {{"path", (folder_.path() / to).string()}}}};
  for (auto& [name, value] : more) body[name] = value;
  return json::serialize(body);
}

std::string ServiceTest::start_job(const std::string& to, json::object source) {
  const Answer answer =
      post(port(), "/migrate", request(to, std::move(source)), "Prefer: respond-async\r\n");
  EXPECT_EQ(answer.status, 202) << answer.body;
  return std::string(answer.json().at("job_id").as_string());
}

std::string ServiceTest::await_state(const std::string& id, const std::string& state) {
  std::string seen;
  for (int attempt = 0; attempt < 500; ++attempt) {
    seen = std::string(get(port(), "/jobs/" + id).json().at("state").as_string());
    if (seen == state) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return seen;
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

int thread_count() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace penstock
