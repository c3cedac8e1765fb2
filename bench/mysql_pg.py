"""MySQL to PostgreSQL: penstock beside what one would use instead, interleaved in one run.

  A   the query's rows by a prepared statement, undecoded, to nowhere: reading the source, alone
  T   the same in the text protocol, as `mariadb --quick` reads
  I   psql COPY … FROM a file in binary format into a table that has its key: the destination, alone
  L   pgloader
  P   penstock

The table has its primary key at the end of every way.
"""

import argparse
import os
import pathlib
import subprocess
import time

import harness
import mysql_clickhouse
from harness import env, psql
from pg_pg import TARGET, fresh_target, url

NAME = "lineitem"
TABLE = """CREATE TABLE lineitem (l_key bigint PRIMARY KEY, l_orderkey int NOT NULL,
l_partkey int NOT NULL, l_suppkey int NOT NULL, l_linenumber int NOT NULL,
l_quantity numeric(15, 2) NOT NULL, l_extendedprice numeric(15, 2) NOT NULL,
l_discount numeric(15, 2) NOT NULL, l_tax numeric(15, 2) NOT NULL, l_returnflag text NOT NULL,
l_linestatus text NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL,
l_receiptdate date NOT NULL, l_shipinstruct text NOT NULL, l_shipmode text NOT NULL,
l_comment text NOT NULL)"""


class Bench(mysql_clickhouse.Lineitem):
    def __init__(self, servers):
        super().__init__(servers)
        self.ready = pathlib.Path(env("DIR")) / "lineitem.pgcopy"

    def psql_file(self, command):
        return (f"'{env('PSQL')}' -Xq -v ON_ERROR_STOP=1 -c \"\\\\copy {NAME} {command} "
                f"'{self.ready}' (FORMAT binary)\" '{url(TARGET)}'")

    def insert_ready(self):
        if not self.ready.exists():
            harness.measure(self.command(), self.servers)
            subprocess.run(["bash", "-c", self.psql_file("TO")], check=True)
            fresh_target()
        psql(f"SET ROLE penstock; {TABLE}", TARGET)
        run = harness.measure(self.psql_file("FROM"), self.servers)
        self.check_target("I")
        return run

    def pgloader(self):
        script = pathlib.Path(env("DIR")) / "pgloader.load"
        script.write_text(
            f"LOAD DATABASE FROM mysql://penstock:sample@127.0.0.1:{env('MY_PORT')}/bench\n"
            f"INTO {url(TARGET)}\n"
            "WITH include drop, create tables, create indexes, reset sequences\n"
            "INCLUDING ONLY TABLE NAMES MATCHING 'lineitem'\n"
            "ALTER SCHEMA 'bench' RENAME TO 'public';\n", encoding="ascii")
        run = harness.measure(["pgloader", str(script)], self.servers)
        self.check_target("L")
        return run

    @staticmethod
    def command():
        return harness.migrate(NAME, url(TARGET, "penstock"),
                               source=mysql_clickhouse.source_url())

    def penstock(self):
        run = harness.measure(self.command(), self.servers)
        self.check_target("P")
        return run

    def check_target(self, way):
        harness.check_equal(f"rows by {way}", psql(f"SELECT count(*) FROM {NAME}", TARGET),
                            self.rows)
        keys = psql(f"SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid = "
                    f"'{NAME}'::regclass", TARGET)
        harness.check_equal(f"keys by {way}", keys, 1)


WAYS = (("A", "read alone, prepared", Bench.read_prepared),
        ("T", "read alone, text", Bench.read_text),
        ("I", "binary COPY in alone, key", Bench.insert_ready), ("L", "pgloader", Bench.pgloader),
        ("P", "penstock", Bench.penstock))


def main():
    parser = argparse.ArgumentParser(prog="bench/run mysql-pg")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ways", default="ATILP")
    parser.add_argument("--pause", type=float, default=1.0)
    options = parser.parse_args()
    ways = [way for way in WAYS if way[0] in options.ways]
    os.environ["PENSTOCK_SOURCE_PASSWORD"] = os.environ["PENSTOCK_DESTINATION_PASSWORD"] = "sample"
    about = harness.machine("MariaDB " + mysql_clickhouse.mariadb("SELECT VERSION()"),
                            "PostgreSQL " + psql("SHOW server_version", "postgres").split()[0])
    bench = Bench([int(env(key)) for key in ("MY_PID", "PG_PID")])
    bench.ready.unlink(missing_ok=True)
    runs = {key: [] for key, _, _ in ways}
    for turn in range(options.repeat + 1):
        for key, _, function in ways:
            fresh_target()
            run = function(bench)
            if turn > 0:  # the first turn warms the caches
                runs[key].append(run)
            print(f"  {'warm-up' if turn == 0 else turn} {key} {run.seconds:7.2f} s", flush=True)
            time.sleep(options.pause)
    fresh_target()
    bench.ready.unlink(missing_ok=True)
    harness.show_ways(f"{NAME}: {bench.rows} rows", ways, runs)
    if {"A", "T", "I", "P"} <= runs.keys():
        seconds = {key: harness.median(one) for key, one in runs.items()}
        alone = max(min(seconds["A"], seconds["T"]), seconds["I"])
        print(f"  P/max(read, insert) {seconds['P'] / alone:.2f}")
    harness.report("mysql-pg", about, harness.figures(runs))


if __name__ == "__main__":
    main()
