// One worker: a reader thread and a writer thread with a short queue between them.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>

#include "engine/completion.h"
#include "engine/round.h"

namespace penstock {

// Purpose: pulls tasks until the queue has none. The reader runs ahead of the writer, into the next
// split too, by at most limits::queue_batches_max batches; steps it runs itself, for it would only
// wait meanwhile. Failures of a split end in a retry or in the failure of its table; they never
// escape the worker.
class Worker {
 public:
  explicit Worker(RoundContext& round);
  // Joins both threads, which end by themselves once the queue is empty, closed or cancelled.
  ~Worker();
  void start();
  void join();

 private:
  // One split on its way through the worker.
  struct Passage {
    Task task;
    std::atomic<bool> abandoned{false};  // the writer failed: the reader need not go on
  };
  using PassagePtr = std::shared_ptr<Passage>;
  struct SplitBegin {};
  struct SplitEnd {};
  struct Item {
    PassagePtr passage;
    std::variant<SplitBegin, BatchPtr, SplitEnd, Error> what;
  };

  void read_loop();
  void read_split(const PassagePtr& passage);
  void write_loop();
  void write_item(Item& item);
  void begin_split(const PassagePtr& passage);
  void write_batch(Batch& batch);
  void end_split();
  void commit(TableRun& table, const Split& split, std::int64_t rows);
  void record_committed(TableRun& table, const SplitAccount& account);
  void fail_split(const PassagePtr& passage, Error error);
  void forget_split() noexcept;

  void push(Item item);
  bool take(Item& item);  // false: the reader has ended

  RoundContext& round_;
  std::thread reader_thread_, writer_thread_;
  std::unique_ptr<SplitReader> reader_;
  LazySession step_session_;  // of the reader thread

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool reader_ended_ = false, writer_ended_ = false;

  // Of the writer thread.
  LazySession session_;
  std::unique_ptr<SplitWriter> writer_;
  std::unique_ptr<Conformer> conformer_;
  PassagePtr current_;
  std::int64_t split_rows_read_ = 0, split_rows_written_ = 0, split_bytes_ = 0;
};

}  // namespace penstock
