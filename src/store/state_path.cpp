#include "store/state_path.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "core/error.h"

namespace penstock {

namespace {

constexpr const char* kFileName = "penstock.db";

std::string environment(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? std::string() : std::string(text);
}

std::string home_folder() {
  if (std::string home = environment("HOME"); !home.empty()) return home;
  const passwd* const entry = getpwuid(getuid());
  return entry == nullptr || entry->pw_dir == nullptr ? std::string() : std::string(entry->pw_dir);
}

}  // namespace

std::filesystem::path default_state_path() {
  if (const std::string folder = environment("PENSTOCK_STATE"); !folder.empty()) {
    return std::filesystem::path(folder) / kFileName;
  }
  const std::filesystem::path xdg = environment("XDG_STATE_HOME");
  if (xdg.is_absolute()) return xdg / "penstock" / kFileName;
  const std::filesystem::path home = home_folder();
  if (!home.is_absolute()) {
    throw Error(Side::engine, "engine.store.path", "there is no home folder to keep the state in")
        .hint("set PENSTOCK_STATE to a folder that this user may write");
  }
  return home / ".local" / "state" / "penstock" / kFileName;
}

void make_state_folder(const std::filesystem::path& folder) {
  if (folder.empty() || std::filesystem::is_directory(folder)) return;
  make_state_folder(folder.parent_path());
  // Another process may make it at the same moment, which is as good.
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    const std::string reason = std::generic_category().message(errno);
    throw Error(Side::engine, "engine.store.open",
                "cannot make the state folder " + folder.string() + ": " + reason)
        .hint("set PENSTOCK_STATE to a folder that this user may write");
  }
}

}  // namespace penstock
