#pragma once

#include "contract/registry.h"

namespace penstock {

SourceEntry postgresql_source();

}  // namespace penstock
