// Passthrough: rows that go from a source to a destination undecoded.
#pragma once

#include <string>
#include <vector>

namespace penstock {

// A form of rows that a source can send and a destination may know by its name, for example
// "postgresql-copy-binary". `types` spells, per column, what lies in it; equal names and types mean
// equal bytes. A batch's Batch::wire holds whole rows one after another, without what the format
// puts before the first and after the last.
struct WireFormat {
  std::string name;
  std::vector<std::string> types;
};

}  // namespace penstock
