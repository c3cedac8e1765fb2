// libchdb (ClickHouse as a library), loaded at run time. Names and signatures: chdb-io/chdb
// programs/local/chdb.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace penstock::clickhouse {

struct ChdbConnectionData;
struct ChdbResultData;
struct ChdbInsertData;
using ChdbConnection = ChdbConnectionData*;
using ChdbResult = ChdbResultData*;
using ChdbInsert = ChdbInsertData*;

// The functions used. Filled once by load_chdb, then read by any thread.
struct ChdbLibrary {
  ChdbConnection* (*connect)(int, char**) = nullptr;
  void (*close)(ChdbConnection*) = nullptr;
  ChdbResult (*query)(ChdbConnection, const char*, std::size_t, const char*, std::size_t) = nullptr;
  ChdbResult (*stream_query)(ChdbConnection, const char*, std::size_t, const char*,
                             std::size_t) = nullptr;
  ChdbResult (*stream_fetch)(ChdbConnection, ChdbResult) = nullptr;
  void (*stream_cancel)(ChdbConnection, ChdbResult) = nullptr;
  void (*destroy_result)(ChdbResult) = nullptr;
  char* (*result_buffer)(ChdbResult) = nullptr;
  std::size_t (*result_length)(ChdbResult) = nullptr;
  const char* (*result_error)(ChdbResult) = nullptr;
  ChdbInsert (*stream_insert)(ChdbConnection, const char*, std::size_t, const char*,
                              std::size_t) = nullptr;
  int (*stream_append)(ChdbInsert, const void*, std::size_t) = nullptr;
  ChdbResult (*stream_done)(ChdbInsert) = nullptr;
  void (*stream_cancel_insert)(ChdbInsert) = nullptr;
  const char* (*stream_insert_error)(ChdbInsert) = nullptr;
  void (*destroy_insert)(ChdbInsert) = nullptr;
  void (*set_signal_handlers_enabled)(int) = nullptr;
};

// `wanted` (may be empty), PENSTOCK_LIBCHDB, then the places where ./quickstart and packages put
// it. Throws Error "destination.embedded.library" saying how to install it.
std::string find_chdb(const std::string& wanted);

// Throws the same error when the file is not libchdb. It is never unloaded.
ChdbLibrary load_chdb(const std::string& file);

}  // namespace penstock::clickhouse
