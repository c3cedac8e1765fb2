// The skeleton's destination. Every destination file has this order: field names, spec,
// capabilities and helpers, classes, factory. The layout of the folder is described in staging.h.
#include <algorithm>
#include <utility>

#include "adapters/skeleton/skeleton.h"
#include "adapters/skeleton/staging.h"
#include "core/limits.h"
#include "core/text.h"

namespace penstock {

namespace {

using skeleton::File;
using skeleton::FileColumn;
using skeleton::Places;
namespace fs = skeleton::fs;

constexpr std::string_view kPath = "path";

// --- Spec --------------------------------------------------------------------------------------

ConfigSpec destination_spec() {
  return ConfigSpec({{.name = std::string(kPath),
                      .description = "Folder for the .tsv files; made when it is missing.",
                      .required = true,
                      .example = "copy"}});
}

// --- Capabilities and helpers ------------------------------------------------------------------
Capabilities capabilities(const fs::path& folder) {
  return {.product = "skeleton",
          .version = "1",
          .identifier_bytes_max = 80,  // a file name has 255 bytes, an escaped byte takes three
          .database = folder.filename().string()};
}

// Order of text, numbers by value: enough for the keys of tests.
bool comes_before(const std::string& a, const std::string& b, const Type& type) {
  const Physical layout = physical(type);
  const bool number =
      type.id == TypeId::decimal || (layout >= Physical::b8 && layout <= Physical::b64 &&
                                     !has_infinity(type) && type.id != TypeId::time);
  return number ? std::stold(a) < std::stold(b) : a < b;
}

// --- Writer ------------------------------------------------------------------------------------

class SkeletonWriter : public SplitWriter {
 public:
  SkeletonWriter(const Places& places, const TargetTable& table, const Split& split,
                 CancelToken cancel)
      : writing_(places.split("writing", split)),
        staged_(places.split("staged", split)),
        file_(writing_, File::Mode::create, Side::destination),
        cancel_(std::move(cancel)) {
    for (const TargetColumn& column : table.columns) sources_.push_back(column.source);
  }
  ~SkeletonWriter() override { abort(); }
  void write(const Batch& batch) override {
    std::string lines;
    for (std::int64_t row = 0; row < batch.rows; ++row) {
      skeleton::append_row(batch, row, sources_, lines);
      if (lines.size() < limits::batch_bytes_target && row + 1 < batch.rows) continue;
      cancel_.check();
      file_.write(lines);
      bytes_ += lines.size();
      lines.clear();
    }
    rows_ += batch.rows;
  }
  std::int64_t finish() override {
    file_.make_durable();
    skeleton::move_file(writing_, staged_);
    finished_ = true;
    return rows_;
  }
  void abort() noexcept override {
    std::error_code ignored;
    if (!finished_) fs::remove(writing_, ignored);
  }
  std::uint64_t bytes_sent() const override { return bytes_; }

 private:
  const fs::path writing_, staged_;
  File file_;
  const CancelToken cancel_;
  std::vector<int> sources_;
  std::int64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  bool finished_ = false;
};

// --- Session -----------------------------------------------------------------------------------

class SkeletonSession : public DestinationSession {
 public:
  SkeletonSession(fs::path folder, CancelToken cancel)
      : folder_(std::move(folder)), cancel_(std::move(cancel)) {}

  void begin_table(const TargetTable& table, const RunId& run, int /*splits*/) override {
    const Places places(folder_, table, run);
    skeleton::remove_tree(places.staging);
    skeleton::make_folder(places.staging);
  }

  std::unique_ptr<SplitWriter> open_split(const TargetTable& table, const RunId& run,
                                          const Split& split) override {
    return std::make_unique<SkeletonWriter>(Places(folder_, table, run), table, split, cancel_);
  }

  void commit_split(const TargetTable& table, const RunId& run,
                    const SplitAccount& account) override {
    if (split_committed(table, run, account)) return;
    const Places places(folder_, table, run);
    skeleton::move_file(places.split("staged", account.split), places.committed(account));
  }

  bool split_committed(const TargetTable& table, const RunId& run,
                       const SplitAccount& account) override {
    const Places places(folder_, table, run);
    if (fs::exists(places.committed(account))) return true;
    if (fs::exists(places.split("staged", account.split))) return false;
    throw skeleton::failure("staging.inconsistent", "split " +
                                                        std::to_string(account.split.index + 1) +
                                                        " of " + table.name + " is not in staging");
  }

  FinishReport finish_table(const TargetTable& table, const RunId& run, IfExists if_exists,
                            std::int64_t rows) override;

  void abandon_table(const TargetTable& table, const RunId& run) noexcept override {
    const Places places(folder_, table, run);
    std::error_code ignored;
    fs::remove_all(places.table_staging, ignored);
  }

  std::int64_t count(const TargetTable& table) override {
    File file(folder_ / skeleton::file_name(table.name), File::Mode::read, Side::destination);
    file.read_header();
    std::string line;
    std::int64_t rows = 0;
    while (file.read_line(line)) ++rows;
    return rows;
  }

  std::vector<BatchPtr> read_back(const TargetTable& table, std::int64_t rows_max) override;

