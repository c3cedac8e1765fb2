// How a column of a given server type lies in a Native block: parsed from the type's text.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/type.h"

namespace penstock::clickhouse {

struct Codec {
  enum class Kind : std::uint8_t {
    fixed,            // the batch's bytes as they are
    boolean,          // bits to bytes
    uuid,             // both halves byte-reversed
    date16,           // int32 days to uint16
    seconds32,        // int64 seconds to uint32
    bytes,            // String from a bytes-like column
    text,             // String holding core/value_text.h's form
    low_cardinality,  // LowCardinality(String) from a bytes-like column
    array,
  };
  Kind kind = Kind::fixed;
  bool nullable = false;
  int width = 0;  // bytes per value in the block; 0 for bytes, text, low_cardinality, array
  std::unique_ptr<Codec> element;
};

// The codec between a logical type and the server's type text. Throws Error
// "destination.type.mismatch" when the two don't fit: then sending would corrupt data, for servers
// don't check (18.16 even crashes).
Codec make_codec(const Type& type, std::string_view native);

}  // namespace penstock::clickhouse
