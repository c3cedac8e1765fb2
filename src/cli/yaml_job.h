// Job files: YAML (so also JSON) with the members of POST /migrate's body.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace penstock {

namespace json = boost::json;

// The one document of `yaml` as a JSON object. Plain scalars that are exactly true, false, null or
// a canonical whole number get that type; every other scalar stays the text it is ("0123" and "1e5"
// may be passwords), because fields that want a number also take it as text.
// Hostile input: size, depth and the number of values after following aliases are bounded.
// Errors: config_error "config.job_file.*" with line and column, never with the file's content.
json::object parse_yaml_job(std::string_view yaml);

// Reads and parses the file. Errors: also "config.job_file.read".
json::object load_yaml_job(const std::string& path);

}  // namespace penstock
