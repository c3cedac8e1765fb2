#include "engine/batch_edit.h"

#include <utility>

namespace penstock {

namespace {

void copy_value(const Column& from, std::int64_t row, Column& to) {
  ColumnBuilder builder(&to);
  if (!from.valid(row)) {
    builder.append_null();
    return;
  }
  switch (from.layout) {
    case Physical::bit: builder.append_bit(from.bit(row)); break;
    case Physical::bytes: builder.append_bytes(from.bytes(row)); break;
    case Physical::list: {
      const auto* ends = from.offsets.as<std::int32_t>() + row;
      for (std::int32_t i = ends[0]; i < ends[1]; ++i) copy_value(*from.child, i, *to.child);
      builder.end_list();
      break;
    }
    default: {
      const auto width = static_cast<std::size_t>(fixed_width(from.type));
      builder.append_raw(from.values.data() + static_cast<std::size_t>(row) * width, width);
    }
  }
}

}  // namespace

void apply_edits(Column& column, const std::vector<ValueEdit>& edits) {
  if (edits.empty()) return;
  Column changed(column.type);
  auto edit = edits.begin();
  for (std::int64_t row = 0; row < column.length; ++row) {
    if (edit == edits.end() || edit->row != row) {
      copy_value(column, row, changed);
      continue;
    }
    ColumnBuilder builder(&changed);
    if (edit->kind == ValueEdit::Kind::make_null) {
      builder.append_null();
    } else {
      builder.append_bytes(edit->bytes);
    }
    ++edit;
  }
  column = std::move(changed);
}

std::int64_t empty_null_lists(Column& column) {
  if (column.layout != Physical::list) return 0;
  const std::int64_t count = column.null_count + empty_null_lists(*column.child);
  column.null_count = 0;
  column.validity.clear();
  return count;
}

void remove_rows(Batch& batch, const std::vector<bool>& removed) {
  std::int64_t kept = 0;
  for (Column& column : batch.columns) {
    Column changed(column.type);
    for (std::int64_t row = 0; row < batch.rows; ++row) {
      if (!removed[static_cast<std::size_t>(row)]) copy_value(column, row, changed);
    }
    kept = changed.length;
    column = std::move(changed);
  }
  std::vector<Operation> operations;
  for (std::size_t row = 0; row < batch.operations.size(); ++row) {
    if (!removed[row]) operations.push_back(batch.operations[row]);
  }
  batch.operations = std::move(operations);
  batch.rows = kept;
}

}  // namespace penstock
