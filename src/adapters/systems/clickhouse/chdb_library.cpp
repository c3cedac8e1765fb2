#include "adapters/systems/clickhouse/chdb_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/error.h"

namespace penstock::clickhouse {

namespace fs = std::filesystem;

namespace {

Error missing(const std::string& what) {
  return Error(Side::destination, "destination.embedded.library", what)
      .hint(
          "run ./quickstart --build, or install the npm package @chdb/lib-linux-x64-gnu (26.7 or "
          "newer) and set "
          "PENSTOCK_LIBCHDB (or the destination's `library`) to its libchdb.so");
}

template <typename Function>
void bind(void* handle, const char* name, Function& function) {
  void* const symbol = ::dlsym(handle, name);
  if (symbol == nullptr) throw missing(std::string("the library lacks ") + name);
  function = reinterpret_cast<Function>(symbol);
}

}  // namespace

std::string find_chdb(const std::string& wanted) {
  if (!wanted.empty()) {
    if (fs::exists(wanted)) return fs::absolute(wanted);
    throw missing("there is no " + wanted);
  }
  if (const char* const set = std::getenv("PENSTOCK_LIBCHDB"); set != nullptr && *set != '\0') {
    if (fs::exists(set)) return fs::absolute(set);
    throw missing(std::string("PENSTOCK_LIBCHDB names ") + set + ", which does not exist");
  }
  std::error_code failure;
  const fs::path folder = fs::read_symlink("/proc/self/exe", failure).parent_path();
  const fs::path package = "deps/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so";
  const std::vector<fs::path> places{folder / "libchdb.so", folder.parent_path() / package,
                                     folder.parent_path() / "lib/libchdb.so",
                                     "/usr/local/lib/libchdb.so", "/usr/lib/libchdb.so"};
  for (const fs::path& place : places) {
    if (fs::exists(place, failure)) return place;
  }
  throw missing("the embedded ClickHouse needs libchdb.so, which is not installed");
}

ChdbLibrary load_chdb(const std::string& file) {
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const text = ::dlerror();
    throw missing("cannot load " + file + ": " + (text != nullptr ? text : "unknown reason"));
  }
  ChdbLibrary library;
  bind(handle, "chdb_connect", library.connect);
  bind(handle, "chdb_close_conn", library.close);
  bind(handle, "chdb_query_n", library.query);
  bind(handle, "chdb_stream_query_n", library.stream_query);
  bind(handle, "chdb_stream_fetch_result", library.stream_fetch);
  bind(handle, "chdb_stream_cancel_query", library.stream_cancel);
  bind(handle, "chdb_destroy_query_result", library.destroy_result);
  bind(handle, "chdb_result_buffer", library.result_buffer);
  bind(handle, "chdb_result_length", library.result_length);
  bind(handle, "chdb_result_error", library.result_error);
  bind(handle, "chdb_stream_insert_n", library.stream_insert);
  bind(handle, "chdb_stream_append", library.stream_append);
  bind(handle, "chdb_stream_done", library.stream_done);
  bind(handle, "chdb_stream_cancel_insert", library.stream_cancel_insert);
  bind(handle, "chdb_stream_insert_error", library.stream_insert_error);
  bind(handle, "chdb_destroy_insert_stream", library.destroy_insert);
  bind(handle, "chdb_set_signal_handlers_enabled", library.set_signal_handlers_enabled);
  return library;
}

}  // namespace penstock::clickhouse
