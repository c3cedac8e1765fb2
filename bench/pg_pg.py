"""PostgreSQL to PostgreSQL: penstock beside what one would use instead, interleaved in one run.

  A   one `psql COPY … (FORMAT binary) | psql COPY … (FORMAT binary)` per table, all at once, into
      tables that have their primary keys
  B   pgcopydb clone, two jobs for tables and two for indexes
  P   penstock
  D   penstock, rows decoded and encoded again (--passthrough never)

All tables go into a database made for the run, in the server they come from; keys are there at the
end of every way.
"""

import argparse
import os
import pathlib
import time

import harness
from harness import env, psql

TARGET = "bench_copy"


def url(database, user="penstock:sample"):
    return f"postgresql://{user}@127.0.0.1:{env('PG_PORT')}/{database}"


def fresh_target():
    psql(f"DROP DATABASE IF EXISTS {TARGET} (FORCE)", "postgres")
    psql(f"CREATE DATABASE {TARGET} OWNER penstock", "postgres")
    psql("CHECKPOINT", "postgres")


def table_sql(name):
    """CREATE TABLE as the source has it, with its key."""
    columns = psql(
        "SELECT string_agg(format('%I %s%s', attname, format_type(atttypid, atttypmod), "
        "CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END), ', ' ORDER BY attnum) "
        f"FROM pg_attribute WHERE attrelid = '{name}'::regclass AND attnum > 0 "
        "AND NOT attisdropped")
    key = psql("SELECT pg_get_constraintdef(oid) FROM pg_constraint "
               f"WHERE conrelid = '{name}'::regclass AND contype = 'p'")
    return f"CREATE TABLE {name} ({columns}, {key})"


class Bench:
    def __init__(self, tables):
        self.tables = tables
        self.servers = [int(env("PG_PID"))]
        self.rows = {name: psql(f"SELECT count(*) FROM {name}") for name in tables}
        self.made = {name: table_sql(name) for name in tables}

    def pipes(self):
        for name in self.tables:
            psql(f"SET ROLE penstock; {self.made[name]}", TARGET)
        one = ("'{psql}' -Xqc \"COPY {name} TO STDOUT (FORMAT binary)\" '{source}' | "
               "'{psql}' -Xqc \"COPY {name} FROM STDIN (FORMAT binary)\" '{target}' & pids+=($!)")
        script = "pids=(); " + " ".join(
            one.format(psql=env("PSQL"), name=name, source=url("bench"), target=url(TARGET))
            + ";" for name in self.tables).replace("& pids+=($!);", "& pids+=($!); ")
        return harness.measure(script + "for p in ${pids[@]}; do wait $p || exit 1; done",
                               self.servers)

    def pgcopydb(self):
        filters = pathlib.Path(env("DIR")) / "pgcopydb.ini"
        filters.write_text("[include-only-table]\n" +
                           "".join(f"public.{name}\n" for name in self.tables), encoding="ascii")
        command = (f"rm -rf '{env('DIR')}/pgcopydb' && pgcopydb clone --source '{url('bench')}' "
                   f"--target '{url(TARGET)}' --dir '{env('DIR')}/pgcopydb' --filters '{filters}' "
                   "--table-jobs 2 --index-jobs 2 --no-owner --no-acl --skip-extensions "
                   "--not-consistent")
        return harness.measure(command, self.servers)

    def penstock(self, *flags):
        return harness.measure(
            harness.migrate(",".join(f"public.{name}" for name in self.tables),
                            url(TARGET, "penstock"), *flags), self.servers)

    def decoded(self):
        return self.penstock("--passthrough", "never")

    def check(self, way):
        for name in self.tables:
            count = psql(f"SELECT count(*) FROM {name}", TARGET)
            harness.check_equal(f"rows of {name} by {way}", count, self.rows[name])
            keys = psql("SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid = "
                        f"'{name}'::regclass", TARGET)
            harness.check_equal(f"keys of {name} by {way}", keys, 1)


WAYS = (("A", "psql | psql, binary", Bench.pipes), ("B", "pgcopydb", Bench.pgcopydb),
        ("P", "penstock", Bench.penstock), ("D", "penstock, decoded", Bench.decoded))


def main():
    parser = argparse.ArgumentParser(prog="bench/run pg-pg")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--tables", default="lineitem,events")
    parser.add_argument("--ways", default="ABPD")
    parser.add_argument("--pause", type=float, default=2.0)
    options = parser.parse_args()
    ways = [way for way in WAYS if way[0] in options.ways]
    bench = Bench(options.tables.split(","))
    version = "PostgreSQL " + psql("SHOW server_version", "postgres").split()[0]
    about = harness.machine(version, version)
    os.environ["PENSTOCK_DESTINATION_PASSWORD"] = "sample"
    runs = {key: [] for key, _, _ in ways}
    for turn in range(options.repeat + 1):
        for key, _, function in ways:
            fresh_target()
            run = function(bench)
            bench.check(key)
            if turn > 0:  # the first turn warms the caches
                runs[key].append(run)
            print(f"  {'warm-up' if turn == 0 else turn} {key} {run.seconds:7.2f} s", flush=True)
            time.sleep(options.pause)
    fresh_target()
    harness.show_ways(f"{options.tables}: {bench.rows}", ways, runs)
    harness.report("pg-pg", about, harness.figures(runs))


if __name__ == "__main__":
    main()
