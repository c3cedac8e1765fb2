"""Measuring for bench/run: one command's wall time, its own CPU and peak memory, and the CPU of the
servers it works with. Linux only: everything comes from /proc and wait4(2)."""

import dataclasses
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.02


def env(name):
    """What bench/run passes on: ports, process ids, paths."""
    return os.environ["BENCH_" + name]


@dataclasses.dataclass
class Run:
    seconds: float
    cpu: float = 0.0          # of the command and the children it waited for
    peak_mib: float = 0.0     # of the command's own process
    servers_cpu: float = 0.0  # of all servers while it ran

    @property
    def share(self):
        """The command's part of all CPU used, in percent."""
        whole = self.cpu + self.servers_cpu
        return 100 * self.cpu / whole if whole else 0.0


def stat_fields(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return text[text.rindex(")") + 2:].split()


def process_tree(root):
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(stat_fields(entry.name)[1]), []).append(int(entry.name))
            except OSError:
                pass  # it ended meanwhile
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


def cpu_seconds(pid):
    """User and system time of a process, its live descendants, and those it has waited for."""
    ticks = 0
    for member in process_tree(pid):
        try:
            ticks += sum(int(field) for field in stat_fields(member)[11:15])
        except OSError:
            pass
    return ticks / TICKS


def peak_mib(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


def measure(command, servers=(), log=None):
    """Runs a command (a list, or a text for bash) to its end. Exits when it fails."""
    shell = isinstance(command, str)
    argv = ["bash", "-o", "pipefail", "-c", command] if shell else command
    log = log or os.path.join(env("DIR"), "command.log")
    before = sum(cpu_seconds(pid) for pid in servers)
    with open(log, "wb") as output:
        start = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        peak = 0.0
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, peak_mib(child.pid))
            time.sleep(SAMPLE_SECONDS)
        seconds = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")[-3000:]
        sys.exit(f"\nfailed with status {child.returncode}: {command}\n{tail}")
    servers_cpu = sum(cpu_seconds(pid) for pid in servers) - before
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak, servers_cpu)


def measure_call(function, servers=()):
    """The same for a call whose work is done by the servers."""
    before = sum(cpu_seconds(pid) for pid in servers)
    start = time.monotonic()
    function()
    seconds = time.monotonic() - start
    return Run(seconds, servers_cpu=sum(cpu_seconds(pid) for pid in servers) - before)


def clickhouse(port, query, database="default"):
    """One statement over HTTP; returns the answer's text."""
    url = f"http://127.0.0.1:{port}/?" + urllib.parse.urlencode({"database": database})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, query.encode(), timeout=3600) as answer:
            return answer.read().decode().strip()
    except urllib.error.HTTPError as error:
        sys.exit(f"\nClickHouse: {error.read().decode(errors='replace')[:2000]}\nin: {query}")


def psql(query, database="bench"):
    command = [env("PSQL"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", env("PG_SOCKET"),
               "-p", env("PG_PORT"), "-U", "postgres", "-d", database]
    return subprocess.run(command, input=query, capture_output=True, text=True,
                          check=True).stdout.strip()


def source_url():
    return f"postgresql://penstock@127.0.0.1:{env('PG_PORT')}/bench"


def http_url():
    return f"clickhouse://default@127.0.0.1:{env('CH_PORT')}/bench"


def migrate(tables, to, *flags, source=None):
    return [env("PROGRAM"), "migrate", source or source_url(), to, "--tables", tables,
            "--progress", "none", "--json", *flags]


def median(runs, field="seconds"):
    return statistics.median(getattr(run, field) for run in runs)


def check_equal(what, got, expected):
    if str(got) != str(expected):
        sys.exit(f"\n{what}: {got}, but {expected} were expected; no figure of this run counts")


def postgresql_version():
    return "PostgreSQL " + psql("SHOW server_version", "postgres").split()[0]


def machine(source, destination=None):
    """Where the figures are from; the servers' products and versions, ClickHouse 18.16 unless told
    otherwise."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    memory = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    kib = int(re.search(r"^MemTotal:\s+(\d+)", memory, re.MULTILINE).group(1))
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(kib / 1024 / 1024, 1),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
        "commit": env("COMMIT"),
        "source": source,
        "destination": destination or
                       "ClickHouse " + clickhouse(env("CH_PORT"), "SELECT version()"),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def report(name, about, figures):
    """Keeps the figures under build/bench-data/results and says where."""
    folder = pathlib.Path(env("DIR")) / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{about['time'].replace(':', '')}-{name}.json"
    path.write_text(json.dumps({"bench": name, "machine": about, "figures": figures}, indent=2))
    print(f"\n{about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, "
          f"Linux {about['kernel']}, load {about['load_before']} before; "
          f"{about['source']}, {about['destination']}; "
          f"commit {about['commit']}\nkept in {path}")


def figures(runs):
    return {key: [vars(run) | {"share": run.share} for run in of_way]
            for key, of_way in runs.items()}


def show_ways(title, ways, runs):
    """A table of medians, and every way of penstock's (P, D) over every other."""
    print(f"\n{title}; medians of {len(next(iter(runs.values())))}")
    print(f"  {'':28}{'seconds':>9}{'min':>8}{'max':>8}{'peak MiB':>10}{'own CPU s':>11}"
          f"{'share':>8}")
    for key, label, _ in ways:
        seconds = [run.seconds for run in runs[key]]
        print(f"  {key} {label:26}{median(runs[key]):9.2f}{min(seconds):8.2f}{max(seconds):8.2f}"
              f"{max(run.peak_mib for run in runs[key]):10.1f}{median(runs[key], 'cpu'):11.2f}"
              f"{median(runs[key], 'share'):7.1f}%")
    ratios = [f"{mine}/{other} {median(runs[mine]) / median(runs[other]):.2f}"
              for mine in "PD" for other in runs if mine in runs and other not in "PD"]
    print("  ratios: " + "  ".join(ratios))
