#include "adapters/skeleton/table_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/text.h"
#include "core/value_parse.h"
#include "core/value_text.h"

namespace penstock::skeleton {

namespace {

constexpr std::string_view kEnding = ".tsv";
constexpr std::string_view kNotNull = " not null", kKey = " key";

bool take_end(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::string unescape_cell(std::string_view cell) {
  std::string out;
  out.reserve(cell.size());
  for (std::string_view left = cell;;) {
    const std::size_t plain = left.find('\\');
    out += left.substr(0, plain);
    if (plain == std::string_view::npos) return out;
    left.remove_prefix(plain + 1);
    switch (left.empty() ? '\0' : left.front()) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case '\\': out += '\\'; break;
      default: throw config_error("config.value", "'" + printable(cell) + "': unknown escape");
    }
    left.remove_prefix(1);
  }
}

}  // namespace

std::string file_name(std::string_view table) {
  std::string out;
  for (const char c : table) {
    const bool plain = c != '/' && c != '%' && c != '\0' && !(c == '.' && out.empty());
    out += plain ? std::string(1, c) : "%" + hex({&c, 1});
  }
  return out.append(kEnding);
}

std::string table_name(std::string_view file) {
  if (file.empty() || file.front() == '.' || !take_end(file, kEnding)) return {};
  std::string out;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i] != '%' || i + 2 >= file.size()) {
      out += file[i];
      continue;
    }
    out += static_cast<char>(std::strtol(std::string(file.substr(i + 1, 2)).c_str(), nullptr, 16));
    i += 2;
  }
  return out;
}

std::string escape_cell(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (;;) {
    const std::size_t plain = text.find_first_of("\t\n\r\\");
    out += text.substr(0, plain);
    if (plain == std::string_view::npos) return out;
    switch (text[plain]) {
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      default: out += "\\\\";
    }
    text.remove_prefix(plain + 1);
  }
}

std::string type_text(const FileColumn& column) {
  const std::string_view mark = column.key ? kKey : column.nullable ? "" : kNotNull;
  return to_text(column.type).append(mark);
}

std::string header_text(const std::vector<FileColumn>& columns) {
  std::string names, types;
  for (const FileColumn& column : columns) {
    if (&column != &columns.front()) {
      names += '\t';
      types += '\t';
    }
    names += escape_cell(column.name);
    types += escape_cell(type_text(column));
  }
  return names + "\n" + types + "\n";
}

void append_row(const Batch& batch, std::int64_t row, const std::vector<int>& columns,
                std::string& out) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = batch.columns[static_cast<std::size_t>(columns[i])];
    if (i != 0) out += '\t';
    out += column.valid(row) ? escape_cell(value_text(column, row)) : "\\N";
  }
  out += '\n';
}

void append_cell(std::string_view cell, ColumnBuilder builder) {
  if (cell == "\\N") return builder.append_null();
  append_parsed(unescape_cell(cell), builder);
}

File::File(const fs::path& path, Mode mode, Side side) : path_(path), side_(side) {
  file_.reset(std::fopen(path.c_str(), mode == Mode::read ? "rbe" : "wbe"));
  if (!file_) fail("open", std::strerror(errno));
}

void File::fail(std::string_view what, const std::string& why) const {
  throw Error(side_, std::string(to_text(side_)) + ".file." + std::string(what),
              "cannot " + std::string(what) + " " + path_.string() + ": " + why);
}

bool File::read_line(std::string& line) {
  char* buffer = line_.release();
  const ssize_t length = getline(&buffer, &line_capacity_, file_.get());
  line_.reset(buffer);
  if (length < 0) {
    if (std::feof(file_.get()) == 0) fail("read", std::strerror(errno));
    return false;
  }
  position_ += length;
  line.assign(buffer, static_cast<std::size_t>(length));
  if (line.back() != '\n') fail("read", "the last line has no end: the file is cut");
  line.pop_back();
  return true;
}

void File::seek(std::int64_t offset) {
  if (std::fseek(file_.get(), offset, SEEK_SET) != 0) fail("read", std::strerror(errno));
  position_ = offset;
}

std::vector<FileColumn> File::read_header() {
  std::string names, types;
  if (!read_line(names) || !read_line(types)) fail("read", "it has no two header lines");
  const std::vector<std::string> name_cells = split(names, '\t'), type_cells = split(types, '\t');
  if (name_cells.size() != type_cells.size()) fail("read", "as many types as names are needed");
  std::vector<FileColumn> columns;
  for (std::size_t i = 0; i < name_cells.size(); ++i) {
    FileColumn& column = columns.emplace_back();
    column.name = unescape_cell(name_cells[i]);
    const std::string cell = unescape_cell(type_cells[i]);
    std::string_view text = cell;
    column.key = take_end(text, kKey);
    column.nullable = !column.key && !take_end(text, kNotNull);
    column.type = parse_type(text);
  }
  return columns;
}

void File::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) {
    fail("write", std::strerror(errno));
  }
  position_ += static_cast<std::int64_t>(text.size());
}

void File::make_durable() {
  if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) {
    fail("write", std::strerror(errno));
  }
}

std::string File::stamp() const {
  struct stat status {};
  if (fstat(fileno(file_.get()), &status) != 0) fail("read", std::strerror(errno));
  return std::to_string(status.st_ino) + ":" + std::to_string(status.st_size) + ":" +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

std::int64_t File::bytes() const {
  struct stat status {};
  if (fstat(fileno(file_.get()), &status) != 0) fail("read", std::strerror(errno));
  return status.st_size;
}

}  // namespace penstock::skeleton
