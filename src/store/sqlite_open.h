// Opens the state database: settings, ownership and version.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "store/sqlite_handle.h"

namespace penstock {

// Opens or makes the database, sets it up for sharing between processes, and brings its schema to
// the current version. Throws Error "engine.store.*": .foreign when the file is another program's
// database, .version when a newer penstock made it.
std::unique_ptr<SqliteConnection> open_state(const std::filesystem::path& path);

// Runs the scripts the database has not run yet, all in one transaction; script number n brings it
// to version n + 1, kept in PRAGMA user_version. Separate for tests.
void migrate_state(SqliteConnection& connection, std::span<const std::string_view> scripts);

}  // namespace penstock
