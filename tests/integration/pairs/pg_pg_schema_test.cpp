// PostgreSQL → PostgreSQL: what arrives is what was there, by the word of pg_dump.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/text.h"
#include "integration/pairs/pg_pg_rig.h"

namespace penstock::testing {

namespace {

constexpr const char* kShop = R"(
CREATE SCHEMA "Other Schema";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE DOMAIN positive AS int DEFAULT 1 CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text, m mood);
CREATE TYPE span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE TABLE customers (
  id serial PRIMARY KEY, name text NOT NULL, email citext UNIQUE, m mood DEFAULT 'ok', attrs hstore,
  created timestamptz DEFAULT now(), p positive, pr pair, tags text[], moods mood[], j jsonb,
  raw bytea, s span, CONSTRAINT named CHECK (length(name) > 0));
COMMENT ON TABLE customers IS 'who buys, it''s said';
COMMENT ON COLUMN customers.name IS E'full\nname';
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 5) PRIMARY KEY,
  customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  total numeric(12,2), twice numeric GENERATED ALWAYS AS (total * 2) STORED,
  note varchar(40) COLLATE "C", r int4range, ip inet, b bit(5),
  u uuid DEFAULT md5(random()::text)::uuid,
  d date, n numeric, parent bigint REFERENCES orders (id),
  EXCLUDE USING gist (r WITH &&) WHERE (total < 0),
  UNIQUE (customer_id, note) DEFERRABLE);
CREATE INDEX orders_big ON orders (customer_id DESC NULLS LAST, lower(note)) WHERE total > 10;
CREATE INDEX orders_inc ON orders (total) INCLUDE (note);
CREATE UNIQUE INDEX orders_u ON orders USING btree (u);
CREATE TABLE "Other Schema"."Select ""x""" (
  "a b" int, "WHERE" text, "ümlaut" money, PRIMARY KEY ("WHERE", "a b"));
CREATE INDEX "weird USING name" ON "Other Schema"."Select ""x""" ("ümlaut");
INSERT INTO customers (name, email, m, attrs, p, pr, tags, moods, j, raw, s)
  SELECT 'n' || i, 'E' || i || '@x', (enum_range(NULL::mood))[1 + i % 3], ('a=>' || i)::hstore, i,
         (i, E'x\t"\\', 'ok')::pair, ARRAY['a', E'b"c\\', NULL, ''], ARRAY['ok', 'sad']::mood[],
         jsonb_build_object('i', i), decode(md5(i::text), 'hex'), span(i, i + 0.5)
  FROM generate_series(1, 1000) i;
INSERT INTO customers (name, email) VALUES (E'\\N', E'tab\tnewline\ncr\r\\.');
INSERT INTO orders (customer_id, total, note, r, ip, b, d, n, parent)
  SELECT 1 + i % 1000, i * 1.5, 'note' || i, int4range(i, i + 5), '10.0.0.1', B'10101',
         CASE WHEN i % 2 = 0 THEN 'infinity' ELSE '4713-01-01 BC' END::date,
         CASE i % 3 WHEN 0 THEN 'NaN' WHEN 1 THEN -0.00001 * i ELSE 1e30 + i END,
         CASE WHEN i > 10 THEN 1 + 5 * (i % 10) END
  FROM generate_series(1, 5000) i;
INSERT INTO "Other Schema"."Select ""x"""
  SELECT i, 'w' || i, i * 1.11 FROM generate_series(1, 50) i;
SELECT setval('customers_id_seq', 77777);
ANALYZE;
)";

class PgPgSchema : public ::testing::Test {
 protected:
  void expect_same() {
    EXPECT_EQ(rig_.leftovers(), "");
    if (shared_postgres().major_version() > 15) {
      GTEST_SKIP() << "no pg_dump here can read this server: only the counts were compared";
    }
    const auto wanted = split(rig_.source_dump(), '\n'), got = split(rig_.destination_dump(), '\n');
    for (std::size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
      const std::string a = i < wanted.size() ? wanted[i] : "(end)";
      const std::string b = i < got.size() ? got[i] : "(end)";
      ASSERT_EQ(b, a) << "line " << i << " of the dump";
    }
  }

  PgPgRig rig_;
};

TEST_F(PgPgSchema, Pitfall39_EverythingArrivesPassedThrough) {
  rig_.from(kShop);
  const json::object result = rig_.migrate_well();
  int passed = 0;
  for (const json::value& table : result.at("tables_migrated").as_array()) {
    passed += table.as_object().contains("passthrough") ? 1 : 0;
  }
  EXPECT_EQ(passed, 3);
  expect_same();
}

TEST_F(PgPgSchema, Pitfall30_EverythingArrivesDecodedAsWell) {
  rig_.from(kShop);
  rig_.migrate_well({"--passthrough", "never"});
  expect_same();
}

TEST_F(PgPgSchema, TheSecondRunReplacesAndEndsTheSame) {
  rig_.from(kShop);
  rig_.migrate_well();
  rig_.from(
      "DELETE FROM orders WHERE id % 7 = 0 AND id > 60; INSERT INTO customers (name) VALUES "
      "('new')");
  rig_.migrate_well();
  expect_same();
}

TEST_F(PgPgSchema, InSplitsByManyWorkers) {
  rig_.from(kShop);
  rig_.migrate_well({"--split-size", "64KiB", "--parallel", "3"});
  expect_same();
}

