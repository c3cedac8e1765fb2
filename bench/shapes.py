"""Databases of unusual shapes: many tables, many columns, many rows."""

import argparse

import harness
from harness import clickhouse, env


def servers():
    return [int(env(key)) for key in ("PG_PID", "CH_PID")]


def fresh_target():
    clickhouse(env("CH_PORT"), "DROP DATABASE IF EXISTS bench")
    clickhouse(env("CH_PORT"), "CREATE DATABASE bench")


def run_fresh(tables):
    fresh_target()
    return harness.measure(harness.migrate(tables, harness.http_url()), servers())


def line(label, run):
    print(f"  {label:36}{run.seconds:9.2f} s{run.peak_mib:9.1f} MiB peak{run.cpu:9.2f} s own CPU")


def make_once(schema, stamp, statements):
    """Makes a schema unless one with this stamp is there."""
    have = harness.psql(f"SELECT obj_description(to_regnamespace('{schema}'), 'pg_namespace')")
    if have != stamp:
        print(f"  making {schema} …", flush=True)
        harness.psql(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema};")
        for statement in statements:
            harness.psql(statement)
        harness.psql(f"GRANT USAGE ON SCHEMA {schema} TO penstock;"
                     f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO penstock;"
                     f"COMMENT ON SCHEMA {schema} IS '{stamp}'")


def many_tables(options):
    count = options.tables
    make_once("many", f"{count}", (
        f"""DO $$ BEGIN FOR i IN {first}..{min(first + 499, count)} LOOP EXECUTE format(
          'CREATE TABLE many.t%s (id int PRIMARY KEY, name text, at timestamptz);
           INSERT INTO many.t%s SELECT n, ''row '' || n, now() FROM generate_series(1, 10) n',
          i, i); END LOOP; END $$"""
        for first in range(1, count + 1, 500)))
    runs = [run_fresh("many.*") for _ in range(options.repeat)]
    got = clickhouse(env("CH_PORT"), "SELECT count() FROM system.tables WHERE database = 'bench' "
                                     "AND name LIKE 'many%' AND engine NOT LIKE '%View'")
    harness.check_equal("tables", got, count)
    for run in runs:
        line(f"{count} tables of 10 rows", run)
    return {"tables": count, "runs": [vars(run) for run in runs]}


def wide(options):
    # Seven kinds of 40 bytes together: a row of 1,000 columns must fit into a page of 8 KiB.
    kinds = ("int", "text", "numeric(12, 2)", "timestamptz", "double precision", "bool", "smallint")
    values = ("(n + {i})::int", "'t' || n % {i}", "n * {i} / 100.0",
              "timestamptz '2024-01-01' + n * {i} * interval '1 ms'", "n / {i}.0", "n % 2 = 0",
              "(n % {i})::smallint")
    indexes = range(1, options.columns)
    columns = ", ".join(f"c{i} {kinds[i % 7]}" for i in indexes)
    row = ", ".join(values[i % 7].format(i=i) for i in indexes)
    make_once("wide", f"{options.columns} {options.rows}", (
        f"CREATE TABLE wide.t (id bigint PRIMARY KEY, {columns})",
        f"INSERT INTO wide.t SELECT n, {row} FROM generate_series(1, {options.rows}) n"))
    runs = [run_fresh("wide.*") for _ in range(options.repeat)]
    harness.check_equal("rows", clickhouse(env("CH_PORT"), "SELECT count() FROM wide_t", "bench"),
                        options.rows)
    for run in runs:
        line(f"{options.columns} columns, {options.rows:,} rows", run)
    return {"columns": options.columns, "rows": options.rows, "runs": [vars(run) for run in runs]}


def memory(options):
    figures = {}
    for millions in (1, options.millions):
        schema = f"memory_{millions}m"
        make_once(schema, f"{millions}", (
            f"""CREATE TABLE {schema}.t AS
                SELECT n::bigint AS id, md5(n::text) AS digest, (n % 1000)::int AS small,
                       (n / 7.0)::numeric(14, 2) AS amount,
                       timestamptz '2020-01-01' + n * interval '1 s' AS at
                FROM generate_series(1, {millions}000000) n""",
            f"ALTER TABLE {schema}.t ADD PRIMARY KEY (id)", f"ANALYZE {schema}.t"))
        run = run_fresh(f"{schema}.*")
        got = clickhouse(env("CH_PORT"), f"SELECT count() FROM {schema}_t", "bench")
        harness.check_equal("rows", got, millions * 1_000_000)
        line(f"{millions} million rows", run)
        figures[f"{millions}m"] = vars(run)
    few, many = figures["1m"]["peak_mib"], figures[f"{options.millions}m"]["peak_mib"]
    print(f"  peak memory: {many / few:.2f} times that of one million rows")
    return figures


def main():
    parser = argparse.ArgumentParser(prog="bench/run")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kind = kinds.add_parser("many-tables")
    kind.add_argument("--tables", type=int, default=2000)
    kind.add_argument("--repeat", type=int, default=1)
    kind.set_defaults(function=many_tables)
    kind = kinds.add_parser("wide")
    kind.add_argument("--columns", type=int, default=1000)
    kind.add_argument("--rows", type=int, default=20_000)
    kind.add_argument("--repeat", type=int, default=1)
    kind.set_defaults(function=wide)
    kind = kinds.add_parser("memory")
    kind.add_argument("--millions", type=int, default=10)
    kind.set_defaults(function=memory)
    options = parser.parse_args()
    about = harness.machine(harness.postgresql_version())
    harness.report(options.kind, about, options.function(options))


if __name__ == "__main__":
    main()
