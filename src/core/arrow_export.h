// Hands batches to others through the Arrow C data interface, without copying.
// https://arrow.apache.org/docs/format/CDataInterface.html
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/batch.h"

// The structures are defined by the interface, names and guard included, so that they may meet the
// same definitions of other libraries.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

}  // extern "C"

#endif  // ARROW_C_DATA_INTERFACE

namespace penstock {

// Purpose: fills `out` with a struct type, one child per column. `names` has one name per type.
//   Types that Arrow has no layout-compatible type for travel as a plain storage type with
//   ARROW:extension:name and ARROW:extension:metadata (the text form of core/type.h):
//   uuid "w:16" arrow.uuid · json "u" arrow.json · interval "w:16" penstock.interval · numeric,
//   enum and network "u" penstock.<type> · geometry "z" penstock.geometry ((E)WKB) · time "l"
//   penstock.time (it may be negative or beyond a day, which Arrow's may not) · timestamp with a
//   number of digits other than 0, 3, 6, 9 "l" penstock.timestamp. The extreme values of dates and
//   timestamps stand for ±infinity, as in our own columns. Ownership: `out` must be released by
//   calling out->release(out), by whoever holds it last.
void export_schema(std::span<const Type> types, std::span<const std::string> names,
                   ArrowSchema* out);

// Purpose: fills `out` with a struct array over the batch's own buffers. The batch stays alive, and
// must stay unchanged, until every part of `out` has been released; `batch` may be dropped.
//   Threads: releasing may happen on any thread.
void export_batch(std::shared_ptr<const Batch> batch, ArrowArray* out);

}  // namespace penstock
