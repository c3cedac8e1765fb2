#include "adapters/systems/clickhouse/read_back.h"

#include <cstring>

#include "adapters/systems/clickhouse/codec.h"
#include "adapters/systems/clickhouse/ddl.h"
#include "adapters/systems/clickhouse/sql.h"
#include "core/error.h"
#include "core/value_parse.h"

namespace penstock::clickhouse {

namespace {

constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 30;
constexpr std::uint64_t kRowsMax = std::uint64_t{1} << 31;

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) {
      throw Error(Side::destination, "destination.protocol", "a Native block ends too early");
    }
    const std::string_view out = bytes_.substr(0, static_cast<std::size_t>(count));
    bytes_.remove_prefix(static_cast<std::size_t>(count));
    return out;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    throw Error(Side::destination, "destination.protocol", "a length has too many bytes");
  }

  std::string_view text() { return take(varint()); }

  void column(const Codec& codec, std::uint64_t rows, Column& out) {
    const std::string_view nulls = codec.nullable ? take(rows) : std::string_view();
    if (codec.kind == Codec::Kind::array) {
      array(codec, rows, out);
      return;
    }
    ColumnBuilder builder(&out);
    for (std::uint64_t row = 0; row < rows; ++row) {
      const std::string_view value =
          codec.width == 0 ? text() : take(static_cast<std::uint64_t>(codec.width));
      if (!nulls.empty() && nulls[static_cast<std::size_t>(row)] != '\0') {
        builder.append_null();
      } else {
        append(codec, value, builder);
      }
    }
  }

 private:
  template <typename T>
  static T load(std::string_view bytes) {
    T out;
    std::memcpy(&out, bytes.data(), sizeof(T));
    return out;
  }

  static void append(const Codec& codec, std::string_view value, ColumnBuilder& builder) {
    switch (codec.kind) {
      case Codec::Kind::boolean: builder.append_bit(value.front() != '\0'); break;
      case Codec::Kind::uuid: {
        char swapped[16];
        for (std::size_t i = 0; i < 8; ++i) {
          swapped[i] = value[7 - i];
          swapped[8 + i] = value[15 - i];
        }
        builder.append_raw(&swapped[0], 16);
        break;
      }
      case Codec::Kind::date16:
        builder.append_fixed(static_cast<std::int32_t>(load<std::uint16_t>(value)));
        break;
      case Codec::Kind::seconds32:
        builder.append_fixed(static_cast<std::int64_t>(load<std::uint32_t>(value)));
        break;
      case Codec::Kind::text: append_parsed(value, builder); break;
      case Codec::Kind::bytes:
      case Codec::Kind::low_cardinality: builder.append_bytes(value); break;
      case Codec::Kind::fixed:
      case Codec::Kind::array: builder.append_raw(value.data(), value.size()); break;
    }
  }

  void array(const Codec& codec, std::uint64_t rows, Column& out) {
    const std::string_view ends = take(rows * 8);
    std::uint64_t last = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
      const auto end = load<std::uint64_t>(ends.substr(static_cast<std::size_t>(row) * 8));
      if (end < last || end > kRowsMax) {
        throw Error(Side::destination, "destination.protocol", "array offsets are out of order");
      }
      last = end;
      out.offsets.push(static_cast<std::int32_t>(end));
      ++out.length;
    }
    column(*codec.element, last, *out.child);
  }

  std::string_view bytes_;
};

}  // namespace

std::vector<BatchPtr> decode_native(std::string_view bytes, const std::vector<Type>& types,
                                    const std::vector<std::string>& native_types) {
  std::vector<Codec> codecs;
  for (std::size_t i = 0; i < types.size(); ++i) {
    codecs.push_back(make_codec(types[i], native_types[i]));
  }
  std::vector<BatchPtr> batches;
  Decoder decoder(bytes);
  while (!decoder.at_end()) {
    const std::uint64_t columns = decoder.varint();
    const std::uint64_t rows = decoder.varint();
    if (columns != types.size() || rows > kRowsMax) {
      throw Error(Side::destination, "destination.protocol", "a Native block has another shape");
    }
    auto batch = std::make_unique<Batch>(types);
    batch->rows = static_cast<std::int64_t>(rows);
    for (std::size_t i = 0; i < codecs.size(); ++i) {
      decoder.text();  // name
      decoder.text();  // type
      if (rows != 0) decoder.column(codecs[i], rows, batch->columns[i]);
    }
    if (rows != 0) batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<BatchPtr> read_table(HttpClient& client, const TargetTable& table,
                                 std::int64_t rows_max) {
  const Layout layout = Layout::from_json(table.payload);
  std::vector<Type> types;
  std::vector<std::string> natives;
  std::string list;
  for (const TargetColumn& column : table.columns) {
    if (column.source < 0) continue;
    std::string native = column.native_type;
    std::string expression = quote_name(column.name);
    if (native.starts_with("LowCardinality(")) {
      native = native.substr(15, native.size() - 16);
      expression = "CAST(" + expression + ", " + quote_literal(native) + ")";
    }
    list += (list.empty() ? "" : ", ") + expression;
    types.push_back(column.type);
    natives.push_back(std::move(native));
  }
  std::string sql = "SELECT " + list + " FROM " + quote_name(table.database, table.name);
  if (layout.replacing()) sql += " FINAL WHERE " + quote_name(layout.deleted_column) + " = 0";
  if (!table.key.empty()) sql += " ORDER BY " + quote_names(table.key);
  sql += " LIMIT " + std::to_string(rows_max) + " FORMAT Native";
  return decode_native(client.query(sql, {.body_bytes_max = kAnswerBytesMax}), types, natives);
}

}  // namespace penstock::clickhouse
