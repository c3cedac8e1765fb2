// The simulator's HTTP/1.1 port on 127.0.0.1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "servers/zoho/simulator.h"

namespace penstock::zoho_sim {

// Purpose: one thread per connection, which is what a simulator of at most some hundred clients
// needs, and lets a call simply sleep when it is to be slow.
//   Construction listens (0: any free port) and tells the simulator its address; destruction closes
//   every connection and waits for their threads. The simulator outlives it.
//   Errors: std::runtime_error when the port can't be listened on.
class HttpFront {
 public:
  HttpFront(Simulator& simulator, std::uint16_t port);
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;
  ~HttpFront();

  std::uint16_t port() const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::zoho_sim
