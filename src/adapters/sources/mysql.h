// MySQL 5.7 to 9 and MariaDB 10.5 to 11 as a source: libmariadb, the binary protocol, one point in
// time for all readers.
#pragma once

#include "contract/registry.h"

namespace penstock {

SourceEntry mysql_source();

}  // namespace penstock
