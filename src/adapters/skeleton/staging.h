// Where the skeleton's destination keeps what readers don't see, and how it changes what they see.
//
//   <table>.tsv                               the visible table; only ever replaced by rename(2)
//   .penstock/made/<table>.tsv                what penstock made: run, inode, header lines
//   .penstock/staging/<table>.tsv/<job>/      staging of one run
//       writing-<i>   staged-<i>              a split being written; complete and durable
//       committed-<i>-<rows>                  committed, by renaming staged-<i>
//       table                                 the new table, just before it is swapped in
#pragma once

#include <filesystem>
#include <string>

#include "adapters/skeleton/table_file.h"
#include "contract/destination.h"

namespace penstock::skeleton {

Error failure(std::string_view code, const std::string& message);  // "destination.<code>"

// File operations that throw Error "destination.file.*". Changes are durable on return.
void make_folder(const fs::path& path);
void remove_tree(const fs::path& path);
void move_file(const fs::path& from, const fs::path& to);

std::vector<FileColumn> file_columns(const TargetTable& table);
std::string header_of(const fs::path& path);

// Every path of one table and run. Free of state, so any session of any process agrees.
struct Places {
  Places(const fs::path& folder, const TargetTable& table, const RunId& run);

  fs::path split(std::string_view state, const Split& split) const;
  fs::path committed(const SplitAccount& account) const;
  fs::path part(std::string_view name) const { return staging / name; }

  fs::path visible, made, table_staging, staging;
};

// Whether penstock made the visible file and its columns still are what penstock gave it.
bool is_ours(const Places& places);
// Whether the visible file is the one that this run swapped in.
bool is_swapped(const Places& places, const RunId& run);

// Writes the header, the visible rows if they are to stay, and all committed splits into one file
// in staging; returns how many rows the splits have.
std::int64_t gather(const Places& places, const TargetTable& table, bool keep_rows,
                    const CancelToken& cancel);
// Makes the gathered file the visible one.
void swap_in(const Places& places, const TargetTable& table, const RunId& run);

}  // namespace penstock::skeleton
