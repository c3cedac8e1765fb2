// Which columns can go from one PostgreSQL to another undecoded, and in which format of COPY.
#pragma once

#include <vector>

#include "adapters/systems/postgresql/types.h"
#include "contract/source.h"

namespace penstock::postgresql {

// Of a column of that type. What decides is whether a value's bytes mean the same at a server whose
// object ids differ: arrays and composites carry the ids of their elements' types (array_send,
// record_send), names of objects are ids themselves.
Passage passage_of(const TypeCatalog& catalog, Oid type);

// See Source::wire_formats: binary where every column allows it, else text, else nothing.
// WireFormat::types are native types without modifiers; "text" for columns cast to it.
std::vector<WireFormat> wire_formats(const ReadSpec& spec);

}  // namespace penstock::postgresql
