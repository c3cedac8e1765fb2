#include "core/batch.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "core/error.h"

namespace penstock {

namespace {
constexpr std::size_t kAlignment = 64;
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

Buffer::~Buffer() {
  std::free(data_);
}

void Buffer::grow(std::size_t bytes_min) {
  std::size_t bytes = std::max({bytes_min, capacity_ + capacity_ / 2, kAlignment});
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  auto* moved = static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, bytes));
  if (moved == nullptr) throw std::bad_alloc();
  if (size_ != 0) std::memcpy(moved, data_, size_);
  std::free(data_);
  data_ = moved;
  capacity_ = bytes;
}

Column::Column(Type type_of_values) : type(std::move(type_of_values)), layout(physical(type)) {
  if (layout == Physical::bytes || layout == Physical::list) offsets.push(std::int32_t{0});
  if (layout == Physical::list) child = std::make_unique<Column>(*type.element);
}

std::size_t Column::memory_bytes() const {
  std::size_t bytes = validity.size() + offsets.size() + values.size();
  if (child) bytes += child->memory_bytes();
  return bytes;
}

std::string_view to_text(IssueKind kind) {
  switch (kind) {
    case IssueKind::out_of_range: return "out_of_range";
    case IssueKind::not_a_number: return "not_a_number";
    case IssueKind::infinite: return "infinite";
    case IssueKind::precision: return "precision";
    case IssueKind::invalid_text: return "invalid_text";
    case IssueKind::invalid_value: return "invalid_value";
  }
  return "invalid_value";
}

Batch::Batch(std::span<const Type> types) {
  columns.reserve(types.size());
  for (const Type& type : types) columns.emplace_back(type);
}

std::size_t Batch::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Column& column : columns) bytes += column.memory_bytes();
  bytes += wire.size();
  return bytes;
}

void ColumnBuilder::reserve_rows(std::int64_t rows) {
  const auto count = static_cast<std::size_t>(rows);
  switch (column_->layout) {
    case Physical::bit: column_->values.reserve((count + 7) / 8); break;
    case Physical::bytes:
    case Physical::list: column_->offsets.reserve((count + 1) * sizeof(std::int32_t)); break;
    default: column_->values.reserve(count * static_cast<std::size_t>(fixed_width(column_->type)));
  }
}

void ColumnBuilder::start_validity() {
  const auto length = static_cast<std::size_t>(column_->length);
  column_->validity.resize((length + 7) / 8);
  if (length == 0) return;
  std::memset(column_->validity.data(), 0xFF, column_->validity.size());
  if (length % 8 != 0) {
    column_->validity.data()[length / 8] = static_cast<std::uint8_t>((1U << (length % 8)) - 1);
  }
}

void ColumnBuilder::append_empty_slot() {
  switch (column_->layout) {
    case Physical::bit: push_bit(column_->values, column_->length, false); break;
    case Physical::bytes: push_end(column_->values.size()); break;
    case Physical::list: push_end(static_cast<std::size_t>(column_->child->length)); break;
    default: column_->values.append_zeros(static_cast<std::size_t>(fixed_width(column_->type)));
  }
  ++column_->length;
}

void ColumnBuilder::too_large() const {
  throw Error(Side::engine, "engine.batch.too_large", "a batch's column passed 2 GiB");
}

}  // namespace penstock
