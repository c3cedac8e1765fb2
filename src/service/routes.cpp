#include "service/routes.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::string_view kParameter = "{id}";
constexpr std::size_t kParameterBytesMax = 64;

bool plain(std::string_view text) {
  return !text.empty() && text.size() <= kParameterBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_';
         });
}

// The text in the parameter's place ("" for patterns without one); nothing when it does not match.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  const std::size_t at = pattern.find(kParameter);
  if (at == std::string_view::npos) {
    return pattern == path ? std::optional<std::string>("") : std::nullopt;
  }
  const std::string_view before = pattern.substr(0, at);
  const std::string_view after = pattern.substr(at + kParameter.size());
  if (path.size() < before.size() + after.size()) return std::nullopt;
  if (!path.starts_with(before) || !path.ends_with(after)) return std::nullopt;
  const std::string_view value =
      path.substr(before.size(), path.size() - before.size() - after.size());
  if (!plain(value)) return std::nullopt;
  return std::string(value);
}

std::string_view without_trailing_slash(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
  path = without_trailing_slash(path);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  bool path_known = false;
  for (const Route& route : routes_) {
    std::optional<std::string> parameter = match(route.pattern, path);
    if (!parameter) continue;
    path_known = true;
    if (route.method == wanted) return {&route, std::move(*parameter)};
  }
  if (path_known) {
    throw config_error("config.http.method",
                       printable(path, 100) + " does not take " + printable(method, 20))
        .hint("it takes " + allowed_methods(path));
  }
  std::vector<std::string> known;
  for (const Route& route : routes_) known.push_back(route.pattern);
  throw config_error("config.http.path",
                     "there is no " + printable(path, 100) + did_you_mean(path, known))
      .hint("GET /openapi.json lists what there is");
}

std::string RouteTable::allowed_methods(std::string_view path) const {
  path = without_trailing_slash(path);
  std::string methods;
  for (const Route& route : routes_) {
    if (!match(route.pattern, path)) continue;
    if (!methods.empty()) methods += ", ";
    methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return methods;
}

std::vector<Route> service_routes() {
  std::vector<Route> routes = meta_routes();
  std::ranges::move(job_routes(), std::back_inserter(routes));
  return routes;
}

}  // namespace penstock