 private:
  const fs::path folder_;
  const CancelToken cancel_;
};

FinishReport SkeletonSession::finish_table(const TargetTable& table, const RunId& run,
                                           IfExists if_exists, std::int64_t rows) {
  const Places places(folder_, table, run);
  if (!skeleton::is_swapped(places, run)) {
    const bool keep_rows = if_exists == IfExists::append && fs::exists(places.visible);
    const std::int64_t staged = skeleton::gather(places, table, keep_rows, cancel_);
    if (staged != rows) {
      throw skeleton::failure("rows.mismatch", "staging of " + table.name + " has " +
                                                   std::to_string(staged) + " rows, not " +
                                                   std::to_string(rows));
    }
    skeleton::swap_in(places, table, run);
  }
  abandon_table(table, run);
  return {.rows = rows, .target = table.display()};
}

std::vector<BatchPtr> SkeletonSession::read_back(const TargetTable& table, std::int64_t rows_max) {
  File file(folder_ / skeleton::file_name(table.name), File::Mode::read, Side::destination);
  const std::vector<FileColumn> columns = file.read_header();
  std::vector<Type> types;
  for (const FileColumn& column : columns) types.push_back(column.type);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  while (static_cast<std::int64_t>(rows.size()) < rows_max && file.read_line(line)) {
    rows.push_back(split(line, '\t'));
  }
  std::ranges::stable_sort(rows, [&](const auto& a, const auto& b) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].key && a[i] != b[i]) return comes_before(a[i], b[i], types[i]);
    }
    return false;
  });
  std::vector<BatchPtr> batches;
  for (const std::vector<std::string>& row : rows) {
    if (batches.empty() || batches.back()->rows == limits::batch_rows_max) {
      batches.push_back(std::make_unique<Batch>(types));
    }
    Batch& batch = *batches.back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      skeleton::append_cell(row.at(i), ColumnBuilder(&batch.columns[i]));
    }
    ++batch.rows;
  }
  return batches;
}

// --- Destination -------------------------------------------------------------------------------

class SkeletonDestination : public Destination {
 public:
  explicit SkeletonDestination(const Config& config)
      : folder_(fs::absolute(config.text(kPath)).lexically_normal()) {}

  Capabilities open(const CancelToken& cancel) override {
    cancel.check();
    if (fs::exists(folder_) && !fs::is_directory(folder_)) {
      throw skeleton::failure("folder.invalid", folder_.string() + " is no folder")
          .hint("correct destination.path");
    }
    return capabilities(folder_);
  }

  TargetTable map_table(const MapRequest& request) const override;

  std::vector<ExistingTable> inspect(std::span<const TargetTable> tables,
                                     const CancelToken& cancel) override;

  // A swap is one rename, so there is none to finish or undo here.
  void prepare(std::span<const TargetTable> tables, const RunId& run,
               const CancelToken& cancel) override {
    for (const TargetTable& table : tables) {
      cancel.check();
      skeleton::remove_tree(Places(folder_, table, run).table_staging);
    }
    skeleton::make_folder(folder_);
  }

  std::unique_ptr<DestinationSession> open_session(const CancelToken& cancel) override {
    return std::make_unique<SkeletonSession>(folder_, cancel);
  }

  std::string identity() const override { return "skeleton:" + folder_.string(); }

 private:
  const fs::path folder_;
};

TargetTable SkeletonDestination::map_table(const MapRequest& request) const {
  TargetTable table;
  table.source = request.table->id;
  table.database = folder_.filename().string();
  table.name = request.name;
  for (std::size_t i = 0; i < request.fields.size(); ++i) {
    const Field& field = request.fields[i];
    const auto& key = request.table->primary_key.columns;
    TargetColumn& column = table.columns.emplace_back();
    column.name = request.column_names[i];
    column.type = field.type;
    column.source = static_cast<int>(i);
    column.rule.key = std::ranges::find(key, field.name) != key.end();
    column.rule.nullable = field.nullable && !column.rule.key;
    column.rule.always_fits = column.rule.nullable;
    column.native_type =
        skeleton::type_text({column.name, column.type, column.rule.nullable, column.rule.key});
    if (column.rule.key) table.key.push_back(column.name);
  }
  table.ddl = {"write " + skeleton::file_name(table.name) + "\n" +
               skeleton::header_text(skeleton::file_columns(table))};
  return table;
}

std::vector<ExistingTable> SkeletonDestination::inspect(std::span<const TargetTable> tables,
                                                        const CancelToken& cancel) {
  std::vector<ExistingTable> answers;
  for (const TargetTable& table : tables) {
    cancel.check();
    ExistingTable& answer = answers.emplace_back();
    const Places places(folder_, table, {});
    if (!fs::exists(places.visible)) continue;
    answer.exists = true;
    answer.ours = skeleton::is_ours(places);
    answer.what = "a file of " + std::to_string(fs::file_size(places.visible)) + " bytes";
    if (skeleton::header_of(places.visible) !=
        skeleton::header_text(skeleton::file_columns(table))) {
      answer.mismatch.emplace_back("its header has other columns or types");
    }
  }
  return answers;
}

}  // namespace

// --- Factory -----------------------------------------------------------------------------------

DestinationEntry skeleton_destination() {
  return {
      .name = "skeleton",
      .title = "Skeleton",
      .versions = "any folder",
      .spec = destination_spec(),
      .options = ConfigSpec(),
      .make = [](const Config& config) { return std::make_unique<SkeletonDestination>(config); }};
}

}  // namespace penstock
