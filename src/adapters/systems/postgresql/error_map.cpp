#include "adapters/systems/postgresql/error_map.h"

#include <array>
#include <cctype>
#include <optional>

#include "core/text.h"

namespace penstock::postgresql {

namespace {

constexpr std::size_t kMessageBytesMax = 1000;

struct Meaning {
  std::string_view state;  // a whole SQLSTATE or its class (two characters)
  std::string_view code;
  bool retryable;
  std::string_view hint;
};

constexpr std::string_view kRestarting = "run the job again when the server is back";
constexpr std::string_view kQueryHint =
    "if the message is about a condition given in `where`, correct that; else report it";

// Whole states before their class: the first match counts.
constexpr std::array kMeanings = {
    Meaning{"28P01", "*.auth", false, "check username and password"},
    Meaning{"28000", "*.auth", false,
            "the server's pg_hba.conf does not let this user in from here; check username, "
            "database, sslmode, or ask for an entry"},
    Meaning{"3D000", "*.database.missing", false, "check the field database"},
    Meaning{"42501", "*.permission", false, "grant the missing privilege to the user"},
    Meaning{"53300", "*.connections.exhausted", true,
            "lower --parallel, or raise max_connections or the user's connection limit"},
    Meaning{"53200", "*.memory", true, "the server is out of memory; lower --parallel"},
    Meaning{"53100", "*.disk", false, "free space on the server's disk"},
    Meaning{"53", "*.memory", true, "the server lacks resources"},
    Meaning{"57P01", "*.server.restarting", true, kRestarting},
    Meaning{"57P02", "*.server.restarting", true, kRestarting},
    Meaning{"57P03", "*.server.restarting", true, kRestarting},
    Meaning{"57P05", "*.connection", true, "the server closed an idle session"},
    Meaning{"25P03", "*.connection", true,
            "idle_in_transaction_session_timeout ended the session; a pooler may have overridden "
            "penstock's setting"},
    Meaning{"57014", "*.cancelled", true,
            "somebody or a time limit cancelled the statement at the server"},
    Meaning{"40P01", "*.deadlock", true, "run the job again; find out what else locks the table"},
    Meaning{"40", "*.serialization", true, ""},
    Meaning{"55P03", "*.lock", true,
            "another session holds a lock on the table; end it or try again later"},
    Meaning{"42P01", "*.changed", false, "the table vanished or was renamed; plan again"},
    Meaning{
        "42703", "*.changed", false,
        "a column vanished or was renamed (plan again), or a condition in `where` misspells it"},
    Meaning{"42710", "*.exists", false,
            "something of that name is there already; give the table another name with --rename"},
    Meaning{"3F000", "*.changed", false, "the schema vanished; plan again"},
    Meaning{"XX001", "*.corrupted", false, "the server found damaged data in the table"},
    Meaning{"XX002", "*.corrupted", false, "the server found a damaged index; REINDEX it"},
    Meaning{"54", "*.too_large", false, ""},
    Meaning{"0A", "*.unsupported", false, "check the server's version; is it really PostgreSQL?"},
    Meaning{"08", "*.connection", true, "check the network and the server's log"},
    Meaning{"58", "*.disk", false, "the server met an operating system error; see its log"},
};

const Meaning* find_meaning(std::string_view sqlstate) {
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.state)) return &meaning;
  }
  return nullptr;
}

// A value of up to 1 GB may stand in a server's message; people need its beginning.
std::string bounded(std::string_view text) {
  return printable(trim(text), kMessageBytesMax);
}

// ProcessInterrupts in src/backend/tcop/postgres.c reports a standby's recovery conflict as 40001
// (statement), 40P01 (deadlock) or 57P04 (session), telling it by the text or detail only.
bool is_recovery_conflict(const ServerMessage& server) {
  return server.sqlstate == "57P04" ||
         (server.sqlstate == "40001" && (server.message.find("recovery") != std::string::npos ||
                                         server.detail.find("row versions") != std::string::npos));
}

bool says_snapshot_lost(const ServerMessage& server) {
  const std::string_view state = server.sqlstate;
  return (state == "22023" || state == "55000" || state == "42704") &&
         server.message.find("snapshot") != std::string::npos;
}

}  // namespace

