// What source and destination share of the skeleton's "system": tables as text files.
//
//   line 1   column names, parted by tabs
//   line 2   their types in the text form of core/type.h, each perhaps followed by " not null" or,
//            for the columns of the primary key (in order), by " key"
//   further  one row per line: canonical value texts (core/value_text.h), \N for a missing value
//
// In every cell a tab, line feed, carriage return or backslash is written \t \n \r \\, so a line
// feed always ends a line. The last line ends with one too.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/error.h"

namespace penstock::skeleton {

namespace fs = std::filesystem;

struct FileColumn {
  std::string name;
  Type type;
  bool nullable = true;
  bool key = false;
};

// The table's file name and back: the one place that "quotes" names for this system. A name that
// is no table's file gives "".
std::string file_name(std::string_view table);
std::string table_name(std::string_view file);

std::string escape_cell(std::string_view text);
std::string header_text(const std::vector<FileColumn>& columns);  // both lines
std::string type_text(const FileColumn& column);                  // its cell in line 2

// Appends one line with every value of the row.
void append_row(const Batch& batch, std::int64_t row, const std::vector<int>& columns,
                std::string& out);

// Appends one cell of a row's line to a column. Throws config_error("config.value").
void append_cell(std::string_view cell, ColumnBuilder builder);

// A file being read line by line, or written. Owns the descriptor; one thread at a time. Errors are
// thrown with the given side as <side>.file.*.
class File {
 public:
  enum class Mode : std::uint8_t { read, create };
  File(const fs::path& path, Mode mode, Side side);

  // The next line without its end; false at the end of the file. A last line without an end is
  // refused: the file was cut.
  bool read_line(std::string& line);
  void seek(std::int64_t offset);
  std::int64_t position() const { return position_; }
  std::vector<FileColumn> read_header();

  void write(std::string_view text);
  void make_durable();

  // Changes whenever the file is replaced or written to.
  std::string stamp() const;
  std::int64_t bytes() const;

 private:
  [[noreturn]] void fail(std::string_view what, const std::string& why) const;

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  fs::path path_;
  Side side_;
  std::unique_ptr<std::FILE, Close> file_;
  std::int64_t position_ = 0;
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> line_;  // getline's buffer
  std::size_t line_capacity_ = 0;
};

}  // namespace penstock::skeleton
