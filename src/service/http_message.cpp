#include "service/http_message.h"

#include <fmt/chrono.h>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {
constexpr std::size_t kJsonDepthMax = 32;
}  // namespace

std::string_view Request::query_value(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return {};
}

std::pair<std::string, std::string> split_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
    break;
  }
  const std::size_t mark = target.find_first_of("?#");
  if (mark == std::string_view::npos) return {std::string(target), ""};
  return {std::string(target.substr(0, mark)), std::string(target.substr(mark + 1))};
}

json::value parse_body(std::string_view text) {
  if (trim(text).empty()) {
    throw config_error("config.body", "the request has no body; it takes a JSON object");
  }
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::stream_parser parser(json::storage_ptr(), options);
  boost::system::error_code failure;
  const std::size_t read = parser.write_some(text.data(), text.size(), failure);
  if (!failure && !trim(text.substr(read)).empty()) failure = json::error::extra_data;
  if (!failure) parser.finish(failure);
  if (failure) {
    throw config_error("config.body", fmt::format("the body is not valid JSON: {} at byte {}",
                                                  failure.message(), read))
        .hint(fmt::format("it may be cut off, not UTF-8, or nested deeper than {} levels",
                          kJsonDepthMax));
  }
  return parser.release();
}

json::value time_json(std::int64_t unix_ms) {
  if (unix_ms == 0) return nullptr;
  return json::value(json::string(
      fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(unix_ms / 1000), unix_ms % 1000)));
}

}  // namespace penstock
