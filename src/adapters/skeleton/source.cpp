// The skeleton's source. Every source file has this order: field names, spec, capabilities and
// helpers, classes, factory.
#include <algorithm>
#include <utility>

#include "adapters/skeleton/skeleton.h"
#include "adapters/skeleton/table_file.h"
#include "core/text.h"

namespace penstock {

namespace {

using skeleton::File;
using skeleton::FileColumn;
using skeleton::fs::path;

constexpr std::string_view kPath = "path";

// --- Spec --------------------------------------------------------------------------------------

ConfigSpec source_spec() {
  return ConfigSpec({{.name = std::string(kPath),
                      .description = "Folder whose .tsv files are the tables.",
                      .required = true,
                      .example = "data"}});
}

// --- Helpers -----------------------------------------------------------------------------------

Error source_error(std::string_view code, const std::string& message) {
  return {Side::source, "source." + std::string(code), message};
}

TableSchema describe_table(const path& file_path, const std::string& name) {
  TableSchema table;
  table.id.name = name;
  try {
    File file(file_path, File::Mode::read, Side::source);
    table.bytes_estimate = file.bytes();
    for (const FileColumn& column : file.read_header()) {
      Field& field = table.fields.emplace_back();
      field.name = column.name;
      field.native_type = skeleton::type_text(column);
      field.type = column.type;
      field.nullable = column.nullable;
      if (column.key) table.primary_key.columns.push_back(column.name);
    }
  } catch (const Error& error) {
    table.refusal = error.message();  // the others can still be copied
  }
  return table;
}

// What plan_splits tells start(): which bytes, of which state of the file.
json::object split_payload(std::int64_t begin, std::int64_t end, const std::string& stamp) {
  return {{"begin", begin}, {"end", end}, {"stamp", stamp}};
}

// --- Reader ------------------------------------------------------------------------------------

class SkeletonReader : public SplitReader {
 public:
  SkeletonReader(path folder, CancelToken cancel)
      : folder_(std::move(folder)), cancel_(std::move(cancel)) {}

  void start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) override;
  BatchPtr next() override;
  void stop() noexcept override { file_.reset(); }
  bool healthy() const override { return true; }

 private:
  bool read_row(Batch& batch);
  void check_unchanged() const;

  const path folder_;
  const CancelToken cancel_;
  std::unique_ptr<File> file_;
  BatchBounds bounds_;
  std::vector<Type> types_;         // of the batch's columns
  std::vector<std::size_t> cells_;  // for each of them, the cell of the line
  std::size_t cell_count_ = 0;
  std::int64_t end_ = 0;  // lines that begin here or later belong to the next split
  std::string stamp_, line_;
};

void SkeletonReader::start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) {
  cancel_.check();
  const json::object payload = json::parse(split.payload).as_object();
  const std::int64_t begin = payload.at("begin").to_number<std::int64_t>();
  end_ = payload.at("end").to_number<std::int64_t>();
  stamp_ = payload.at("stamp").as_string();
  bounds_ = bounds;

  file_ = std::make_unique<File>(folder_ / skeleton::file_name(split.table.name), File::Mode::read,
                                 Side::source);
  check_unchanged();
  const std::vector<FileColumn> header = file_->read_header();
  cell_count_ = header.size();
  types_.clear();
  cells_.clear();
  for (const ReadColumn& column : spec.columns) {
    const auto at = std::ranges::find(header, column.field->name, &FileColumn::name);
    if (at == header.end()) {
      throw source_error("column.missing", "column " + column.field->name + " is gone");
    }
    types_.push_back(column.type);
    cells_.push_back(static_cast<std::size_t>(at - header.begin()));
  }
  // A line belongs to the split in which it begins. Reading from one byte earlier finds the first
  // such line: whatever ends there belongs to the split before.
  if (begin > file_->position()) {
    file_->seek(begin - 1);
    file_->read_line(line_);
  }
}

// Plays the part of a lost snapshot: a table is read in one state or not at all.
void SkeletonReader::check_unchanged() const {
  if (file_->stamp() == stamp_) return;
  throw source_error("snapshot.lost", "the table's file was changed while it was read")
      .retryable(true)
      .hint("keep the file as it is until the job is done");
}

