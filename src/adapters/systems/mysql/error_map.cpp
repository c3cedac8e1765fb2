#include "adapters/systems/mysql/error_map.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/text.h"

namespace penstock::mysql {

namespace {

constexpr std::size_t kMessageBytesMax = 1000;

struct Meaning {
  unsigned number;
  std::string_view code;
  bool retryable;
  std::string_view hint;
};

constexpr std::string_view kGrantHint = "grant the missing privilege to the user";
constexpr std::string_view kCredentialsHint = "check username and password";
constexpr std::string_view kPlanAgainHint = "the table was altered or dropped; plan again";
constexpr std::string_view kFewerHint =
    "lower --parallel, or raise max_connections or the user's limits";
constexpr std::string_view kRepairHint = "the server found damage in the table; CHECK TABLE tells";

constexpr std::array kMeanings = {
    Meaning{1045, "*.auth", false, kCredentialsHint},
    Meaning{1698, "*.auth", false,
            "this account is let in by another method than a password; check username"},
    Meaning{1130, "*.auth", false, "the server lets nobody in from this host; ask for an account"},
    Meaning{1129, "*.auth", false,
            "the server blocked this host after failed attempts: FLUSH HOSTS there"},
    Meaning{1251, "*.auth", false, "the account's authentication method is not known here"},
    Meaning{2059, "*.auth", false,
            "the account's authentication plug-in is missing or not allowed: it comes with the "
            "package libmariadb3; methods that send the password in clear need ssl_mode "
            "verify_identity"},
    Meaning{2061, "*.auth", false, "set ssl_mode to required, or check username and password"},
    Meaning{1820, "*.auth", false, "set a new password for the account first"},
    Meaning{1862, "*.auth", false, "the account's password expired"},
    Meaning{1044, "*.permission", false, kGrantHint},
    Meaning{1142, "*.permission", false, kGrantHint},
    Meaning{1143, "*.permission", false, kGrantHint},
    Meaning{1227, "*.permission", false, kGrantHint},
    Meaning{1370, "*.permission", false, kGrantHint},
    Meaning{1449, "*.permission", false, "the account that defined the view no longer exists"},
    Meaning{1356, "*.changed", false, "the view names tables or columns that are gone or denied"},
    Meaning{1049, "*.database.missing", false, "check the field database"},
    Meaning{2005, "*.host.unknown", false, "check the field host"},
    Meaning{2026, "*.tls", false, "check ssl_mode, ssl_ca, ssl_cert and ssl_key"},
    Meaning{1040, "*.connections.exhausted", true, kFewerHint},
    Meaning{1203, "*.connections.exhausted", true, kFewerHint},
    Meaning{1226, "*.connections.exhausted", true, kFewerHint},
    Meaning{1053, "*.server.restarting", true, ""},
    Meaning{3032, "*.server.restarting", true, "the server is in offline mode"},
    Meaning{1205, "*.lock", true, "another session holds a lock on the table; end it or try later"},
    Meaning{1213, "*.deadlock", true, ""},
    Meaning{1317, "*.cancelled", true, "somebody cancelled the statement at the server"},
    Meaning{1028, "*.cancelled", true, "somebody cancelled the statement at the server"},
    Meaning{3024, "*.cancelled", true, "max_execution_time ended the statement at the server"},
    Meaning{1969, "*.cancelled", true, "max_statement_time ended the statement at the server"},
    Meaning{1412, "*.snapshot.lost", false, "do not alter tables while they are copied"},
    Meaning{1146, "*.changed", false, kPlanAgainHint},
    Meaning{1054, "*.changed", false, kPlanAgainHint},
    Meaning{1176, "*.changed", false, kPlanAgainHint},
    Meaning{1735, "*.changed", false, kPlanAgainHint},
    Meaning{1615, "*.changed", true, "the table was altered while it was read"},
    Meaning{1037, "*.memory", true, "the server is out of memory; lower --parallel"},
    Meaning{1038, "*.memory", true, "the server is out of sort memory"},
    Meaning{1041, "*.memory", true, "the server is out of memory; lower --parallel"},
    Meaning{1021, "*.disk", false, "free space on the server's disk"},
    Meaning{1114, "*.disk", false, "free space on the server's disk"},
    Meaning{1030, "*.disk", false, "the server's storage engine failed; see its log"},
    Meaning{126, "*.corrupted", false, kRepairHint},
    Meaning{127, "*.corrupted", false, kRepairHint},
    Meaning{145, "*.corrupted", false, kRepairHint},
    Meaning{1034, "*.corrupted", false, kRepairHint},
    Meaning{1035, "*.corrupted", false, kRepairHint},
    Meaning{1194, "*.corrupted", false, kRepairHint},
    Meaning{1195, "*.corrupted", false, kRepairHint},
    Meaning{1712, "*.corrupted", false, kRepairHint},
    Meaning{1153, "*.row.too_large", false,
            "raise max_allowed_packet at the server, or leave the column out"},
    Meaning{1301, "*.row.too_large", false,
            "raise max_allowed_packet at the server, or leave the column out"},
    Meaning{2020, "*.row.too_large", false,
            "set the option memory higher, or leave the column out with the option columns"},
    Meaning{2002, "*.connection", true,
            "check that the server runs and that host and port are right"},
    Meaning{2003, "*.connection", true,
            "check that the server runs and that host and port are right"},
};

// The connection is gone, for whatever reason: client errors (errmsg.h) and what the server says
// before it hangs up (sessions killed, time-outs, network failures).
constexpr std::array kBroken = {1053U, 1080U, 1152U, 1158U, 1159U, 1160U, 1161U,
                                1184U, 1927U, 2000U, 2006U, 2012U, 2013U, 2014U,
                                2020U, 2027U, 2055U, 3032U, 3169U, 4031U};

const Meaning* find_meaning(unsigned number) {
  const auto at = std::ranges::find(kMeanings, number, &Meaning::number);
  return at == kMeanings.end() ? nullptr : &*at;
}

}  // namespace

bool breaks_connection(unsigned number) {
  return std::ranges::find(kBroken, number) != kBroken.end();
}

bool lacks_privilege(unsigned number) {
  return number == 1044 || number == 1045 || number == 1142 || number == 1143 || number == 1227;
}

bool lock_timed_out(unsigned number) {
  return number == 1205;
}

Error server_error(Side side, const ServerMessage& server, std::string_view doing) {
  const Meaning* const meaning = find_meaning(server.number);
  const bool broken = breaks_connection(server.number);
  const std::string_view generic = broken ? "*.connection" : "*.query";
  std::string code = side_code(side, meaning != nullptr ? meaning->code : generic);
  std::string text = broken && meaning == nullptr ? "the connection to the MySQL server broke" : "";
  const std::string said = printable(trim(server.message), kMessageBytesMax);
  if (!said.empty()) text += (text.empty() ? "" : ": ") + said;
  if (text.empty()) text = "the MySQL server or its client library failed without a message";
  if (!doing.empty()) text += ", while " + std::string(doing);
  // Client errors have no number that people could look up.
  const bool retryable = meaning != nullptr ? meaning->retryable : broken;
  Error error(side, std::move(code), std::move(text));
  if (server.number != 0) error.native(std::to_string(server.number));
  return error.retryable(retryable).hint(meaning != nullptr ? std::string(meaning->hint) : "");
}

}  // namespace penstock::mysql
