#include "servers/wait_ready.h"

#include <stdexcept>
#include <thread>

namespace penstock::testing {

void wait_ready(ChildProcess& child, const std::string& name, const std::filesystem::path& log,
                const std::function<bool()>& ready) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  std::string problem;
  while (problem.empty()) {
    if (ready()) return;
    if (child.wait(std::chrono::milliseconds(20))) {
      problem = " ended while starting";
    } else if (std::chrono::steady_clock::now() > until) {
      problem = " didn't answer within 90 seconds";
    }
  }
  std::string text = file_text(log);
  constexpr std::size_t tail = 3'000;
  if (text.size() > tail) text.erase(0, text.size() - tail);
  throw std::runtime_error(name + problem + "; its log ends:\n" + text);
}

}  // namespace penstock::testing