bool SkeletonReader::read_row(Batch& batch) {
  if (file_->position() >= end_ || !file_->read_line(line_)) return false;
  if (line_.size() > bounds_.budget->bytes_max()) {
    throw source_error("row.too_large", "a row of " + std::to_string(line_.size()) +
                                            " bytes does not fit into the memory budget")
        .hint("raise --memory");
  }
  const std::vector<std::string> cells = split(line_, '\t');
  if (cells.size() != cell_count_) {
    throw source_error("row.invalid", "a row before byte " + std::to_string(file_->position()) +
                                          " has " + std::to_string(cells.size()) + " cells, not " +
                                          std::to_string(cell_count_));
  }
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const std::string& cell = cells[cells_[i]];
    ColumnBuilder builder(&batch.columns[i]);
    try {
      skeleton::append_cell(cell, builder);
    } catch (const Error&) {
      // Not ours to judge: the engine applies the user's policy to what does not fit its type.
      builder.append_null();
      batch.issues.push_back({.row = batch.rows,
                              .column = static_cast<std::int32_t>(i),
                              .kind = IssueKind::invalid_value,
                              .text = printable(cell)});
    }
  }
  ++batch.rows;
  return true;
}

BatchPtr SkeletonReader::next() {
  if (!file_) return nullptr;
  auto batch = std::make_unique<Batch>(types_);
  batch->lease = bounds_.budget->acquire(bounds_.bytes_target, cancel_);
  while (batch->rows < bounds_.rows_max && batch->memory_bytes() < bounds_.bytes_target) {
    if (batch->rows % 256 == 0) cancel_.check();
    if (!read_row(*batch)) break;
  }
  batch->lease.resize(batch->memory_bytes());
  if (batch->rows != 0) return batch;
  check_unchanged();  // every row that was handed out is of the planned state
  file_.reset();
  return nullptr;
}

// --- Source ------------------------------------------------------------------------------------

class SkeletonSource : public Source {
 public:
  explicit SkeletonSource(const Config& config) : folder_(config.text(kPath)) {}

  SourceInfo open(const CancelToken& cancel) override {
    cancel.check();
    if (!skeleton::fs::is_directory(folder_)) {
      throw source_error("folder.missing", folder_.string() + " is no folder")
          .hint("create it, or correct source.path");
    }
    return {.product = "skeleton", .version = "1", .database = folder_.filename().string()};
  }

  std::vector<TableSchema> discover(const DiscoverOptions& /*options*/,
                                    const CancelToken& cancel) override {
    std::vector<TableSchema> tables;
    for (const auto& entry : skeleton::fs::directory_iterator(folder_)) {
      cancel.check();
      const std::string name = skeleton::table_name(entry.path().filename().string());
      if (!name.empty()) tables.push_back(describe_table(entry.path(), name));
    }
    std::ranges::sort(tables, {}, &TableSchema::id);
    return tables;
  }

  std::optional<std::string> cannot_read_as(const Field& field, const Type& type) const override {
    if (type == field.type || type.id == TypeId::string) return std::nullopt;
    return "only string is possible besides the column's own type";
  }

  Snapshot snapshot(const SnapshotRequest& /*request*/, const CancelToken& cancel) override {
    cancel.check();
    return {.consistency = Consistency::per_table,
            .description = "each file as it was when its splits were planned"};
  }

  std::vector<Split> plan_splits(const TableSchema& table, const std::string& where,
                                 const SplitGoal& goal, const CancelToken& cancel) override;

  std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) override {
    return std::make_unique<SkeletonReader>(folder_, cancel);
  }

 private:
  const path folder_;
};

std::vector<Split> SkeletonSource::plan_splits(const TableSchema& table, const std::string& where,
                                               const SplitGoal& goal, const CancelToken& cancel) {
  cancel.check();
  if (!where.empty()) {
    throw config_error("config.where.unsupported",
                       "options.where: the skeleton reads whole tables only");
  }
  const File file(folder_ / skeleton::file_name(table.id.name), File::Mode::read, Side::source);
  const std::int64_t bytes = file.bytes();
  const std::int64_t count =
      std::clamp<std::int64_t>(bytes / goal.bytes_target + 1, 1, goal.splits_max);
  std::vector<Split> splits;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = bytes / count * i;
    const std::int64_t end = i + 1 == count ? bytes : bytes / count * (i + 1);
    splits.push_back({.table = table.id,
                      .index = static_cast<std::int32_t>(i),
                      .count = static_cast<std::int32_t>(count),
                      .payload = json::serialize(split_payload(begin, end, file.stamp())),
                      .bytes_estimate = end - begin});
  }
  return splits;
}

}  // namespace

// --- Factory -----------------------------------------------------------------------------------

SourceEntry skeleton_source() {
  return {.name = "skeleton",
          .title = "Skeleton",
          .versions = "any folder",
          .spec = source_spec(),
          .make = [](const Config& config) { return std::make_unique<SkeletonSource>(config); }};
}

}  // namespace penstock
