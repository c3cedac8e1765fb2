#include "engine/worker.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "engine/job_manager.h"

namespace penstock {

namespace {

constexpr std::string_view kSplitLost = "destination.split.lost";

std::string split_name(const Split& split) {
  return std::to_string(split.index + 1) + " of " + std::to_string(split.count);
}

}  // namespace

Worker::Worker(RoundContext& round)
    : round_(round),
      step_session_(round.destination, round.cancel),
      session_(round.destination, round.cancel) {}

Worker::~Worker() {
  join();
}

void Worker::start() {
  reader_thread_ = std::thread([this] { read_loop(); });
  writer_thread_ = std::thread([this] { write_loop(); });
}

void Worker::join() {
  if (reader_thread_.joinable()) reader_thread_.join();
  if (writer_thread_.joinable()) writer_thread_.join();
}

void Worker::push(Item item) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [this] { return items_.size() < limits::queue_batches_max || writer_ended_; });
    if (writer_ended_) return;
    items_.push_back(std::move(item));
  }
  changed_.notify_all();
}

bool Worker::take(Item& item) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !items_.empty() || reader_ended_; });
    if (items_.empty()) return false;
    item = std::move(items_.front());
    items_.pop_front();
  }
  changed_.notify_all();
  return true;
}

// --- Reader thread ---------------------------------------------------------------------------

void Worker::read_loop() {
  try {
    while (auto task = round_.queue.pop(round_.cancel)) {
      if (task->step) {
        run_step(round_, step_session_, *task);
        continue;
      }
      auto passage = std::make_shared<Passage>();
      passage->task = std::move(*task);
      push({passage, SplitBegin{}});
      try {
        read_split(passage);
        push({passage, SplitEnd{}});
      } catch (...) {
        if (reader_) reader_->stop();
        if (reader_ && !reader_->healthy()) reader_.reset();
        push({passage, current_error()});
      }
    }
  } catch (...) {
    // Only cancellation gets here; the job's end cleans up whatever was under way.
    round_.queue.close();
  }
  reader_.reset();
  step_session_.reset();
  {
    const std::lock_guard lock(mutex_);
    reader_ended_ = true;
  }
  changed_.notify_all();
}

void Worker::read_split(const PassagePtr& passage) {
  TableRun& table = *passage->task.table;
  if (table.failed()) return;
  if (!reader_) reader_ = round_.source.open_reader(round_.cancel);
  ReadSpec spec = table.plan.read;
  spec.snapshot = round_.snapshot.token;
  // Every worker may hold what its reader fills, its queue and its writer; a quarter is spare.
  const auto holders =
      static_cast<std::size_t>(round_.options.parallel) * (limits::queue_batches_max + 3);
  const BatchBounds bounds{
      .bytes_target = std::min(limits::batch_bytes_target, round_.budget.bytes_max() / holders),
      .rows_max = limits::batch_rows_max,
      .budget = &round_.budget};
  reader_->start(spec, passage->task.split, bounds);
  while (BatchPtr batch = reader_->next()) {
    round_.cancel.check();
    if (passage->abandoned.load() || table.failed()) {
      reader_->stop();
      return;
    }
    push({passage, std::move(batch)});
  }
}

// --- Writer thread ---------------------------------------------------------------------------

void Worker::write_loop() {
  Item item;
  while (take(item)) {
    const PassagePtr passage = item.passage;
    try {
      write_item(item);
    } catch (...) {
      fail_split(passage, current_error());
    }
    item = {};
  }
  forget_split();
  session_.reset();
  {
    const std::lock_guard lock(mutex_);
    writer_ended_ = true;
  }
  changed_.notify_all();
}

void Worker::write_item(Item& item) {
  round_.cancel.check();
  if (std::holds_alternative<SplitBegin>(item.what)) return begin_split(item.passage);
  // A split that failed here was given back to the queue already; drop what is left of it.
  if (item.passage->abandoned.load()) return;
  if (auto* error = std::get_if<Error>(&item.what)) return fail_split(item.passage, *error);
  if (auto* batch = std::get_if<BatchPtr>(&item.what)) return write_batch(**batch);
  end_split();
}

void Worker::begin_split(const PassagePtr& passage) {
  current_ = passage;
  split_rows_read_ = split_rows_written_ = split_bytes_ = 0;
  TableRun& table = *passage->task.table;
  if (table.failed()) return;
  {
    const std::lock_guard lock(table.mutex);
    if (!table.begun) {
      table.started = std::chrono::steady_clock::now();
      table.touched = true;
      session_.get().begin_table(table.plan.target, round_.run, table.splits);
      table.begun = true;
      table.state = TableState::running;
      round_.ledger.put_table(round_.job, table.record());
      round_.events.publish("table_started", {{"job", round_.job},
                                              {"table", table.name},
                                              {"target", table.plan.target.display()},
                                              {"rows_estimate", table.plan.schema.rows_estimate},
                                              {"splits", table.splits}});
    }
  }
  conformer_ = std::make_unique<Conformer>(table.plan, round_.options);
  writer_ = session_.get().open_split(table.plan.target, round_.run, passage->task.split);
}

