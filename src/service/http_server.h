// The HTTP service: listens, accepts, and stops in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/cancel.h"
#include "engine/job_manager.h"
#include "service/service_config.h"

namespace penstock {

// Purpose: serves the API of docs/http-api.md on threads of its own.
//   Call order: construct (listens) → start → stop, or destroy, which stops.
//   Ownership: the manager outlives the server. Stopping the server leaves jobs alone.
//   Threads: one at a time.
//   Errors: the constructor throws config_error("config.service.*") when it may or can not listen.
class HttpServer {
 public:
  HttpServer(JobManager& manager, ServiceConfig config);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  void start();
  // Refuses new connections from now on.
  void stop_accepting();
  // Ends blocking calls under way, gives running answers config.stop_grace, then closes the rest.
  void stop();

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:5011"
  int connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Serves until SIGINT, SIGTERM or `stop`, saying its address in one line on standard output. Then
// it stops accepting, cancels the jobs and gives them config.stop_grace, so that a client that
// waits for one learns how it ended: a service that is told to stop must not keep a machine waiting
// for hours, and a cancelled job can simply be run again. A second signal ends the process at once.
// Throws as HttpServer's constructor does.
void run_service(JobManager& manager, const ServiceConfig& config, const CancelToken& stop);

}  // namespace penstock
