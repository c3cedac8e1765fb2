// The skeleton: a complete, small source and destination over a folder of text files, to copy when
// a system is added (docs/adding-an-adapter.md) and to meet every other adapter in the tests.
#pragma once

#include "contract/registry.h"

namespace penstock {

// Config: {"path": folder}. Every <table>.tsv in the folder is a table (table_file.h).
SourceEntry skeleton_source();

// Config: {"path": folder}, made when missing. Tables appear as <table>.tsv; what is under way and
// what was made lies in the folder's hidden .penstock.
DestinationEntry skeleton_destination();

}  // namespace penstock