Error server_error(Side side, const ServerMessage& server, std::string_view doing) {
  std::string text = bounded(server.message);
  if (!server.detail.empty()) text += " (" + bounded(server.detail) + ")";
  if (!doing.empty()) text += ", while " + std::string(doing);
  const Meaning* const meaning = find_meaning(server.sqlstate);
  std::string code = meaning != nullptr ? std::string(meaning->code) : "*.query";
  std::string hint = meaning != nullptr ? std::string(meaning->hint) : bounded(server.hint);
  bool retryable = meaning != nullptr && meaning->retryable;
  if (is_recovery_conflict(server)) {
    code = "*.recovery_conflict";
    retryable = true;
    hint =
        "the standby cancelled the read to go on with recovery: set hot_standby_feedback = on or "
        "raise max_standby_streaming_delay there, or read from the primary";
  } else if (says_snapshot_lost(server)) {
    code = "*.snapshot.lost";
    retryable = false;
    hint =
        "the transaction that exported the snapshot ended, or a pooler led this connection to "
        "another server; connect to PostgreSQL directly";
  } else if (server.sqlstate == "40001" && hint.empty()) {
    hint = "the server asks to repeat the transaction";
  }
  if (hint.empty()) hint = bounded(server.hint);
  if (hint.empty() && side == Side::source && meaning == nullptr) hint = kQueryHint;
  return Error(side, side_code(side, code), std::move(text))
      .native(server.sqlstate)
      .retryable(retryable)
      .hint(std::move(hint));
}

namespace {

struct VerboseMessage {
  std::string sqlstate, text;
};

// "… FATAL:  28P01: password authentication failed …\nLOCATION:  …": the state is five capitals or
// digits between "  " and ": " (pqBuildErrorMessage3 in src/interfaces/libpq/fe-protocol3.c).
VerboseMessage parse_verbose(std::string_view message) {
  VerboseMessage out;
  for (const std::string& line : split(message, '\n')) {
    if (line.find("LOCATION:") != std::string::npos || trim(line).empty()) continue;
    std::string kept = line;
    for (std::size_t at = line.find(":  "); at != std::string::npos;
         at = line.find(":  ", at + 1)) {
      const std::string_view rest = std::string_view(line).substr(at + 3);
      if (rest.size() < 7 || rest[5] != ':' || rest[6] != ' ') continue;
      bool plain = true;
      for (const char c : rest.substr(0, 5)) {
        plain = plain && ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
      }
      if (!plain) continue;
      out.sqlstate = rest.substr(0, 5);
      kept = line.substr(0, at + 3) + std::string(rest.substr(7));
      break;
    }
    if (!out.text.empty()) out.text += "; ";
    out.text += trim(kept);
  }
  return out;
}

}  // namespace

Error connect_error(Side side, std::string_view message, std::string_view endpoint) {
  const VerboseMessage parsed = parse_verbose(message);
  const std::string text =
      "cannot connect to PostgreSQL at " + std::string(endpoint) + ": " + bounded(parsed.text);
  if (!parsed.sqlstate.empty()) {
    return server_error(side, {parsed.sqlstate, text, "", ""}, "");
  }
  const auto says = [&](std::string_view part) {
    return message.find(part) != std::string_view::npos;
  };
  if (says("could not translate host name")) {
    return Error(side, side_code(side, "*.host.unknown"), text).hint("check the field host");
  }
  if (says("SSL") || says("certificate")) {
    return Error(side, side_code(side, "*.tls"), text)
        .hint("check sslmode, sslrootcert, sslcert and sslkey");
  }
  if (says("no password supplied")) {
    return Error(side, side_code(side, "*.auth"), text).hint("the server asks for a password");
  }
  return Error(side, side_code(side, "*.connection"), text)
      .retryable(true)
      .hint("check that the server runs and that host and port are right");
}

Error broken_connection(Side side, std::string_view message, std::string_view doing) {
  const VerboseMessage parsed = parse_verbose(message);
  std::string text = "the connection to PostgreSQL broke";
  if (!parsed.text.empty()) text += ": " + bounded(parsed.text);
  if (!doing.empty()) text += ", while " + std::string(doing);
  return Error(side, side_code(side, "*.connection"), std::move(text))
      .retryable(true)
      .hint("check the network and the server's log, then run the job again");
}

}  // namespace penstock::postgresql
