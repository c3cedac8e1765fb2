// Turns what a ClickHouse server or libcurl says into penstock's Error.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace penstock::clickhouse {

// Numbers of ClickHouse src/Common/ErrorCodes.cpp that the code asks for by name.
inline constexpr int kUnknownTable = 60;
inline constexpr int kTableExists = 57;
inline constexpr int kUnknownDatabase = 81;

// The number after "Code: " at the start of `text`, 0 when there is none. Both spellings are known:
// "Code: 60, e.displayText() = …" (up to 21.x) and "Code: 60. DB::Exception: …".
int exception_code(std::string_view text);

// The server's sentence without code, class names and version.
std::string exception_message(std::string_view text);

// The place of an exception that was appended to a body which began with status 200, npos when the
// body is whole. `tag` is the X-ClickHouse-Exception-Tag header, empty on servers before 25.11.
std::size_t find_late_exception(std::string_view body, std::string_view tag);

// An error the server reported. `code` 0: unknown. Never contains a password: servers don't echo
// it.
Error server_error(int number, std::string_view text);

// A failure below HTTP; `curl_code` is a CURLcode, `text` libcurl's description of it.
Error transport_error(int curl_code, std::string_view text, const std::string& endpoint);

// The server's number of an error made by server_error, 0 for any other.
int native_code(const Error& error);

}  // namespace penstock::clickhouse
