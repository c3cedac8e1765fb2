#include "adapters/systems/postgresql/target_read_back.h"

#include <functional>
#include <utility>

#include "adapters/systems/postgresql/copy_decoder.h"
#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/target_session.h"
#include "adapters/systems/postgresql/types.h"

namespace penstock::postgresql {

namespace {

constexpr int kMicroDigits = 6;

// How values are fetched: as `type`, the nearest that PostgreSQL has to the one that was written.
struct Fetched {
  Type type;
  Wire wire = Wire::text;
  std::string cast;
};

Fetched fetch_leaf(const Type& type, const std::string& native) {
  const auto of = [](TypeId id, Wire wire, std::string cast = {}) {
    return Fetched{Type::of(id), wire, std::move(cast)};
  };
  switch (type.id) {
    case TypeId::boolean: return {type, Wire::boolean, {}};
    case TypeId::int8:
    case TypeId::uint8:
    case TypeId::int16: return of(TypeId::int16, Wire::int16);
    case TypeId::uint16:
    case TypeId::int32: return of(TypeId::int32, Wire::int32);
    case TypeId::uint32:
      if (native == "bigint") return of(TypeId::int64, Wire::int64);
      return {type, Wire::uint32, {}};
    case TypeId::int64: return of(TypeId::int64, Wire::int64);
    case TypeId::uint64:
      if (native == "bit") return of(TypeId::string, Wire::bits);
      if (native != "numeric") return {type, Wire::uint64, {}};
      return {Type::decimal(20, 0), Wire::numeric, {}};
    case TypeId::float32: return {type, Wire::float32, {}};
    case TypeId::float64: return {type, Wire::float64, {}};
    case TypeId::decimal:
    case TypeId::numeric: return {type, Wire::numeric, native == "numeric" ? "" : "numeric"};
    case TypeId::binary: return {type, Wire::text, {}};
    case TypeId::date: return {type, Wire::date, {}};
    case TypeId::time:
      if (native == "interval") return of(TypeId::interval, Wire::interval);
      return {Type::time(kMicroDigits), Wire::time, {}};
    case TypeId::timestamp: return {Type::timestamp(kMicroDigits, type.utc), Wire::timestamp, {}};
    case TypeId::interval: return {type, Wire::interval, {}};
    case TypeId::uuid: return {type, Wire::uuid, {}};
    // Of no SRID, so that those in the values stay in them.
    case TypeId::geometry:
      return {Type::geometry(0), native == "bytea" ? Wire::text : Wire::geometry, {}};
    case TypeId::network:
      if (native == "inet" || native == "cidr") return {type, Wire::network, {}};
      if (native.starts_with("macaddr")) return {type, Wire::mac, {}};
      return {type, Wire::text, {}};
    default: return {type, Wire::text, "text"};
  }
}

Fetched fetch_column(const Type& type, const std::string& native) {
  if (type.id != TypeId::list) return fetch_leaf(type, native);
  if (native == "int2vector") return {type, Wire::int16, {}};
  if (native == "oidvector") return {type, Wire::uint32, {}};
  std::string inner = native;
  while (inner.ends_with("[]")) inner.resize(inner.size() - 2);
  const Type* leaf = &type;
  int depth = 0;
  for (; leaf->id == TypeId::list; leaf = leaf->element.get()) ++depth;
  Fetched out = fetch_leaf(*leaf, inner);
  for (int i = 0; i < depth; ++i) out.type = Type::list(std::move(out.type));
  if (!out.cast.empty()) out.cast += "[]";
  return out;
}

std::int64_t scale_micros(std::int64_t micros, int digits) {
  for (int i = digits; i < kMicroDigits; ++i) micros /= 10;
  for (int i = digits; i > kMicroDigits; --i) micros *= 10;
  return micros;
}

// Appends one present value of a leaf to a column of the wanted type.
void convert_value(const Column& from, std::int64_t row, ColumnBuilder to) {
  const Type& want = to.column().type;
  switch (want.id) {
    case TypeId::int8:
      return to.append_fixed(static_cast<std::int8_t>(from.value<std::int16_t>(row)));
    case TypeId::uint8:
      return to.append_fixed(static_cast<std::uint8_t>(from.value<std::int16_t>(row)));
    case TypeId::uint16:
      return to.append_fixed(static_cast<std::uint16_t>(from.value<std::int32_t>(row)));
    case TypeId::uint32:
      return to.append_fixed(static_cast<std::uint32_t>(from.value<std::int64_t>(row)));
    case TypeId::uint64: {
      if (from.type.id == TypeId::string) {
        std::uint64_t bits = 0;
        for (const char c : from.bytes(row)) bits = bits * 2 + (c == '1' ? 1 : 0);
        return to.append_fixed(bits);
      }
      std::uint64_t low = 0;  // of 128 bits, which never are negative here
      std::memcpy(&low, from.values.data() + static_cast<std::size_t>(row) * 16, sizeof(low));
      return to.append_fixed(low);
    }
    case TypeId::geometry: return to.append_bytes(from.bytes(row));
    case TypeId::time:
      if (from.type.id == TypeId::interval) {
        std::int64_t micros = 0;
        std::memcpy(&micros, from.values.data() + static_cast<std::size_t>(row) * 16 + 8,
                    sizeof(micros));
        return to.append_fixed(scale_micros(micros, want.digits));
      }
      return to.append_fixed(scale_micros(from.value<std::int64_t>(row), want.digits));
    default: {
      const auto ticks = from.value<std::int64_t>(row);
      const bool infinite = ticks == kTimestampInfinity || ticks == kTimestampMinusInfinity;
      return to.append_fixed(infinite ? ticks : scale_micros(ticks, want.digits));
    }
  }
}

void convert_rows(const Column& from, std::int64_t first, std::int64_t last, ColumnBuilder to) {
  for (std::int64_t row = first; row < last; ++row) {
    if (!from.valid(row)) {
      to.append_null();
    } else if (from.layout == Physical::list) {
      const auto* ends = from.offsets.as<std::int32_t>() + row;
      convert_rows(*from.child, ends[0], ends[1], to.child());
      to.end_list();
    } else {
      convert_value(from, row, to);
    }
  }
}

Column convert(Column from, const Type& want) {
  if (from.type == want) return from;
  Column out(want);
  convert_rows(from, 0, from.length, ColumnBuilder(&out));
  return out;
}

}  // namespace

std::vector<BatchPtr> read_target(Connection& connection, const TargetTable& table,
                                  std::int64_t rows_max) {
  std::vector<WireColumn> columns;
  std::string list, order;
  for (const TargetColumn& column : table.columns) {
    const Fetched fetched = fetch_column(column.type, without_modifiers(column.native_type));
    list += (list.empty() ? "" : ", ") + quote_identifier(column.name);
    if (!fetched.cast.empty()) list += "::" + fetched.cast;
    columns.push_back({column.name, fetched.type, fetched.wire});
  }
  for (const std::string& name : table.key) {
    order += (order.empty() ? " ORDER BY " : ", ") + quote_identifier(name);
  }
  connection.exec(begin_sql(connection), "starting a transaction");
  connection.copy_out_start("COPY (SELECT " + list + " FROM " +
                                quote_table({.schema = table.schema, .name = table.name}) + order +
                                " LIMIT " + std::to_string(rows_max) +
                                ") TO STDOUT (FORMAT binary)",
                            "reading back " + table.display());
  CopyDecoder decoder(columns, {.bytes_target = std::size_t{4} << 20, .rows_max = 65'536});
  std::vector<BatchPtr> out;
  const auto begin = [&] {
    out.push_back(decoder.make_batch());
    decoder.begin_batch(out.back().get());
  };
  begin();
  while (const auto message = connection.copy_out_next()) {
    std::span<const std::uint8_t> rest(message->data(), message->size());
    while (!rest.empty()) {
      rest = rest.subspan(decoder.feed(rest));
      if (!rest.empty()) begin();
    }
  }
  connection.rollback();
  for (const BatchPtr& batch : out) {
    for (std::size_t i = 0; i < batch->columns.size(); ++i) {
      batch->columns[i] = convert(std::move(batch->columns[i]), table.columns[i].type);
    }
  }
  std::erase_if(out, [](const BatchPtr& batch) { return batch->rows == 0; });
  return out;
}

}  // namespace penstock::postgresql
