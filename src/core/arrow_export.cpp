#include "core/arrow_export.h"

#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace penstock {

namespace {

// --- Schema ------------------------------------------------------------------------------------

// What a schema's pointers point into. Children are owned by their parent until someone moves them
// out, which the interface allows: a moved child has no release callback left here.
struct SchemaParts {
  std::string format, name, metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
};

void release_schema(ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    ArrowSchema* const child = schema->children[i];
    if (child->release != nullptr) child->release(child);
  }
  delete static_cast<SchemaParts*>(schema->private_data);
  schema->release = nullptr;
}

// Key-value pairs as the interface encodes them: counts and lengths are native int32.
std::string encode_metadata(std::string_view extension, std::string_view text) {
  const std::array<std::pair<std::string_view, std::string_view>, 2> pairs = {
      {{"ARROW:extension:name", extension}, {"ARROW:extension:metadata", text}}};
  std::string out;
  const auto put = [&](std::int32_t number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  put(static_cast<std::int32_t>(pairs.size()));
  for (const auto& [key, value] : pairs) {
    put(static_cast<std::int32_t>(key.size()));
    out += key;
    put(static_cast<std::int32_t>(value.size()));
    out += value;
  }
  return out;
}

struct Format {
  std::string text;
  std::string extension;  // empty: a type of Arrow's own
};

Format timestamp_format(const Type& type) {
  const std::string zone = type.utc ? ":UTC" : ":";
  switch (type.digits) {
    case 0: return {"tss" + zone, ""};
    case 3: return {"tsm" + zone, ""};
    case 6: return {"tsu" + zone, ""};
    case 9: return {"tsn" + zone, ""};
    default: return {"l", "penstock.timestamp"};
  }
}

Format format_of(const Type& type) {
  switch (type.id) {
    case TypeId::boolean: return {"b", ""};
    case TypeId::int8: return {"c", ""};
    case TypeId::uint8: return {"C", ""};
    case TypeId::int16: return {"s", ""};
    case TypeId::uint16: return {"S", ""};
    case TypeId::int32: return {"i", ""};
    case TypeId::uint32: return {"I", ""};
    case TypeId::int64: return {"l", ""};
    case TypeId::uint64: return {"L", ""};
    case TypeId::float32: return {"f", ""};
    case TypeId::float64: return {"g", ""};
    case TypeId::decimal:
      return {"d:" + std::to_string(type.precision) + "," + std::to_string(type.scale) + "," +
                  std::to_string(fixed_width(type) * 8),
              ""};
    case TypeId::string: return {"u", ""};
    case TypeId::binary: return {"z", ""};
    case TypeId::date: return {"tdD", ""};
    case TypeId::time: return {"l", "penstock.time"};
    case TypeId::timestamp: return timestamp_format(type);
    case TypeId::interval: return {"w:16", "penstock.interval"};
    case TypeId::uuid: return {"w:16", "arrow.uuid"};
    case TypeId::json: return {"u", "arrow.json"};
    case TypeId::numeric: return {"u", "penstock.numeric"};
    case TypeId::enumeration: return {"u", "penstock.enum"};
    case TypeId::network: return {"u", "penstock.network"};
    case TypeId::geometry: return {"z", "penstock.geometry"};
    case TypeId::list: return {"+l", ""};
  }
  return {"z", ""};
}

void adopt(std::unique_ptr<SchemaParts> parts, int64_t flags, ArrowSchema* out) {
  for (ArrowSchema& child : parts->children) parts->child_pointers.push_back(&child);
  *out = {};
  out->format = parts->format.c_str();
  out->name = parts->name.c_str();
  out->metadata = parts->metadata.empty() ? nullptr : parts->metadata.c_str();
  out->flags = flags;
  out->n_children = static_cast<int64_t>(parts->children.size());
  out->children = parts->child_pointers.empty() ? nullptr : parts->child_pointers.data();
  out->release = release_schema;
  out->private_data = parts.release();
}

void export_type(const Type& type, const std::string& name, ArrowSchema* out) {
  auto parts = std::make_unique<SchemaParts>();
  const Format format = format_of(type);
  parts->format = format.text;
  parts->name = name;
  if (!format.extension.empty()) {
    // Canonical extensions have no parameters of ours.
    const bool canonical = format.extension.starts_with("arrow.");
    parts->metadata = encode_metadata(format.extension, canonical ? "" : to_text(type));
  }
  if (type.id == TypeId::list) {
    parts->children.resize(1);
    export_type(*type.element, "item", parts->children.data());
  }
  adopt(std::move(parts), ARROW_FLAG_NULLABLE, out);
}

// --- Array -------------------------------------------------------------------------------------

struct ArrayParts {
  std::shared_ptr<const Batch> batch;  // owns all buffers
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
};

void release_array(ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    ArrowArray* const child = array->children[i];
    if (child->release != nullptr) child->release(child);
  }
  delete static_cast<ArrayParts*>(array->private_data);
  array->release = nullptr;
}

// Not every consumer takes a null pointer for a buffer of no bytes.
const void* pointer(const Buffer& buffer) {
  alignas(64) static constexpr std::array<std::uint8_t, 64> empty{};
  return buffer.size() == 0 ? empty.data() : static_cast<const void*>(buffer.data());
}

void adopt(std::unique_ptr<ArrayParts> parts, std::int64_t length, std::int64_t null_count,
           std::int64_t buffers, ArrowArray* out) {
  for (ArrowArray& child : parts->children) parts->child_pointers.push_back(&child);
  *out = {};
  out->length = length;
  out->null_count = null_count;
  out->n_buffers = buffers;
  out->buffers = parts->buffers.data();
  out->n_children = static_cast<int64_t>(parts->children.size());
  out->children = parts->child_pointers.empty() ? nullptr : parts->child_pointers.data();
  out->release = release_array;
  out->private_data = parts.release();
}

void export_column(const std::shared_ptr<const Batch>& batch, const Column& column,
                   ArrowArray* out) {
  auto parts = std::make_unique<ArrayParts>();
  parts->batch = batch;
  parts->buffers[0] = column.null_count == 0 ? nullptr : column.validity.data();
  std::int64_t buffers = 2;
  if (column.layout == Physical::bytes) {
    parts->buffers[1] = pointer(column.offsets);
    parts->buffers[2] = pointer(column.values);
    buffers = 3;
  } else if (column.layout == Physical::list) {
    parts->buffers[1] = pointer(column.offsets);
    parts->children.resize(1);
    export_column(batch, *column.child, parts->children.data());
  } else {
    parts->buffers[1] = pointer(column.values);
  }
  adopt(std::move(parts), column.length, column.null_count, buffers, out);
}

}  // namespace

void export_schema(std::span<const Type> types, std::span<const std::string> names,
                   ArrowSchema* out) {
  auto parts = std::make_unique<SchemaParts>();
  parts->format = "+s";
  parts->children.resize(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    export_type(types[i], names[i], &parts->children[i]);
  }
  adopt(std::move(parts), 0, out);
}

void export_batch(std::shared_ptr<const Batch> batch, ArrowArray* out) {
  auto parts = std::make_unique<ArrayParts>();
  const Batch& from = *batch;
  parts->batch = std::move(batch);
  parts->children.resize(from.columns.size());
  for (std::size_t i = 0; i < from.columns.size(); ++i) {
    export_column(parts->batch, from.columns[i], &parts->children[i]);
  }
  adopt(std::move(parts), from.rows, 0, 1, out);
}

}  // namespace penstock
