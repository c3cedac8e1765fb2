#include "doubles/gated_source.h"

#include <chrono>

namespace penstock {

void Gate::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void Gate::open() {
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  changed_.notify_all();
}

void Gate::pass(const CancelToken& cancel) {
  std::unique_lock lock(mutex_);
  if (open_) return;
  ++waiting_;
  changed_.notify_all();
  while (!open_ && !cancel.requested()) changed_.wait_for(lock, kCancelPoll);
  --waiting_;
  lock.unlock();
  cancel.check();
}

bool Gate::await_waiting() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return waiting_ > 0; });
}

namespace {

constexpr std::int64_t kBatchRows = 5;

class GatedReader : public SplitReader {
 public:
  GatedReader(std::shared_ptr<Gate> gate, std::int64_t rows, CancelToken cancel)
      : gate_(std::move(gate)), rows_(rows), cancel_(std::move(cancel)) {}

  void start(const ReadSpec& spec, const Split&, const BatchBounds& bounds) override {
    types_.clear();
    for (const ReadColumn& column : spec.columns) types_.push_back(column.type);
    bounds_ = bounds;
    next_ = 0;
  }
  BatchPtr next() override {
    gate_->pass(cancel_);
    if (next_ == rows_) return nullptr;
    auto batch = std::make_unique<Batch>(types_);
    batch->lease = bounds_.budget->acquire(1'024, cancel_);
    for (; next_ < rows_ && batch->rows < kBatchRows; ++next_, ++batch->rows) {
      for (Column& column : batch->columns) ColumnBuilder(&column).append_fixed(next_);
    }
    return batch;
  }
  void stop() noexcept override {}
  bool healthy() const override { return true; }

 private:
  const std::shared_ptr<Gate> gate_;
  const std::int64_t rows_;
  const CancelToken cancel_;
  std::vector<Type> types_;
  BatchBounds bounds_;
  std::int64_t next_ = 0;
};

class GatedSource : public Source {
 public:
  GatedSource(std::shared_ptr<Gate> gate, const Config& config)
      : gate_(std::move(gate)),
        host_(config.text("host")),
        table_(config.text("table")),
        rows_(config.integer("rows")) {}

  SourceInfo open(const CancelToken& cancel) override {
    if (host_ == "unreachable") {
      throw Error(Side::source, "source.connect", "cannot reach the host 'unreachable'")
          .hint("check host and port");
    }
    while (host_ == "hangs") cancel.sleep(std::chrono::milliseconds(20));
    return {.product = "Gated", .version = "1.0", .database = "made up"};
  }
  std::vector<TableSchema> discover(const DiscoverOptions&, const CancelToken&) override {
    TableSchema table;
    table.id.name = table_;
    table.fields.push_back({.name = "id",
                            .native_type = "bigint",
                            .type = Type::of(TypeId::int64),
                            .nullable = false});
    table.primary_key = {.name = "pk", .columns = {"id"}};
    table.rows_estimate = rows_;
    return {table};
  }
  std::optional<std::string> cannot_read_as(const Field&, const Type&) const override {
    return "it is what it is";
  }
  Snapshot snapshot(const SnapshotRequest&, const CancelToken&) override {
    return {.consistency = Consistency::point_in_time, .description = "made up"};
  }
  std::vector<Split> plan_splits(const TableSchema& table, const std::string&, const SplitGoal&,
                                 const CancelToken&) override {
    return {{.table = table.id, .payload = "{}", .rows_estimate = rows_}};
  }
  std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) override {
    return std::make_unique<GatedReader>(gate_, rows_, cancel);
  }

 private:
  const std::shared_ptr<Gate> gate_;
  const std::string host_, table_;
  const std::int64_t rows_;
};

}  // namespace

SourceEntry gated_source(std::shared_ptr<Gate> gate) {
  SourceEntry entry;
  entry.name = "gated";
  entry.title = "Gated";
  entry.versions = "1";
  entry.spec = ConfigSpec({
      {.name = "host", .description = "Where it is said to be.", .fallback = "here"},
      {.name = "port",
       .kind = FieldKind::integer,
       .description = "Unused.",
       .min = 1,
       .max = 65'535},
      {.name = "password", .kind = FieldKind::secret, .description = "Unused."},
      {.name = "table", .description = "Name of the one table.", .fallback = "numbers"},
      {.name = "rows", .kind = FieldKind::integer, .description = "Of the table.", .fallback = 10},
  });
  entry.make = [gate = std::move(gate)](const Config& config) {
    return std::make_unique<GatedSource>(gate, config);
  };
  return entry;
}

}  // namespace penstock
