#include "adapters/systems/clickhouse/codec.h"

#include <array>
#include <charconv>
#include <string>

#include "core/error.h"
#include "core/text.h"

namespace penstock::clickhouse {

namespace {

bool unwrap(std::string_view& native, std::string_view name) {
  if (!native.starts_with(name) || native.size() < name.size() + 2 || native[name.size()] != '(' ||
      native.back() != ')') {
    return false;
  }
  native = native.substr(name.size() + 1, native.size() - name.size() - 2);
  return true;
}

[[noreturn]] void mismatch(const Type& type, std::string_view native) {
  throw Error(Side::destination, "destination.type.mismatch",
              "the server's type " + printable(native) + " cannot take " + to_text(type))
      .hint("the table was changed by someone else; run the job again");
}

struct FixedType {
  TypeId id;
  std::string_view native;
};
constexpr std::array kFixed{
    FixedType{TypeId::int8, "Int8"},       FixedType{TypeId::int16, "Int16"},
    FixedType{TypeId::int32, "Int32"},     FixedType{TypeId::int64, "Int64"},
    FixedType{TypeId::uint8, "UInt8"},     FixedType{TypeId::uint16, "UInt16"},
    FixedType{TypeId::uint32, "UInt32"},   FixedType{TypeId::uint64, "UInt64"},
    FixedType{TypeId::float32, "Float32"}, FixedType{TypeId::float64, "Float64"},
    FixedType{TypeId::date, "Date32"},
};

bool same_fixed(const Type& type, std::string_view native) {
  for (const FixedType& one : kFixed) {
    if (one.id == type.id && one.native == native) return true;
  }
  const auto text = [](int value) { return std::to_string(value); };
  if (type.id == TypeId::decimal) {
    return native == "Decimal(" + text(type.precision) + ", " + text(type.scale) + ")";
  }
  if (type.id == TypeId::timestamp) {
    return native.starts_with("DateTime64(" + text(type.digits)) && native.size() > 12 &&
           (native[12] == ')' || native[12] == ',');
  }
  return false;
}

Codec scalar_codec(const Type& type, std::string_view native) {
  Codec codec;
  if (native == "String") {
    codec.kind = physical(type) == Physical::bytes ? Codec::Kind::bytes : Codec::Kind::text;
  } else if (type.id == TypeId::boolean && (native == "UInt8" || native == "Bool")) {
    codec.kind = Codec::Kind::boolean;
    codec.width = 1;
  } else if (type.id == TypeId::uuid && native == "UUID") {
    codec.kind = Codec::Kind::uuid;
    codec.width = 16;
  } else if (type.id == TypeId::date && native == "Date") {
    codec.kind = Codec::Kind::date16;
    codec.width = 2;
  } else if (type.id == TypeId::timestamp && type.digits == 0 &&
             (native == "DateTime" || native.starts_with("DateTime("))) {
    codec.kind = Codec::Kind::seconds32;
    codec.width = 4;
  } else if (same_fixed(type, native)) {
    codec.width = fixed_width(type);
  } else {
    mismatch(type, native);
  }
  return codec;
}

}  // namespace

Codec make_codec(const Type& type, std::string_view native) {
  std::string_view inner = native;
  if (type.id == TypeId::list && unwrap(inner, "Array")) {
    Codec codec;
    codec.kind = Codec::Kind::array;
    codec.element = std::make_unique<Codec>(make_codec(*type.element, inner));
    return codec;
  }
  const bool low = unwrap(inner, "LowCardinality");
  const bool nullable = unwrap(inner, "Nullable");
  if (low && (inner != "String" || physical(type) != Physical::bytes)) mismatch(type, native);
  Codec codec = scalar_codec(type, inner);
  if (low) codec.kind = Codec::Kind::low_cardinality;
  codec.nullable = nullable;
  return codec;
}

}  // namespace penstock::clickhouse
