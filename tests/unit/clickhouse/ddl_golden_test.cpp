// The statements for awkward names and every type on an old, a middle and a current server.
// UPDATE_GOLDEN=1 rewrites the files.
#include <gtest/gtest.h>

#include "adapters/systems/clickhouse/ddl.h"
#include "golden_file.h"

namespace penstock::clickhouse {

namespace {

Field field(const std::string& name, const std::string& type, bool nullable = true) {
  Field out;
  out.name = name;
  out.type = parse_type(type);
  out.nullable = nullable;
  return out;
}

TableSchema every_type() {
  TableSchema table;
  table.id = {"", "public", "every type"};
  table.primary_key.columns = {"id", "kind"};
  table.fields = {field("id", "int64", false), field("kind", "enum('a','b')", false)};
  table.fields[0].comment = "it's the key";
  for (const char* const type : {"bool",
                                 "int8",
                                 "uint8",
                                 "int64",
                                 "uint64",
                                 "float32",
                                 "float64",
                                 "decimal(15,2)",
                                 "decimal(76,38)",
                                 "numeric",
                                 "string",
                                 "binary",
                                 "date",
                                 "time(6)",
                                 "timestamp(0)",
                                 "timestamp(6)",
                                 "timestamp(9,utc)",
                                 "interval",
                                 "uuid",
                                 "json",
                                 "enum('x')",
                                 "list<int32>",
                                 "list<list<string>>",
                                 "geometry(4326)",
                                 "network"}) {
    table.fields.push_back(field(std::string("c ") + type, type));
  }
  table.fields.push_back(field("not null", "timestamp(6,utc)", false));
  return table;
}

TableSchema awkward_names() {
  TableSchema table;
  table.id = {"", "we`ird", "ta\"b'l\\e"};
  table.fields = {field("select", "int32"), field("a`b", "string"),       field("c\\d", "string"),
                  field("e'f", "string"),   field("tab\there", "string"), field("ü", "string")};
  return table;
}

std::string describe(const TableSchema& table, const std::string& version, json::object options) {
  MapRequest request;
  request.table = &table;
  request.fields = table.fields;
  for (const Field& one : table.fields) request.column_names.push_back(one.name);
  request.name = table.id.name;
  request.options = std::move(options);
  const TargetTable target = map_table(request, features_of(version), "data base");
  std::string out = "-- " + table.id.display() + "\n";
  for (const std::string& problem : target.problems) out += "-- problem: " + problem + "\n";
  for (const TargetColumn& column : target.columns) {
    for (const LossNote& loss : column.losses) {
      out += "-- " + column.name + ": " + loss.code + ": " + loss.text + "\n";
    }
  }
  for (const std::string& sql : target.ddl) out += sql + ";\n\n";
  return out;
}

std::string all(const std::string& version) {
  std::string out = describe(every_type(), version, {});
  out += describe(awkward_names(), version, {});
  out += describe(awkward_names(), version,
                  {{"order_by", json::object{{"*", json::array{"select"}}}}});
  out += describe(every_type(), version,
                  {{"engine", "MergeTree"},
                   {"order_by", json::object{{"public.*", "not null,id"}}},
                   {"partition_by", json::object{{"*", "toYYYYMM(`not null`)"}}},
                   {"low_cardinality", false}});
  out += describe(every_type(), version,
                  {{"order_by", json::object{{"*", json::array{"idd"}}}}, {"view_suffix", ""}});
  return out;
}

}  // namespace

TEST(DdlGolden, Version18_16) {
  expect_golden("tests/golden/clickhouse/ddl_18.16.sql", all("18.16.1"));
}
TEST(DdlGolden, Version22_8) {
  expect_golden("tests/golden/clickhouse/ddl_22.8.sql", all("22.8.5.29"));
}
TEST(DdlGolden, Version26_7) {
  expect_golden("tests/golden/clickhouse/ddl_26.7.sql", all("26.7.2.1"));
}

}  // namespace penstock::clickhouse
