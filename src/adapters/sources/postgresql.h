// PostgreSQL 12 to 18 as a source: libpq, binary COPY, an exported snapshot for all readers.
#pragma once

#include "contract/registry.h"

namespace penstock {

SourceEntry postgresql_source();

}  // namespace penstock
