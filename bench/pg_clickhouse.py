"""PostgreSQL to ClickHouse: penstock beside what one would use instead, interleaved in one run.

  A   psql: COPY table TO STDOUT (FORMAT binary) to nowhere: reading the source once, alone
  B   psql COPY … CSV | curl INSERT … FORMAT CSV into ClickHouse 18.16
  C   the current ClickHouse pulls by itself with its postgresql() table function
  P   penstock into ClickHouse 18.16 over HTTP
  E   penstock into an embedded ClickHouse folder
"""

import argparse
import shutil
import time

import harness
from harness import clickhouse, env

# The table as one would make it by hand for B in ClickHouse 18.16, and the CSV that suits it.
TABLES = {
    "lineitem": {
        "key": "l_key",
        "columns": "l_key Int64, l_orderkey Int32, l_partkey Int32, l_suppkey Int32, "
                   "l_linenumber Int32, l_quantity Decimal(15, 2), l_extendedprice Decimal(15, 2), "
                   "l_discount Decimal(15, 2), l_tax Decimal(15, 2), l_returnflag String, "
                   "l_linestatus String, l_shipdate Date, l_commitdate Date, l_receiptdate Date, "
                   "l_shipinstruct String, l_shipmode String, l_comment String",
        "csv": "lineitem",
    },
    "events": {
        "key": "id",
        "columns": "id Int64, session UUID, note Nullable(String), active UInt8, score Float64, "
                   "happened_at String, payload String, numbers Array(Int32), level Int16",
        "csv": "(SELECT id, session, note, active::int, score, happened_at, payload, "
               "translate(numbers::text, '{}', '[]'), level FROM events)",
    },
}


def psql_copy(text):
    return (f"PGPASSWORD=sample '{env('PSQL')}' -Xqc \"COPY {text}\" "
            f"-h 127.0.0.1 -p {env('PG_PORT')} -U penstock bench")


class Table:
    def __init__(self, name, servers):
        self.name, self.spec, self.servers = name, TABLES[name], servers
        self.rows = harness.psql(f"SELECT count(*) FROM {name}")

    def source_alone(self):
        copy = psql_copy(f"{self.name} TO STDOUT (FORMAT binary)")
        return harness.measure(f"{copy} >/dev/null", self.servers)

    def csv_pipe(self):
        port, name = env("CH_PORT"), f"csv_{self.name}"
        clickhouse(port, f"DROP TABLE IF EXISTS {name}", "bench")
        clickhouse(port, f"CREATE TABLE {name} ({self.spec['columns']}) "
                         f"ENGINE = MergeTree ORDER BY {self.spec['key']}", "bench")
        copy = psql_copy(rf"{self.spec['csv']} TO STDOUT (FORMAT csv, NULL '\N')")
        url = f"http://127.0.0.1:{port}/?database=bench&query=INSERT%20INTO%20{name}%20FORMAT%20CSV"
        run = harness.measure(f"{copy} | curl -sS --fail-with-body --noproxy '*' -X POST "
                              f"-H Expect: -T - '{url}'", self.servers)
        self.check(port, name)
        return run

    def pulled(self):
        port = env("CURRENT_PORT")
        clickhouse(port, f"DROP TABLE IF EXISTS bench.{self.name} SYNC")
        run = harness.measure_call(lambda: clickhouse(
            port, f"CREATE TABLE bench.{self.name} ENGINE = MergeTree ORDER BY {self.spec['key']} "
                  f"AS SELECT * FROM postgresql('127.0.0.1:{env('PG_PORT')}', 'bench', "
                  f"'{self.name}', 'penstock', 'sample')"), self.servers)
        self.check(port, self.name)
        return run

    def penstock_http(self):
        run = harness.measure(harness.migrate(f"public.{self.name}", harness.http_url()),
                              self.servers)
        self.check(env("CH_PORT"), self.name)
        return run

    def penstock_embedded(self):
        folder = f"{env('DIR')}/warehouse"
        shutil.rmtree(folder, ignore_errors=True)
        return harness.measure(harness.migrate(f"public.{self.name}", f"clickhouse:{folder}"),
                               self.servers)

    def check(self, port, name):
        count = clickhouse(port, f"SELECT count() FROM {name}", "bench")
        harness.check_equal(f"rows of {name}", count, self.rows)


WAYS = (("A", "source alone, to nowhere", Table.source_alone),
        ("B", "psql CSV | curl", Table.csv_pipe),
        ("C", "ClickHouse postgresql()", Table.pulled),
        ("P", "penstock, HTTP 18.16", Table.penstock_http),
        ("E", "penstock, embedded", Table.penstock_embedded))


def measure_table(name, repeat, ways, pause):
    servers = [int(env(key)) for key in ("PG_PID", "CH_PID", "CURRENT_PID")]
    table = Table(name, servers)
    runs = {key: [] for key, _, _ in ways}
    for turn in range(repeat + 1):
        for key, _, function in ways:
            run = function(table)
            if turn > 0:  # the first turn warms the caches
                runs[key].append(run)
            print(f"  {name} {'warm-up' if turn == 0 else turn} {key} {run.seconds:7.2f} s",
                  flush=True)
            time.sleep(pause)  # merges of the run before must not burden the next
    return table.rows, runs


def show(name, rows, runs, ways):
    print(f"\n{name}: {int(rows):,} rows; medians of {len(next(iter(runs.values())))}")
    print(f"  {'':28}{'seconds':>9}{'min':>8}{'max':>8}{'peak MiB':>10}{'own CPU s':>11}"
          f"{'share':>8}")
    for key, label, _ in ways:
        seconds = [run.seconds for run in runs[key]]
        own = harness.median(runs[key], "cpu")
        share = f"{harness.median(runs[key], 'share'):7.1f}%" if key == "P" else ""
        peak = f"{max(run.peak_mib for run in runs[key]):10.1f}" if key in "PE" else " " * 10
        cpu = f"{own:11.2f}" if key == "P" else " " * 11
        print(f"  {key} {label:26}{harness.median(runs[key]):9.2f}{min(seconds):8.2f}"
              f"{max(seconds):8.2f}{peak}{cpu}{share}")
    ratios = {}
    for mine in ("P", "E"):
        for other in "ABC":
            if runs.get(mine) and runs.get(other):
                ratios[f"{mine}/{other}"] = round(
                    harness.median(runs[mine]) / harness.median(runs[other]), 3)
    print("  ratios: " + "  ".join(f"{key} {value:.2f}" for key, value in ratios.items()))
    return ratios


def main():
    parser = argparse.ArgumentParser(prog="bench/run pg-clickhouse")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--tables", default="lineitem,events")
    parser.add_argument("--ways", default="ABCPE", help="which of A, B, C, P, E to run")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two runs")
    options = parser.parse_args()
    ways = [way for way in WAYS if way[0] in options.ways]
    clickhouse(env("CH_PORT"), "CREATE DATABASE IF NOT EXISTS bench")
    clickhouse(env("CURRENT_PORT"), "CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
    about, figures = harness.machine(harness.postgresql_version()), {}
    for name in options.tables.split(","):
        rows, runs = measure_table(name, options.repeat, ways, options.pause)
        ratios = show(name, rows, runs, ways)
        figures[name] = {"rows": int(rows), "ratios": ratios, "runs": {
            key: [vars(run) | {"share": run.share} for run in list_of_runs]
            for key, list_of_runs in runs.items()}}
    harness.report("pg-clickhouse", about, figures)


if __name__ == "__main__":
    main()
