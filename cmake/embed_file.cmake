# Writes IN as a C++ string constant. Hex bytes avoid every quoting and length-limit question of
# raw string literals.
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
file(WRITE "${OUT}"
"#include <string_view>
namespace penstock::embedded {
namespace {
constexpr unsigned char bytes[] = {${bytes}0};
}
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}{reinterpret_cast<const char*>(bytes), sizeof(bytes) - 1};
}  // namespace penstock::embedded
")
