// Finds or starts the child process that serves an embedded ClickHouse's folder.
#pragma once

#include <memory>
#include <string>

#include "core/cancel.h"

namespace penstock::clickhouse {

// Keeps the child from ending for want of connections. Move-only; closing it lets the child go.
class EmbeddedHold {
 public:
  EmbeddedHold(std::string socket, int descriptor)
      : socket_(std::move(socket)), descriptor_(descriptor) {}
  ~EmbeddedHold();
  EmbeddedHold(const EmbeddedHold&) = delete;
  EmbeddedHold& operator=(const EmbeddedHold&) = delete;

  const std::string& socket() const { return socket_; }  // path of the unix socket

 private:
  std::string socket_;
  int descriptor_;
};

// Purpose: connects to the child that serves `path`, starting one (this program again, or
// PENSTOCK_SELF) when there is none. Several processes may ask at once; they share one child.
//   Bounded: 30 s, or cancellation. Errors: "destination.embedded.*" with the child's last words.
std::unique_ptr<EmbeddedHold> hold_embedded(const std::string& path, const std::string& library,
                                            const CancelToken& cancel);

}  // namespace penstock::clickhouse
