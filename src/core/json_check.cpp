#include "core/json_check.h"

#include <boost/json/basic_parser_impl.hpp>

namespace penstock {

namespace {

constexpr std::size_t kDepthMax = 1'000;

// Takes every event of a parser and keeps nothing.
struct Ignore {
  using Code = boost::system::error_code;
  using Text = boost::json::string_view;
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static bool on_document_begin(Code&) { return true; }
  static bool on_document_end(Code&) { return true; }
  static bool on_object_begin(Code&) { return true; }
  static bool on_object_end(std::size_t, Code&) { return true; }
  static bool on_array_begin(Code&) { return true; }
  static bool on_array_end(std::size_t, Code&) { return true; }
  static bool on_key_part(Text, std::size_t, Code&) { return true; }
  static bool on_key(Text, std::size_t, Code&) { return true; }
  static bool on_string_part(Text, std::size_t, Code&) { return true; }
  static bool on_string(Text, std::size_t, Code&) { return true; }
  static bool on_number_part(Text, Code&) { return true; }
  static bool on_int64(std::int64_t, Text, Code&) { return true; }
  static bool on_uint64(std::uint64_t, Text, Code&) { return true; }
  static bool on_double(double, Text, Code&) { return true; }
  static bool on_bool(bool, Code&) { return true; }
  static bool on_null(Code&) { return true; }
  static bool on_comment_part(Text, Code&) { return true; }
  static bool on_comment(Text, Code&) { return true; }
};

}  // namespace

bool is_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  options.allow_invalid_utf8 = true;
  boost::json::basic_parser<Ignore> parser(options);
  boost::system::error_code failure;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), failure);
  return !failure && used == text.size();
}

}  // namespace penstock
