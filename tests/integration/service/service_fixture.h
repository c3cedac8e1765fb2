// The real service on a free port over the real engine and ledger; the source is the gated one, the
// destination the skeleton.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "doubles/gated_source.h"
#include "integration/service/raw_client.h"
#include "service/http_server.h"
#include "store/sqlite_ledger.h"
#include "unit/store/temporary_folder.h"

namespace penstock {

class ServiceTest : public testing::Test {
 protected:
  ServiceTest();
  ~ServiceTest() override;

  // Starts again with a changed configuration; the manager and its jobs stay.
  void restart(const std::function<void(ServiceConfig&)>& change);

  // The body of a migration request; `to` is the folder's name, `source` more of its members.
  std::string request(const std::string& to, json::object source = {}, json::object more = {});
  // Starts a job and returns its id.
  std::string start_job(const std::string& to, json::object source = {});
  // Waits for a job to have the state; the last one seen is returned.
  std::string await_state(const std::string& id, const std::string& state);

  std::uint16_t port() const { return server_->port(); }

  TemporaryFolder folder_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  Registry registry_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<JobManager> manager_;
  ServiceConfig config_;
  std::unique_ptr<HttpServer> server_;
};

// Resident memory of this process.
std::size_t resident_bytes();
int thread_count();

}  // namespace penstock
