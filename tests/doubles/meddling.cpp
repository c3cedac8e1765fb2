#include "doubles/meddling.h"

#include <algorithm>
#include <utility>

namespace penstock::testing {

void Faults::at(const std::string& call, int first, int last, When when, Action action) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({call, first, last, when, std::move(action)});
}

int Faults::count(const std::string& call) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(call);
  return found == counts_.end() ? 0 : found->second;
}

int Faults::enter(const std::string& call) {
  const std::lock_guard lock(mutex_);
  return ++counts_[call];
}

void Faults::run(const std::string& call, int number, When when) {
  std::vector<Action> actions;
  {
    const std::lock_guard lock(mutex_);
    for (const Rule& rule : rules_) {
      if (rule.call == call && rule.when == when && rule.first <= number && number <= rule.last) {
        actions.push_back(rule.action);
      }
    }
  }
  for (const Action& action : actions) action();
}

Faults::Action fail_retryable(Side side) {
  return [side] { throw Error(side, "test.retryable", "a passing failure").retryable(true); };
}

Faults::Action fail_for_good(Side side) {
  return [side] { throw Error(side, "test.broken", "a lasting failure"); };
}

Faults::Action lose_snapshot() {
  return [] {
    throw Error(Side::source, "source.snapshot.lost", "the snapshot is gone").retryable(true);
  };
}

namespace {

// Calls `work` between the faults before and after it.
template <typename Work>
auto meddled(Faults& faults, const std::string& call, Work&& work) {
  const int number = faults.enter(call);
  faults.run(call, number, When::before);
  if constexpr (std::is_void_v<decltype(work())>) {
    work();
    faults.run(call, number, When::after);
  } else {
    auto result = work();
    faults.run(call, number, When::after);
    return result;
  }
}

class MeddledReader : public SplitReader {
 public:
  MeddledReader(std::unique_ptr<SplitReader> inner, std::shared_ptr<const SourceMeddling> meddling)
      : inner_(std::move(inner)), meddling_(std::move(meddling)) {}

  void start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) override {
    BatchBounds used = bounds;
    if (meddling_->rows_max != 0) used.rows_max = std::min(used.rows_max, meddling_->rows_max);
    meddled(*meddling_->faults, "source.start", [&] { inner_->start(spec, split, used); });
  }
  BatchPtr next() override {
    return meddled(*meddling_->faults, "source.next", [&] {
      BatchPtr batch = inner_->next();
      if (batch && meddling_->batch) meddling_->batch(*batch);
      return batch;
    });
  }
  void stop() noexcept override { inner_->stop(); }
  bool healthy() const override { return inner_->healthy(); }

 private:
  std::unique_ptr<SplitReader> inner_;
  std::shared_ptr<const SourceMeddling> meddling_;
};

class MeddledSource : public Source {
 public:
  MeddledSource(std::unique_ptr<Source> inner, std::shared_ptr<const SourceMeddling> meddling)
      : inner_(std::move(inner)), meddling_(std::move(meddling)), faults_(*meddling_->faults) {}

  SourceInfo open(const CancelToken& cancel) override {
    SourceInfo info = meddled(faults_, "source.open", [&] { return inner_->open(cancel); });
    if (meddling_->info) meddling_->info(info);
    return info;
  }
  std::vector<TableSchema> discover(const DiscoverOptions& options,
                                    const CancelToken& cancel) override {
    auto tables =
        meddled(faults_, "source.discover", [&] { return inner_->discover(options, cancel); });
    if (meddling_->catalog) meddling_->catalog(tables);
    return tables;
  }
  std::optional<std::string> cannot_read_as(const Field& field, const Type& type) const override {
    return inner_->cannot_read_as(field, type);
  }
  std::vector<WireFormat> wire_formats(const ReadSpec& spec) const override {
    return inner_->wire_formats(spec);
  }
  Snapshot snapshot(const SnapshotRequest& request, const CancelToken& cancel) override {
    return meddled(faults_, "source.snapshot", [&] { return inner_->snapshot(request, cancel); });
  }
  std::vector<Split> plan_splits(const TableSchema& table, const std::string& where,
                                 const SplitGoal& goal, const CancelToken& cancel) override {
    SplitGoal used = goal;
    if (meddling_->split_bytes != 0) used.bytes_target = meddling_->split_bytes;
    return meddled(faults_, "source.plan_splits",
                   [&] { return inner_->plan_splits(table, where, used, cancel); });
  }
  std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) override {
    auto reader =
        meddled(faults_, "source.open_reader", [&] { return inner_->open_reader(cancel); });
    return std::make_unique<MeddledReader>(std::move(reader), meddling_);
  }

 private:
  std::unique_ptr<Source> inner_;
  std::shared_ptr<const SourceMeddling> meddling_;
  Faults& faults_;
};

class MeddledWriter : public SplitWriter {
 public:
  MeddledWriter(std::unique_ptr<SplitWriter> inner, std::shared_ptr<Faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  void write(const Batch& batch) override {
    meddled(*faults_, "destination.write", [&] { inner_->write(batch); });
  }
  std::int64_t finish() override {
    return meddled(*faults_, "destination.finish", [&] { return inner_->finish(); });
  }
  void abort() noexcept override { inner_->abort(); }
  std::uint64_t bytes_sent() const override { return inner_->bytes_sent(); }

 private:
  std::unique_ptr<SplitWriter> inner_;
  std::shared_ptr<Faults> faults_;
};

class MeddledSession : public DestinationSession {
 public:
  MeddledSession(std::unique_ptr<DestinationSession> inner,
                 std::shared_ptr<const DestinationMeddling> meddling)
      : inner_(std::move(inner)), meddling_(std::move(meddling)), faults_(meddling_->faults) {}

