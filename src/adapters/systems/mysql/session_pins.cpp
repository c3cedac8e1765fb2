#include "adapters/systems/mysql/session_pins.h"

#include "adapters/systems/mysql/connection.h"

namespace penstock::mysql {

std::string mandatory_pins() {
  return "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = '', autocommit = 1,"
         " sql_auto_is_null = 0, sql_big_selects = 1, sql_safe_updates = 0,"
         " sql_select_limit = 18446744073709551615,"
         // The server hangs up on a client that does not read for so many seconds, and on one that
         // says nothing: readers wait for the destination, and snapshots for their turn.
         " net_write_timeout = 7200, net_read_timeout = 7200,"
         " wait_timeout = 604800, interactive_timeout = 604800,"
         // DDL that runs meanwhile must not stop a job for a year, which is the default.
         " lock_wait_timeout = 60";
}

std::vector<std::string> optional_pins(const ServerVersion& version) {
  std::vector<std::string> pins;
  if (version.mariadb) {
    pins = {"max_statement_time = 0", "idle_transaction_timeout = 0",
            "idle_readonly_transaction_timeout = 0", "idle_write_transaction_timeout = 0"};
    return pins;
  }
  pins = {"max_execution_time = 0"};
  // Estimates as they are now instead of a day ago.
  if (version.number >= 80'000) pins.emplace_back("information_schema_stats_expiry = 0");
  if (version.number >= 80'030) {
    pins.emplace_back("show_gipk_in_create_table_and_information_schema = ON");
  }
  return pins;
}

}  // namespace penstock::mysql