TEST_F(PgPgSchema, Pitfall40_SequencesGoOnWhereTheSourceWould) {
  rig_.from(kShop);
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("INSERT INTO customers (name) VALUES ('next') RETURNING id"),
            rig_.from("INSERT INTO customers (name) VALUES ('next') RETURNING id"));
  EXPECT_EQ(rig_.to("INSERT INTO orders (customer_id) VALUES (1) RETURNING id"),
            rig_.from("INSERT INTO orders (customer_id) VALUES (1) RETURNING id"));
}

TEST_F(PgPgSchema, Pitfall31_GeneratedColumnsAreGeneratedAgainOrPlainOnRequest) {
  rig_.from(
      "CREATE TABLE t (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a * 2) STORED);"
      "INSERT INTO t SELECT generate_series(1, 10)");
  rig_.migrate_well();
  rig_.to("INSERT INTO t VALUES (50)");
  EXPECT_EQ(rig_.to("SELECT b FROM t WHERE a = 50"), "100");
  rig_.migrate_well({"--postgresql.generated=false", "--if-exists", "replace"});
  EXPECT_EQ(rig_.to("SELECT attgenerated = '' FROM pg_attribute WHERE attname = 'b' AND attrelid = "
                    "'t'::regclass"),
            "t");
  EXPECT_EQ(rig_.to("SELECT sum(b) FROM t"), "110");
}

TEST_F(PgPgSchema, PartsCanBeLeftOut) {
  rig_.from(kShop);
  rig_.migrate_well({"--postgresql.keys=false", "--postgresql.indexes=false",
                     "--postgresql.foreign-keys=false", "--postgresql.checks=false",
                     "--postgresql.comments=false"});
  EXPECT_EQ(
      rig_.to("SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
              "AND conrelid <> 0 AND contype <> 'n'"),
      "0");
  EXPECT_EQ(rig_.to("SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass"), "0");
  EXPECT_EQ(rig_.to("SELECT obj_description('customers'::regclass) IS NULL"), "t");
  // PostgreSQL 18 names what says NOT NULL after the table it was made with.
  EXPECT_EQ(rig_.to("SELECT count(*) FROM pg_constraint WHERE conname LIKE '\\_penstock%'"), "0");
}

TEST_F(PgPgSchema, WhatCannotBeBuiltIsReportedAndTheRowsStay) {
  rig_.from(
      "CREATE FUNCTION odd(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 % 2 = 1';"
      "CREATE TABLE t (a int PRIMARY KEY, b int DEFAULT 5, CHECK (odd(a)));"
      "CREATE INDEX by_odd ON t (odd(a)); INSERT INTO t VALUES (1), (3)");
  const json::object result = rig_.migrate();
  EXPECT_EQ(result.at("success"), true);
  const json::object table = result.at("tables_migrated").at(0).as_object();
  EXPECT_EQ(table.at("not_built").as_array().size(), 2U) << json::serialize(table);
  EXPECT_EQ(rig_.to("SELECT sum(a) FROM t"), "4");
  EXPECT_EQ(
      rig_.to(
          "SELECT count(*) FROM pg_constraint WHERE contype <> 'n' AND conrelid = 't'::regclass"),
      "1");
}

TEST_F(PgPgSchema, Pitfall36_GeometryKeepsTypeAndSrid) {
  if (!shared_postgres().has_extension("postgis")) GTEST_SKIP() << "no PostGIS on this server";
  rig_.from(
      "CREATE EXTENSION postgis; CREATE TABLE g (id int PRIMARY KEY, p geometry(Point, 4326), a "
      "geometry, gg geography); INSERT INTO g SELECT i, ST_SetSRID(ST_Point(i, i), 4326), "
      "ST_SetSRID(ST_Point(i, 0), 3857 * (i % 2)), ST_Point(i % 90, 1)::geography FROM "
      "generate_series(1, 100) i");
  rig_.migrate_well();
  const std::string all = "SELECT md5(string_agg(g::text, ',' ORDER BY id)) FROM g";
  EXPECT_EQ(rig_.to(all), rig_.from(all));
  rig_.migrate_well({"--passthrough", "never", "--if-exists", "replace"});
  EXPECT_EQ(rig_.to(all), rig_.from(all));
}

TEST_F(PgPgSchema, APartitionedTableBecomesOneTable) {
  rig_.from(
      "CREATE TABLE p (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);"
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
      "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
      "CREATE INDEX p_day ON p (day);"
      "INSERT INTO p SELECT i, date '2024-01-01' + i FROM generate_series(1, 700) i");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to("SELECT count(*), sum(id) FROM p"), "700\t245350");
  EXPECT_EQ(rig_.to("SELECT relkind FROM pg_class WHERE relname = 'p'"), "r");
  EXPECT_EQ(rig_.to("SELECT count(*) FROM pg_index WHERE indrelid = 'p'::regclass"), "2");
}

TEST_F(PgPgSchema, TheDatabaseIsMadeWhenMissing) {
  rig_.from("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  const std::string name = rig_.destination_database() + "_new";
  ProcessOptions command = rig_.command({});
  command.argv[3] = PgPgRig::url(name);
  EXPECT_EQ(run_program(command).status, 0);
  EXPECT_EQ(shared_postgres().sql("SELECT a FROM t", name), "1");
}

}  // namespace
}  // namespace penstock::testing
