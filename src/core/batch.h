// Columnar batches in Apache Arrow's memory layout.
// https://arrow.apache.org/docs/format/Columnar.html gives the layout; core/arrow_export.h hands a
// batch to others through the Arrow C data interface without copying.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory_budget.h"
#include "core/type.h"

namespace penstock {

// A growable byte array on a 64-byte boundary. Move-only. Growing invalidates pointers into it.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

  void reserve(std::size_t bytes) {
    if (bytes > capacity_) grow(bytes);
  }
  // New bytes are uninitialised; use append_zeros where that matters.
  void resize(std::size_t bytes) {
    reserve(bytes);
    size_ = bytes;
  }
  void clear() { size_ = 0; }
  void append(const void* bytes, std::size_t count) {
    reserve(size_ + count);
    if (count != 0) std::memcpy(data_ + size_, bytes, count);
    size_ += count;
  }
  // As append, for `count` of at most kShort bytes where kShort can be read: a copy of fixed size
  // is a few instructions instead of a call.
  static constexpr std::size_t kShort = 32;
  void append_short(const void* bytes, std::size_t count) {
    reserve(size_ + kShort);
    std::memcpy(data_ + size_, bytes, kShort);
    size_ += count;
  }
  void append_zeros(std::size_t count) {
    reserve(size_ + count);
    if (count != 0) std::memset(data_ + size_, 0, count);
    size_ += count;
  }
  template <typename T>
  void push(T value) {
    if (size_ + sizeof(T) > capacity_) grow(size_ + sizeof(T));
    std::memcpy(data_ + size_, &value, sizeof(T));
    size_ += sizeof(T);
  }

 private:
  void grow(std::size_t bytes_min);

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

// One column: `length` values. `validity` has one bit per value (1 = present) and may be empty when
// null_count is 0. Slots of missing values hold zeros (fixed width) or no bytes (variable width).
struct Column {
  Type type;
  Physical layout = Physical::bytes;
  std::int64_t length = 0;
  std::int64_t null_count = 0;
  Buffer validity;
  Buffer offsets;                 // bytes and list: length + 1 int32, the first one 0
  Buffer values;                  // bit, fixed width, bytes
  std::unique_ptr<Column> child;  // list

  explicit Column(Type type_of_values);

  bool valid(std::int64_t row) const {
    return null_count == 0 || ((validity.data()[row >> 3] >> (row & 7)) & 1) != 0;
  }
  template <typename T>
  T value(std::int64_t row) const {
    T out;
    std::memcpy(&out, values.data() + static_cast<std::size_t>(row) * sizeof(T), sizeof(T));
    return out;
  }
  bool bit(std::int64_t row) const { return ((values.data()[row >> 3] >> (row & 7)) & 1) != 0; }
  std::string_view bytes(std::int64_t row) const {
    const auto* at = offsets.as<std::int32_t>() + row;
    return {reinterpret_cast<const char*>(values.data()) + at[0],
            static_cast<std::size_t>(at[1] - at[0])};
  }
  std::size_t memory_bytes() const;  // sizes in use, children included
};

// Why a reader could not put a value into its column exactly. The slot holds the nearest value the
// type has (or a zero); the engine applies the user's policy and counts.
enum class IssueKind : std::uint8_t {
  out_of_range,   // beyond what the logical type can hold
  not_a_number,   // NaN where the type has none
  infinite,       // ±infinity where the type has none
  precision,      // digits would be cut
  invalid_text,   // bytes that are not valid in the declared character set
  invalid_value,  // a native value with no meaning in the type (for example MySQL's zero date)
};

std::string_view to_text(IssueKind kind);

struct ValueIssue {
  std::int64_t row = 0;
  std::int32_t column = 0;
  IssueKind kind = IssueKind::out_of_range;
  std::string text;  // the source's value, for people; at most 200 bytes
};

// An operation for incremental runs; full reads leave Batch::operations empty (all upserts).
enum class Operation : std::uint8_t { upsert = 0, remove = 1 };

// Rows of one table. Built by one thread, then handed over; not changed by two threads at once.
struct Batch {
  std::vector<Column> columns;
  std::int64_t rows = 0;
  std::vector<ValueIssue> issues;     // sorted by row
  std::vector<Operation> operations;  // empty, or one per row
  // Passthrough (ReadSpec::wire): the rows as the source sent them. `columns` then hold nothing.
  Buffer wire;
  std::string_view wire_format;  // WireFormat::name of it, a constant of the adapter's
  MemoryLease lease;             // what the batch holds of the process's byte budget

  explicit Batch(std::span<const Type> types);
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = default;

  std::size_t memory_bytes() const;
};

using BatchPtr = std::unique_ptr<Batch>;

// Appends to one column. The reader calls exactly one append per row and column. All functions are
// inline: this is the hot path. `reserve_rows` avoids repeated growth of fixed-width buffers.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Column* column) : column_(column) {}

  void reserve_rows(std::int64_t rows);

  void append_null() {
    ensure_validity();
    push_bit(column_->validity, column_->length, false);
    ++column_->null_count;
    append_empty_slot();
  }
  template <typename T>
  void append_fixed(T value) {
    mark_valid();
    column_->values.push(value);
    ++column_->length;
  }
  // `width` bytes exactly as they shall lie in the buffer.
  void append_raw(const void* bytes, std::size_t width) {
    mark_valid();
    column_->values.append(bytes, width);
    ++column_->length;
  }
  void append_bit(bool value) {
    mark_valid();
    push_bit(column_->values, column_->length, value);
    ++column_->length;
  }
  // Throws Error "engine.batch.too_large" when the column would pass 2 GiB.
  void append_bytes(const void* bytes, std::size_t count) {
    mark_valid();
    column_->values.append(bytes, count);
    push_end(column_->values.size());
    ++column_->length;
  }
  // At most Buffer::kShort bytes, where that many can be read.
  void append_short(const void* bytes, std::size_t count) {
    mark_valid();
    column_->values.append_short(bytes, count);
    push_end(column_->values.size());
    ++column_->length;
  }
  void append_bytes(std::string_view text) { append_bytes(text.data(), text.size()); }
  // A list value: first append its elements through child(), then end it.
  ColumnBuilder child() { return ColumnBuilder(column_->child.get()); }
  void end_list() {
    mark_valid();
    push_end(static_cast<std::size_t>(column_->child->length));
    ++column_->length;
  }

  const Column& column() const { return *column_; }

 private:
  static void push_bit(Buffer& bits, std::int64_t index, bool value) {
    const auto byte = static_cast<std::size_t>(index >> 3);
    if ((index & 7) == 0) {
      bits.resize(byte + 1);
      bits.data()[byte] = 0;
    }
    bits.data()[byte] = static_cast<std::uint8_t>(bits.data()[byte] |
                                                  (static_cast<unsigned>(value) << (index & 7)));
  }
  void mark_valid() {
    if (column_->null_count != 0) push_bit(column_->validity, column_->length, true);
  }
  void ensure_validity() {
    if (column_->null_count == 0) start_validity();
  }
  void push_end(std::size_t end) {
    if (end > static_cast<std::size_t>(INT32_MAX)) too_large();
    column_->offsets.push(static_cast<std::int32_t>(end));
  }
  void start_validity();
  void append_empty_slot();
  [[noreturn]] void too_large() const;

  Column* column_;
};

}  // namespace penstock
