// Reads a query's result from MySQL or MariaDB to nowhere, as fast as the server sends it: what any
// reader takes at least. mysql_read HOST PORT USER PASSWORD DATABASE (prepared|text) QUERY
#include <mysql.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

[[noreturn]] void fail(MYSQL* handle) {
  std::fprintf(stderr, "mysql_read: %s\n", mysql_error(handle));
  std::exit(1);
}

struct Count {
  unsigned long long rows = 0, bytes = 0;
};

Count read_text(MYSQL* handle, const char* query) {
  if (mysql_query(handle, query) != 0) fail(handle);
  MYSQL_RES* const result = mysql_use_result(handle);
  if (result == nullptr) fail(handle);
  Count count;
  while (mysql_fetch_row(result) != nullptr) {
    ++count.rows;
    const unsigned long* const lengths = mysql_fetch_lengths(result);
    for (unsigned i = 0; i < mysql_num_fields(result); ++i) count.bytes += lengths[i];
  }
  if (mysql_errno(handle) != 0) fail(handle);
  mysql_free_result(result);
  return count;
}

// Whole packets, undecoded: 0x00 starts a row, 0xFE in a short packet is the end.
Count read_prepared(MYSQL* handle, const char* query) {
  MYSQL_STMT* const statement = mysql_stmt_init(handle);
  if (mysql_stmt_prepare(statement, query, std::strlen(query)) != 0 ||
      mysql_stmt_execute(statement) != 0) {
    fail(handle);
  }
  Count count;
  for (;;) {
    const unsigned long size = mysql_net_read_packet(handle);
    if (size == packet_error || size == 0) fail(handle);
    if (handle->net.read_pos[0] == 0xFE && size < 9) return count;
    ++count.rows;
    count.bytes += size;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fputs("usage: mysql_read HOST PORT USER PASSWORD DATABASE (prepared|text) QUERY\n",
               stderr);
    return 2;
  }
  MYSQL* const handle = mysql_init(nullptr);
  const unsigned protocol = MYSQL_PROTOCOL_TCP;
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  if (mysql_real_connect(handle, argv[1], argv[3], argv[4], argv[5],
                         static_cast<unsigned>(std::atoi(argv[2])), nullptr, 0) == nullptr) {
    fail(handle);
  }
  const bool prepared = std::strcmp(argv[6], "prepared") == 0;
  const Count count = prepared ? read_prepared(handle, argv[7]) : read_text(handle, argv[7]);
  std::printf("%llu rows, %llu bytes\n", count.rows, count.bytes);
  std::exit(0);  // without closing: the statement is still open
}
