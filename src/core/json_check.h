// Whether text is JSON.
#pragma once

#include <string_view>

namespace penstock {

// RFC 8259, nested at most 1,000 deep; the encoding of its strings is not looked at. Pure;
// thread-safe.
bool is_json(std::string_view text);

}  // namespace penstock