void Worker::write_batch(Batch& batch) {
  TableRun& table = *current_->task.table;
  if (table.failed()) return;
  const auto rows = batch.rows;
  const auto bytes = static_cast<std::int64_t>(batch.memory_bytes());
  const std::int64_t rejected_before = conformer_->rows_rejected();
  // Undecoded rows go into columns of the very types they come from: nothing can misfit.
  if (batch.wire.size() == 0) conformer_->apply(batch);
  const std::int64_t rejected = conformer_->rows_rejected() - rejected_before;
  if (rejected != 0 && round_.rejects_left.fetch_sub(rejected) - rejected < 0) {
    // The split is not committed, so that its rejected rows are not kept: the last one says why.
    const RejectRecord& last = conformer_->rejects().back();
    throw config_error("config.rejects.exceeded",
                       "more rows were rejected than max_rejects allows (" +
                           std::to_string(round_.options.max_rejects) + "), such as " + last.key +
                           ": " + last.reason + " in column " + last.column)
        .hint(
            "correct the cause at the source; or raise --max-rejects, then look at the rows with "
            "penstock jobs ID --rejects");
  }
  if (batch.rows != 0) writer_->write(batch);
  split_rows_read_ += rows;
  split_rows_written_ += batch.rows;
  split_bytes_ += bytes;
  table.rows_read += rows;
  table.bytes_read += bytes;
}

void Worker::end_split() {
  TableRun& table = *current_->task.table;
  if (!table.failed()) {
    const std::int64_t staged = writer_->finish();
    writer_.reset();
    const std::int64_t rejected = conformer_->rows_rejected();
    if (staged != split_rows_written_ || split_rows_read_ != split_rows_written_ + rejected) {
      throw Error(Side::destination, "destination.rows.mismatch",
                  "the destination counts " + std::to_string(staged) + " rows in staging, but " +
                      std::to_string(split_rows_written_) + " were sent")
          .retryable(true)
          .hint("nothing of it was committed; run the job again, and report it if it repeats");
    }
    const std::lock_guard lock(table.mutex);
    try {
      commit(table, current_->task.split, split_rows_written_);
      if (rejected != 0) round_.ledger.add_rejects(round_.job, conformer_->rejects());
    } catch (...) {
      // From here on the split may be committed: reading it again could bring its rows twice. Only
      // when the destination is sure that it has lost them, they have to be read again.
      Error error = current_error();
      throw error.retryable(error.code() == kSplitLost);
    }
    table.rows_rejected += rejected;
    table.losses.merge(conformer_->losses());
    split_rows_read_ = split_bytes_ = 0;  // accounted for: no later failure takes them back
    if (--table.splits_left == 0) complete_table(round_, session_, table);
  }
  forget_split();
  round_.queue.done();
}

// The table's mutex is held. After a failure whose outcome is unknown the destination is asked.
void Worker::commit(TableRun& table, const Split& split, std::int64_t rows) {
  const SplitAccount account{split, rows, table.rows_written.load()};
  round_.ledger.put_split(round_.job,
                          {split, SplitState::committing, account.rows, account.rows_before});
  for (int attempt = 1;; ++attempt) {
    try {
      if (attempt == 1 || !session_.get().split_committed(table.plan.target, round_.run, account)) {
        session_.get().commit_split(table.plan.target, round_.run, account);
      }
      break;
    } catch (...) {
      const Error error = current_error();
      const bool again = error.retryable() && error.code() != kSplitLost;
      if (!again || attempt >= limits::split_attempts_max) throw;
      session_.reset();
      round_.cancel.sleep(retry_delay(attempt));
    }
  }
  table.rows_written += rows;
  round_.ledger.put_split(round_.job,
                          {split, SplitState::committed, account.rows, account.rows_before});
}

void Worker::forget_split() noexcept {
  if (writer_) writer_->abort();
  writer_.reset();
  conformer_.reset();
  current_.reset();
}

void Worker::fail_split(const PassagePtr& passage, Error error) {
  TableRun& table = *passage->task.table;
  passage->abandoned = true;
  if (conformer_) round_.rejects_left += conformer_->rows_rejected();
  table.rows_read -= split_rows_read_;
  table.bytes_read -= split_bytes_;
  split_rows_read_ = split_bytes_ = 0;
  forget_split();
  if (error.side() == Side::destination || error.retryable()) session_.reset();
  error.in_job(round_.job).in_table(table.name).in_split(split_name(passage->task.split));

  if (round_.cancel.requested()) {
    round_.queue.done();
    return;
  }
  if (error.code() == "source.snapshot.lost") {
    // No reader can join the snapshot any more: the round ends, unfinished tables start again.
    round_.snapshot_lost = true;
    round_.queue.done();
    round_.queue.close();
    return;
  }
  if (!error.retryable() || passage->task.attempt >= limits::split_attempts_max || table.failed()) {
    const std::lock_guard lock(table.mutex);
    fail_table(round_, table, std::move(error));
    round_.queue.done();
    return;
  }
  const auto delay = retry_delay(passage->task.attempt);
  round_.events.publish("retry", {{"job", round_.job},
                                  {"table", table.name},
                                  {"split", passage->task.split.index},
                                  {"attempt", passage->task.attempt},
                                  {"error", error.message()},
                                  {"delay_ms", delay.count()}});
  round_.queue.retry(passage->task, delay);
}

}  // namespace penstock
