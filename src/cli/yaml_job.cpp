#include "cli/yaml_job.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace penstock {

namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr int kDepthMax = 16;
constexpr int kValuesMax = 50'000;

Error file_error(std::string_view code, const std::string& what) {
  return config_error(std::string(code), "job file: " + what);
}

std::string position(const YAML::Mark& mark) {
  if (mark.is_null()) return "";
  return " at line " + std::to_string(mark.line + 1) + ", column " +
         std::to_string(mark.column + 1);
}

json::value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  const bool quoted = node.Tag() == "!";  // yaml-cpp's tag for what is not plain
  if (quoted) return json::value(json::string(text));
  if (text == "true") return true;
  if (text == "false") return false;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size() &&
      std::to_string(number) == text) {
    return number;
  }
  return json::value(json::string(text));
}

class Converter {
 public:
  json::value convert(const YAML::Node& node, int depth) {
    // Aliases are shared nodes: expanding them counts each time, so a bomb ends here.
    if (++values_ > kValuesMax) {
      throw file_error("config.job_file.size", "more than " + std::to_string(kValuesMax) +
                                                   " values once its aliases are followed");
    }
    if (depth > kDepthMax) {
      throw file_error("config.job_file.depth", "nested deeper than " + std::to_string(kDepthMax) +
                                                    " levels" + position(node.Mark()));
    }
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: return nullptr;
      case YAML::NodeType::Scalar: return scalar(node);
      case YAML::NodeType::Sequence: {
        json::array out;
        for (const auto& item : node) out.push_back(convert(item, depth + 1));
        return out;
      }
      case YAML::NodeType::Map: return map(node, depth);
    }
    return nullptr;
  }

 private:
  json::object map(const YAML::Node& node, int depth) {
    json::object out;
    for (const auto& item : node) {
      if (!item.first.IsScalar()) {
        throw file_error("config.job_file.key", "a name is not text" + position(item.first.Mark()));
      }
      const std::string& key = item.first.Scalar();
      if (!out.emplace(key, convert(item.second, depth + 1)).second) {
        throw file_error("config.job_file.twice", "'" + printable(key, 60) + "' is given twice" +
                                                      position(item.first.Mark()));
      }
    }
    return out;
  }

  int values_ = 0;
};

}  // namespace

json::object parse_yaml_job(std::string_view yaml) {
  if (yaml.size() > kFileBytesMax) {
    throw file_error("config.job_file.size", "larger than " + human_bytes(kFileBytesMax));
  }
  if (const std::size_t bad = find_invalid_utf8(yaml); bad != std::string_view::npos) {
    throw file_error("config.job_file.syntax", "not UTF-8 text at byte " + std::to_string(bad));
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(yaml));
    if (documents.size() != 1)
      throw file_error("config.job_file.syntax", "must hold exactly one YAML document");
    json::value value = Converter().convert(documents.front(), 0);
    if (!value.is_object()) {
      throw file_error("config.job_file.syntax", "must be a mapping")
          .hint("it has the members source, destination, tables and options, see docs/cli.md");
    }
    return std::move(value.get_object());
  } catch (const YAML::Exception& error) {
    throw file_error("config.job_file.syntax",
                     "not valid YAML" + position(error.mark) + ": " + error.msg);
  }
}

json::object load_yaml_job(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream && !stream.eof()) {
    throw file_error("config.job_file.read", "cannot read '" + printable(path) + "'")
        .hint("give a readable YAML file, or two URLs: penstock migrate FROM TO");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_yaml_job(text);
}

}  // namespace penstock
