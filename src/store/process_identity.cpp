#include "store/process_identity.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

struct ProcessStat {
  char state = '?';
  std::uint64_t start_ticks = 0;
};

// The second field is the program's name in parentheses and may hold spaces and parentheses itself,
// so counting starts after the last one; the state is field 3, the start time field 22.
std::optional<ProcessStat> read_stat(std::int64_t pid) {
  const std::string text = read_text("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> stat.start_ticks;
  if (!fields) return std::nullopt;
  return stat;
}

std::string boot_id() {
  return std::string(trim(read_text("/proc/sys/kernel/random/boot_id")));
}

}  // namespace

ProcessIdentity ProcessIdentity::current() {
  ProcessIdentity self;
  self.pid = getpid();
  const std::optional<ProcessStat> stat = read_stat(self.pid);
  self.boot = boot_id();
  if (!stat || self.boot.empty()) {
    throw Error(Side::engine, "engine.store.process", "cannot read /proc/self and the boot id")
        .hint("mount /proc: without it a dead job cannot be told from a running one");
  }
  self.start_ticks = stat->start_ticks;
  return self;
}

bool ProcessIdentity::alive() const {
  if (boot != boot_id()) return false;
  const std::optional<ProcessStat> stat = read_stat(pid);
  return stat && stat->start_ticks == start_ticks && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace penstock
