// Tells whether the process that owns a job still lives.
#pragma once

#include <cstdint>
#include <string>

namespace penstock {

// A process of this machine, told from every other one that ever had its number. A plain value.
// Limit: all processes that share a state file must see one another, that is, share a pid
// namespace; a process of another container counts as dead.
struct ProcessIdentity {
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;  // since boot, field 22 of /proc/<pid>/stat (proc(5))
  std::string boot;               // /proc/sys/kernel/random/boot_id

  // Of the calling process. Throws Error "engine.store.process" when /proc is not there.
  static ProcessIdentity current();
  // False for a process that ended, zombies included: a zombie runs nothing any more.
  bool alive() const;

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

}  // namespace penstock
