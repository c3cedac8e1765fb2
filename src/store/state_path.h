// Where penstock keeps its state.
#pragma once

#include <filesystem>

namespace penstock {

// The state database: penstock.db in $PENSTOCK_STATE (a folder), else in $XDG_STATE_HOME/penstock,
// else in ~/.local/state/penstock. Creates nothing. A relative $XDG_STATE_HOME is ignored, as the
// XDG Base Directory Specification demands. Throws Error "engine.store.path" when there is no home.
std::filesystem::path default_state_path();

// Makes the folder with mode 0700 and its missing parents. Throws Error "engine.store.open".
void make_state_folder(const std::filesystem::path& folder);

}  // namespace penstock
