#include "adapters/systems/postgresql/passage.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "adapters/systems/postgresql/wire_collector.h"

namespace penstock::postgresql {

namespace {

constexpr int kDomainDepthMax = 64;  // a bound against damaged catalogues

// Extensions whose send and receive functions carry values alone, of every version that has them.
constexpr std::array<std::string_view, 5> kPlainExtensions = {"citext", "hstore", "ltree",
                                                              "postgis", "vector"};

// Types that input refuses, or whose input looks names up at its own server.
bool names_objects(const NativeType& native) {
  if (native.schema != "pg_catalog") return false;
  return native.name.starts_with("reg") || native.name.starts_with("pg_node_") ||
         native.name.starts_with("pg_mcv") || native.name.starts_with("pg_brin") ||
         native.name == "pg_ndistinct" || native.name == "pg_dependencies" ||
         native.name == "pg_ddl_command" || native.name == "aclitem" || native.name == "gtsvector";
}

Passage passage_of_base(const TypeCatalog& catalog, const NativeType& native) {
  if (names_objects(native)) return Passage::as_text;
  // Money is a number of units whose size is a setting; only the usual one is understood.
  if (native.schema == "pg_catalog" && native.name == "money" && catalog.money_digits != 2) {
    return Passage::none;
  }
  if (!native.sends_binary) return Passage::text;
  if (native.kind == 'e') return Passage::binary;  // its label
  if (!native.extension.empty()) {
    const bool plain =
        std::ranges::find(kPlainExtensions, native.extension) != kPlainExtensions.end();
    return plain ? Passage::binary : Passage::text;
  }
  return native.schema == "pg_catalog" && native.kind != 'c' ? Passage::binary : Passage::text;
}

}  // namespace

Passage passage_of(const TypeCatalog& catalog, Oid type) {
  // A SQL_ASCII database may hold bytes that another server refuses.
  if (catalog.check_utf8) return Passage::none;
  for (int depth = 0; depth < kDomainDepthMax; ++depth) {
    const auto at = catalog.types.find(type);
    if (at == catalog.types.end()) return Passage::none;
    const NativeType& native = at->second;
    if (native.kind == 'd') {
      type = native.base;
      continue;
    }
    if (native.element == 0) return passage_of_base(catalog, native);
    const auto element = catalog.types.find(native.element);
    if (element == catalog.types.end()) return Passage::none;
    const Passage passage = passage_of_base(catalog, element->second);
    const bool fixed_id = element->second.schema == "pg_catalog" && element->second.kind != 'd';
    if (passage == Passage::binary && !fixed_id) return Passage::text;
    return passage;
  }
  return Passage::none;
}

std::vector<WireFormat> wire_formats(const ReadSpec& spec) {
  WireFormat format{.name = std::string(kWireBinary), .types = {}};
  bool money = false;
  for (const ReadColumn& column : spec.columns) {
    const Field& field = *column.field;
    // A type of the user's choice asks for decoding.
    if (!(column.type == field.type)) return {};
    switch (Fetch::parse(field.fetch).passage) {
      case Passage::none: return {};
      case Passage::text: format.name = kWireText; [[fallthrough]];
      case Passage::binary: format.types.push_back(without_modifiers(field.native_type)); break;
      case Passage::as_text: format.types.emplace_back("text"); break;
    }
    money = money || format.types.back().starts_with("money");
  }
  // The text form of money depends on a setting that the two servers need not share.
  if (money && format.name == kWireText) return {};
  return {std::move(format)};
}

}  // namespace penstock::postgresql
