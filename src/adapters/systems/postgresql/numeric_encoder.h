// Numbers into PostgreSQL's binary numeric (numeric_codec.h reads it). Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/batch.h"

namespace penstock::postgresql {

// An unscaled little-endian two's-complement integer of `width` bytes (4, 8, 16 or 32) with `scale`
// digits after the point, all of which are kept.
void append_numeric(const void* value, int width, int scale, Buffer& out);

// Canonical text (core/value_text.h): "-12.50", "NaN", "Infinity".
void append_numeric(std::string_view text, Buffer& out);

}  // namespace penstock::postgresql
