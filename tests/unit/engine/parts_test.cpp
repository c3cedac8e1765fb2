// The engine's small parts: work queue, event log, edits of batches.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/limits.h"
#include "core/value_parse.h"
#include "core/value_text.h"
#include "engine/batch_edit.h"
#include "engine/events.h"
#include "engine/work_queue.h"
#include "unit/store/expect_error.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Task task(int index) {
  Task out;
  out.split.index = index;
  return out;
}

TEST(WorkQueue, HandsOutInOrderAndEndsWhenAllIsDone) {
  WorkQueue queue;
  const CancelToken cancel;
  queue.add(task(0));
  queue.add(task(1));
  EXPECT_EQ(queue.pop(cancel)->split.index, 0);
  EXPECT_EQ(queue.pop(cancel)->split.index, 1);
  queue.done();
  std::atomic<bool> ended{false};
  std::thread waiter([&] {
    EXPECT_FALSE(queue.pop(cancel));  // waits: a task under way may come back
    ended = true;
  });
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(ended);
  queue.done();
  waiter.join();
}

TEST(WorkQueue, ARetriedTaskComesBackAfterItsDelayAndOthersGoFirst) {
  WorkQueue queue;
  const CancelToken cancel;
  queue.add(task(0));
  const auto begin = steady_clock::now();
  queue.retry(*queue.pop(cancel), milliseconds(150));
  queue.add(task(1));
  EXPECT_EQ(queue.pop(cancel)->split.index, 1);
  queue.done();
  const auto again = queue.pop(cancel);
  EXPECT_EQ(again->split.index, 0);
  EXPECT_EQ(again->attempt, 2);
  EXPECT_GE(steady_clock::now() - begin, milliseconds(150));
}

TEST(WorkQueue, ClosingAndCancellingEndEveryWait) {
  WorkQueue queue;
  const CancelToken cancel;
  queue.add(task(0));
  queue.pop(cancel);
  std::thread closer([&] {
    std::this_thread::sleep_for(milliseconds(20));
    queue.close();
  });
  EXPECT_FALSE(queue.pop(cancel));
  closer.join();
  EXPECT_TRUE(queue.closed());
  WorkQueue other;
  other.add(task(0));
  other.pop(cancel);
  cancel.request();
  EXPECT_EQ(error_of([&] { other.pop(cancel); }).code(), "engine.cancelled");
}

TEST(RetryDelay, GrowsWithJitterUpToACap) {
  for (int attempt = 1; attempt < 200; ++attempt) {
    const auto full = std::min<milliseconds>(
        limits::retry_delay_first * (1LL << std::min(attempt - 1, 20)), limits::retry_delay_max);
    const auto delay = retry_delay(attempt);
    EXPECT_GE(delay, full / 2);
    EXPECT_LE(delay, full);
  }
}

TEST(EventLog, NumbersEventsAndReplacesProgressByNewer) {
  EventLog log;
  log.publish("started", {});
  log.publish("progress", {{"rows", 1}});
  log.publish("progress", {{"rows", 2}});
  log.publish("warning", {});
  log.publish("progress", {{"rows", 3}});
  const auto all = log.after(0);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].data.at("rows").to_number<int>(), 2);
  EXPECT_EQ(log.after(all[2].id).size(), 1u);
  EXPECT_TRUE(log.after(99).empty());
}

TEST(EventLog, KeepsTheNewestAndNothingAfterTheEnd) {
  EventLog log;
  for (int i = 0; i < limits::events_kept_max + 50; ++i) log.publish("warning", {{"i", i}});
  EXPECT_EQ(log.after(0).size(), static_cast<std::size_t>(limits::events_kept_max));
  EXPECT_EQ(log.after(0).front().data.at("i").to_number<int>(), 50);
  EXPECT_FALSE(log.ended());
  log.publish("finished", {});
  log.publish("warning", {});
  EXPECT_TRUE(log.ended());
  EXPECT_EQ(log.after(0).back().type, "finished");
}

TEST(EventLog, ListenersComeAndGoWhileEventsArePublished) {
  EventLog log;
  std::atomic<bool> stop{false};
  std::atomic<int> heard{0};
  std::thread publisher([&] {
    while (!stop) log.publish("warning", {});
  });
  for (int i = 0; i < 200; ++i) {
    bool alive = true;
    const auto id = log.subscribe([&] {
      EXPECT_TRUE(alive);
      ++heard;
    });
    if (i % 3 == 0) std::this_thread::yield();
    log.unsubscribe(id);
    alive = false;  // no call may come from here on
  }
  stop = true;
  publisher.join();
}

TEST(BatchEdit, EditsAndRemovalsAgreeWithTheText) {
  for (const char* type : {"bool", "int16", "decimal(30,2)", "string", "list<string>"}) {
    const std::string value = std::string_view(type) == "bool"            ? "true"
                              : std::string_view(type) == "list<string>"  ? "{a,NULL}"
                              : std::string_view(type) == "decimal(30,2)" ? "7.25"
                                                                          : "7";
    const std::vector<Type> types = {parse_type(type)};
    Batch batch(types);
    for (int row = 0; row < 20; ++row) {
      ColumnBuilder builder(&batch.columns[0]);
      row % 4 == 3 ? builder.append_null() : append_parsed(value, builder);
      ++batch.rows;
    }
    apply_edits(batch.columns[0], {{.row = 0}, {.row = 3}, {.row = 19}});
    EXPECT_EQ(batch.columns[0].length, 20);
    EXPECT_EQ(batch.columns[0].null_count, 6);
    EXPECT_EQ(value_text(batch.columns[0], 1), value) << type;
    EXPECT_EQ(value_text(batch.columns[0], 0), "NULL") << type;
    std::vector<bool> removed(20, true);
    removed[1] = removed[3] = false;
    remove_rows(batch, removed);
    EXPECT_EQ(batch.rows, 2);
    EXPECT_EQ(value_text(batch.columns[0], 0), value) << type;
    EXPECT_EQ(value_text(batch.columns[0], 1), "NULL") << type;
  }
}

TEST(BatchEdit, EmptiesMissingListsAtEveryDepth) {
  Column column(parse_type("list<list<int8>>"));
  for (const char* text : {"{{1},NULL}", "{NULL}"}) append_parsed(text, ColumnBuilder(&column));
  ColumnBuilder(&column).append_null();
  EXPECT_EQ(empty_null_lists(column), 3);
  EXPECT_EQ(value_text(column, 0), "{{1},{}}");
  EXPECT_EQ(value_text(column, 1), "{{}}");
  EXPECT_EQ(value_text(column, 2), "{}");
}

}  // namespace
}  // namespace penstock
