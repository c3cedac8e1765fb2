#include "servers/zoho/call.h"

#include <charconv>

namespace penstock::zoho_sim {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return {};
  const std::size_t from = start + before.size();
  const std::size_t end = text.find(after, from);
  return text.substr(from, end == std::string_view::npos ? end : end - from);
}

}  // namespace

const std::string* Call::param(std::string_view name) const {
  const auto found = params.find(name);
  return found == params.end() ? nullptr : &found->second;
}

std::string Call::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::map<std::string, std::string, std::less<>> parse_form(std::string_view text) {
  std::map<std::string, std::string, std::less<>> values;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty()) continue;
    values[decoded(pair.substr(0, equals), true)] =
        decoded(pair.substr(std::min(pair.size(), equals + 1)), true);
  }
  return values;
}

std::map<std::string, std::string, std::less<>> parse_multipart(std::string_view body,
                                                                std::string_view content_type) {
  std::map<std::string, std::string, std::less<>> values;
  const std::size_t at = content_type.find("boundary=");
  if (at == std::string_view::npos) return values;
  std::string_view boundary = content_type.substr(at + 9);
  boundary = boundary.substr(0, boundary.find(';'));
  if (boundary.size() >= 2 && boundary.front() == '"') {
    boundary = boundary.substr(1, boundary.size() - 2);
  }
  const std::string separator = "--" + std::string(boundary);
  for (std::size_t from = body.find(separator); from != std::string_view::npos;) {
    const std::size_t to = body.find(separator, from + separator.size());
    if (to == std::string_view::npos) break;
    const std::string_view part = body.substr(from, to - from);
    const std::string_view name = between(part, "name=\"", "\"");
    std::string_view value = between(part, "\r\n\r\n", "\r\n--never--");
    if (value.ends_with("\r\n")) value.remove_suffix(2);
    if (!name.empty()) values[std::string(name)] = value;
    from = to;
  }
  return values;
}

void parse_target(std::string_view target, Call& call) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  call.path = target.substr(0, mark);
  call.query = target.substr(std::min(target.size(), mark + 1));
  call.params = parse_form(call.query);
  std::string_view rest = call.path;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (!part.empty()) call.segments.push_back(decoded(part, false));
  }
}

Answer Answer::of(const json::value& value, int status) {
  return {.status = status, .body = json::serialize(value)};
}

Answer ApiError::answer() const {
  return Answer::of(
      json::object{
          {"code", code_}, {"details", details_}, {"message", what()}, {"status", "error"}},
      status_);
}

ApiError invalid_module(int resource_path_index) {
  return {400,
          "INVALID_MODULE",
          "the module name given seems to be invalid",
          {{"resource_path_index", resource_path_index}}};
}

ApiError invalid_data(std::string_view message, json::object details) {
  return {400, "INVALID_DATA", std::string(message), std::move(details)};
}

ApiError required_param(std::string_view name) {
  return {400,
          "REQUIRED_PARAM_MISSING",
          "One of the expected parameter is missing",
          {{"param_name", name}}};
}

ApiError invalid_url() {
  return {404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"};
}

ApiError invalid_method() {
  return {400, "INVALID_REQUEST_METHOD", "The http request method type is not a valid one"};
}

std::int64_t number_param(const Call& call, std::string_view name, std::int64_t fallback,
                          std::int64_t low, std::int64_t high) {
  const std::string* text = call.param(name);
  if (text == nullptr) return fallback;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failure != std::errc{} || end != text->data() + text->size() || value < low || value > high) {
    throw invalid_data("the value given for " + std::string(name) + " is invalid",
                       {{"param_name", name}});
  }
  return value;
}

}  // namespace penstock::zoho_sim
