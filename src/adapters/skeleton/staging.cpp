#include "adapters/skeleton/staging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace penstock::skeleton {

namespace {

constexpr std::string_view kOwn = ".penstock";

void check(const std::error_code& error, std::string_view what, const fs::path& path) {
  if (!error) return;
  throw failure("file.write",
                "cannot " + std::string(what) + " " + path.string() + ": " + error.message());
}

// A rename or a new file is durable once its folder is.
void make_durable(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!good) throw failure("file.write", "cannot make " + folder.string() + " durable");
}

std::string inode(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::to_string(status.st_ino) : std::string();
}

json::object read_made(const Places& places) {
  std::ifstream stream(places.made, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return text.empty() ? json::object() : json::parse(text).as_object();
}

bool says(const json::object& made, std::string_view name, const std::string& value) {
  const json::value* const found = made.if_contains(name);
  return found != nullptr && found->as_string() == value;
}

void append_lines(File& from, File& to, std::int64_t& lines) {
  std::string line;
  for (; from.read_line(line); ++lines) to.write(line += '\n');
}

}  // namespace

Error failure(std::string_view code, const std::string& message) {
  return {Side::destination, "destination." + std::string(code), message};
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  check(error, "make", path);
}

void remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  check(error, "remove", path);
}

void move_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  check(error, "rename", from);
  make_durable(to.parent_path());
}

std::vector<FileColumn> file_columns(const TargetTable& table) {
  std::vector<FileColumn> columns;
  for (const TargetColumn& column : table.columns) {
    columns.push_back({column.name, column.type, column.rule.nullable, column.rule.key});
  }
  return columns;
}

std::string header_of(const fs::path& path) {
  return header_text(File(path, File::Mode::read, Side::destination).read_header());
}

Places::Places(const fs::path& folder, const TargetTable& table, const RunId& run)
    : visible(folder / file_name(table.name)),
      made(folder / kOwn / "made" / file_name(table.name)),
      table_staging(folder / kOwn / "staging" / file_name(table.name)),
      staging(table_staging / run.job) {}

fs::path Places::split(std::string_view state, const Split& split) const {
  return part(std::string(state) + "-" + std::to_string(split.index));
}

fs::path Places::committed(const SplitAccount& account) const {
  return split("committed", account.split).concat("-" + std::to_string(account.rows));
}

bool is_ours(const Places& places) {
  const std::string header = header_of(places.visible);
  const json::object made = read_made(places);
  return says(made, "header", header) || says(made, "former", header);
}

bool is_swapped(const Places& places, const RunId& run) {
  const json::object made = read_made(places);
  return says(made, "run", run.job) && says(made, "inode", inode(places.visible));
}

std::int64_t gather(const Places& places, const TargetTable& table, bool keep_rows,
                    const CancelToken& cancel) {
  File file(places.part("table"), File::Mode::create, Side::destination);
  file.write(header_text(file_columns(table)));
  std::int64_t rows = 0, kept = 0;
  if (keep_rows) {
    File old(places.visible, File::Mode::read, Side::destination);
    old.read_header();
    append_lines(old, file, kept);
  }
  for (const auto& entry : fs::directory_iterator(places.staging)) {
    cancel.check();
    if (!entry.path().filename().string().starts_with("committed-")) continue;
    File split(entry.path(), File::Mode::read, Side::destination);
    append_lines(split, file, rows);
  }
  file.make_durable();
  return rows;
}

void swap_in(const Places& places, const TargetTable& table, const RunId& run) {
  // The record comes first and names the old header as well: whichever of the two files a crash
  // leaves visible is known as ours, and the new one by its inode.
  const bool ours = fs::exists(places.visible) && is_ours(places);
  const json::object made{{"run", run.job},
                          {"inode", inode(places.part("table"))},
                          {"header", header_text(file_columns(table))},
                          {"former", ours ? header_of(places.visible) : ""}};
  {
    File record(places.part("made"), File::Mode::create, Side::destination);
    record.write(json::serialize(made));
    record.make_durable();
  }
  make_folder(places.made.parent_path());
  move_file(places.part("made"), places.made);
  move_file(places.part("table"), places.visible);
}

}  // namespace penstock::skeleton