  void begin_table(const TargetTable& table, const RunId& run, int splits) override {
    meddled(*faults_, "destination.begin_table", [&] { inner_->begin_table(table, run, splits); });
  }
  std::unique_ptr<SplitWriter> open_split(const TargetTable& table, const RunId& run,
                                          const Split& split) override {
    auto writer = meddled(*faults_, "destination.open_split",
                          [&] { return inner_->open_split(table, run, split); });
    return std::make_unique<MeddledWriter>(std::move(writer), faults_);
  }
  void commit_split(const TargetTable& table, const RunId& run,
                    const SplitAccount& account) override {
    meddled(*faults_, "destination.commit_split",
            [&] { inner_->commit_split(table, run, account); });
  }
  bool split_committed(const TargetTable& table, const RunId& run,
                       const SplitAccount& account) override {
    return meddled(*faults_, "destination.split_committed",
                   [&] { return inner_->split_committed(table, run, account); });
  }
  void build(const TargetTable& table, const RunId& run, const BuildStep& step) override {
    meddled(*meddling_->faults, "destination.build", [&] {
      if (meddling_->steps.empty()) inner_->build(table, run, step);
    });
    meddling_->faults->enter("build " + step.what);
  }
  void link(const TargetTable& table, const BuildStep& step) override {
    meddled(*meddling_->faults, "destination.link", [&] {
      if (meddling_->links.empty()) inner_->link(table, step);
    });
    meddling_->faults->enter("link " + step.what);
  }
  FinishReport finish_table(const TargetTable& table, const RunId& run, IfExists if_exists,
                            std::int64_t rows) override {
    return meddled(*faults_, "destination.finish_table",
                   [&] { return inner_->finish_table(table, run, if_exists, rows); });
  }
  void abandon_table(const TargetTable& table, const RunId& run) noexcept override {
    faults_->enter("destination.abandon_table");
    inner_->abandon_table(table, run);
  }
  std::int64_t count(const TargetTable& table) override { return inner_->count(table); }
  std::vector<BatchPtr> read_back(const TargetTable& table, std::int64_t rows_max) override {
    return inner_->read_back(table, rows_max);
  }

 private:
  std::unique_ptr<DestinationSession> inner_;
  std::shared_ptr<const DestinationMeddling> meddling_;
  std::shared_ptr<Faults> faults_;
};

class MeddledDestination : public Destination {
 public:
  MeddledDestination(std::unique_ptr<Destination> inner,
                     std::shared_ptr<const DestinationMeddling> meddling)
      : inner_(std::move(inner)), meddling_(std::move(meddling)), faults_(*meddling_->faults) {}

  Capabilities open(const CancelToken& cancel) override {
    auto capabilities = meddled(faults_, "destination.open", [&] { return inner_->open(cancel); });
    if (meddling_->capabilities) meddling_->capabilities(capabilities);
    return capabilities;
  }
  TargetTable map_table(const MapRequest& request) const override {
    TargetTable table = inner_->map_table(request);
    if (meddling_->map) meddling_->map(table);
    return table;
  }
  bool takes_wire(const TargetTable& table, const WireFormat& format) const override {
    return inner_->takes_wire(table, format);
  }
  std::vector<BuildStep> build_steps(const TargetTable& table) const override {
    return meddling_->steps.empty() ? inner_->build_steps(table) : meddling_->steps;
  }
  std::vector<LinkStep> link_steps(std::span<const TargetTable* const> tables) const override {
    if (meddling_->links.empty()) return inner_->link_steps(tables);
    std::vector<LinkStep> out;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      for (const BuildStep& step : meddling_->links) out.push_back({i, step});
    }
    return out;
  }
  std::vector<ExistingTable> inspect(std::span<const TargetTable> tables,
                                     const CancelToken& cancel) override {
    return meddled(faults_, "destination.inspect", [&] { return inner_->inspect(tables, cancel); });
  }
  void prepare(std::span<const TargetTable> tables, const RunId& run,
               const CancelToken& cancel) override {
    meddled(faults_, "destination.prepare", [&] { inner_->prepare(tables, run, cancel); });
  }
  std::unique_ptr<DestinationSession> open_session(const CancelToken& cancel) override {
    auto session =
        meddled(faults_, "destination.open_session", [&] { return inner_->open_session(cancel); });
    return std::make_unique<MeddledSession>(std::move(session), meddling_);
  }
  std::string identity() const override { return inner_->identity(); }

 private:
  std::unique_ptr<Destination> inner_;
  std::shared_ptr<const DestinationMeddling> meddling_;
  Faults& faults_;
};

}  // namespace

SourceEntry meddle(SourceEntry entry, SourceMeddling meddling, const std::string& name) {
  if (!name.empty()) entry.name = name;
  const auto shared = std::make_shared<const SourceMeddling>(std::move(meddling));
  entry.make = [make = entry.make, shared](const Config& config) {
    return std::make_unique<MeddledSource>(make(config), shared);
  };
  return entry;
}

DestinationEntry meddle(DestinationEntry entry, DestinationMeddling meddling,
                        const std::string& name) {
  if (!name.empty()) entry.name = name;
  const auto shared = std::make_shared<const DestinationMeddling>(std::move(meddling));
  entry.make = [make = entry.make, shared](const Config& config) {
    return std::make_unique<MeddledDestination>(make(config), shared);
  };
  return entry;
}

}  // namespace penstock::testing
