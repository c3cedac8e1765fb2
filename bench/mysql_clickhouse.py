"""MySQL to ClickHouse: penstock beside what one would use instead, interleaved in one run.

  A   the query's rows by a prepared statement, undecoded, to nowhere: reading the source, alone
  T   the same in the text protocol, as `mariadb --quick` reads
  I   curl INSERT … FORMAT Native of the ready data into ClickHouse 18.16: the destination, alone
  M   ClickHouse 18.16 pulls by itself with its mysql() table function
  C   the current ClickHouse does
  P   penstock into ClickHouse 18.16 over HTTP
  E   penstock into an embedded ClickHouse folder
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import time

import harness
from harness import clickhouse, env
from pg_clickhouse import TABLES

NAME = "lineitem"


def mariadb(query, database="bench"):
    command = ["mariadb", "--no-defaults", "-N", "-B", "-u", "root", "-S", env("MY_SOCKET"),
               database, "-e", query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def source_url():
    return f"mysql://penstock@127.0.0.1:{env('MY_PORT')}/bench"


class Lineitem:
    def __init__(self, servers):
        self.servers = servers
        self.rows = mariadb(f"SELECT count(*) FROM {NAME}")
        self.native = pathlib.Path(env("DIR")) / "lineitem.native"

    def read(self, protocol):
        return harness.measure([env("READ_PROGRAM"), "127.0.0.1", env("MY_PORT"), "penstock",
                                "sample", "bench", protocol, f"SELECT * FROM {NAME}"], self.servers)

    def read_prepared(self):
        return self.read("prepared")

    def read_text(self):
        return self.read("text")

    def fresh(self, port, name):
        clickhouse(port, f"DROP TABLE IF EXISTS {name}", "bench")
        spec = TABLES[NAME]
        clickhouse(port, f"CREATE TABLE {name} ({spec['columns']}) "
                         f"ENGINE = MergeTree ORDER BY {spec['key']}", "bench")

    def insert_native(self):
        port = env("CH_PORT")
        url = f"http://127.0.0.1:{port}/?database=bench&query="
        if not self.native.exists():
            # What penstock would send: blocks of 65,536 rows.
            self.fresh(port, "ready")
            clickhouse(port, f"INSERT INTO ready SELECT * FROM {self.pulled('mysql')}", "bench")
            query = "SELECT%20*%20FROM%20ready%20FORMAT%20Native&max_block_size=65536"
            subprocess.run(["curl", "-sS", "--fail-with-body", "--noproxy", "*", "-o", self.native,
                            url + query], check=True)
            clickhouse(port, "DROP TABLE ready", "bench")
        self.fresh(port, "native")
        run = harness.measure(["curl", "-sS", "--fail-with-body", "--noproxy", "*", "-X", "POST",
                               "-H", "Expect:", "-T", str(self.native),
                               url + "INSERT%20INTO%20native%20FORMAT%20Native"], self.servers)
        self.check(port, "native")
        return run

    @staticmethod
    def pulled(function):
        return (f"{function}('127.0.0.1:{env('MY_PORT')}', 'bench', '{NAME}', 'penstock', "
                f"'sample')")

    def pull(self, port):
        self.fresh(port, "pulled")
        run = harness.measure_call(lambda: clickhouse(
            port, f"INSERT INTO pulled SELECT * FROM {self.pulled('mysql')}", "bench"),
            self.servers)
        self.check(port, "pulled")
        return run

    def pull_old(self):
        return self.pull(env("CH_PORT"))

    def pull_current(self):
        return self.pull(env("CURRENT_PORT"))

    def penstock_http(self):
        run = harness.measure(harness.migrate(NAME, harness.http_url(), source=source_url()),
                              self.servers)
        self.check(env("CH_PORT"), NAME)
        return run

    def penstock_embedded(self):
        folder = f"{env('DIR')}/warehouse"
        shutil.rmtree(folder, ignore_errors=True)
        return harness.measure(
            harness.migrate(NAME, f"clickhouse:{folder}", source=source_url()), self.servers)

    def check(self, port, name):
        count = clickhouse(port, f"SELECT count() FROM {name}", "bench")
        harness.check_equal(f"rows of {name}", count, self.rows)


WAYS = (("A", "read alone, prepared", Lineitem.read_prepared),
        ("T", "read alone, text", Lineitem.read_text),
        ("I", "insert alone, Native", Lineitem.insert_native),
        ("M", "ClickHouse 18.16 mysql()", Lineitem.pull_old),
        ("C", "ClickHouse current mysql()", Lineitem.pull_current),
        ("P", "penstock, HTTP 18.16", Lineitem.penstock_http),
        ("E", "penstock, embedded", Lineitem.penstock_embedded))


def show(rows, runs, ways):
    print(f"\n{NAME}: {int(rows):,} rows; medians of {len(next(iter(runs.values())))}")
    print(f"  {'':28}{'seconds':>9}{'min':>8}{'max':>8}{'peak MiB':>10}{'own CPU s':>11}"
          f"{'servers':>9}")
    for key, label, _ in ways:
        seconds = [run.seconds for run in runs[key]]
        peak = f"{max(run.peak_mib for run in runs[key]):10.1f}" if key in "PE" else " " * 10
        print(f"  {key} {label:26}{harness.median(runs[key]):9.2f}{min(seconds):8.2f}"
              f"{max(seconds):8.2f}{peak}{harness.median(runs[key], 'cpu'):11.2f}"
              f"{harness.median(runs[key], 'servers_cpu'):9.2f}")
    seconds = {key: harness.median(list_of_runs) for key, list_of_runs in runs.items()}
    ratios = {f"P/{other}": round(seconds["P"] / seconds[other], 3)
              for other in "ATIMC" if "P" in seconds and other in seconds}
    if {"P", "A", "I"} <= seconds.keys():
        fastest = min(seconds[key] for key in "AT" if key in seconds)
        ratios["P/max(read, insert)"] = round(seconds["P"] / max(fastest, seconds["I"]), 3)
    print("  ratios: " + "  ".join(f"{key} {value:.2f}" for key, value in ratios.items()))
    return ratios


def main():
    parser = argparse.ArgumentParser(prog="bench/run mysql-clickhouse")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--ways", default="ATIMCPE", help="which of A, T, I, M, C, P, E to run")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two runs")
    options = parser.parse_args()
    ways = [way for way in WAYS if way[0] in options.ways]
    os.environ["PENSTOCK_SOURCE_PASSWORD"] = "sample"
    clickhouse(env("CH_PORT"), "CREATE DATABASE IF NOT EXISTS bench")
    clickhouse(env("CURRENT_PORT"), "CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
    about = harness.machine("MariaDB " + mariadb("SELECT VERSION()").split("-")[0])
    table = Lineitem([int(env(key)) for key in ("MY_PID", "CH_PID", "CURRENT_PID")])
    table.native.unlink(missing_ok=True)
    runs = {key: [] for key, _, _ in ways}
    for turn in range(options.repeat + 1):
        for key, _, function in ways:
            run = function(table)
            if turn > 0:  # the first turn warms the caches
                runs[key].append(run)
            print(f"  {'warm-up' if turn == 0 else turn} {key} {run.seconds:7.2f} s", flush=True)
            time.sleep(options.pause)  # merges of the run before must not burden the next
    ratios = show(table.rows, runs, ways)
    harness.report("mysql-clickhouse", about, {NAME: {
        "rows": int(table.rows), "ratios": ratios,
        "runs": {key: [vars(run) for run in one] for key, one in runs.items()}}})


if __name__ == "__main__":
    main()
