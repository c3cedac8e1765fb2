"""Compares the error codes in the sources with data/errors.tsv, from which docs/errors.md is made.

    error_codes.py ROOT        exit status 1 when a code is not listed, or listed but not used

A code is a string literal such as "source.version". Codes must stand whole in the sources: what is
put together at run time could be forgotten here. One that either side can have is written
"*.auth", for side_code() in core/error.h.
"""

import os
import re
import sys

SIDES = ("config", "source", "destination", "engine", "value")
CODE = re.compile(r"(?:%s|\*)(?:\.[a-z][a-z0-9_]*)+" % "|".join(SIDES))
# A code's beginning, or a side of which one is made.
PIECE = re.compile(r"(?:%s)\.(?:[a-z0-9_]+\.)*" % "|".join(SIDES))
# Comments, raw strings, strings (the group `text`) and characters.
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(?P<mark>\w*)\(.*?\)(?P=mark)"'
                   r'|"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'', re.DOTALL)
# Compared with, looked up or searched for: not thrown here.
COMPARED = re.compile(r"(?:[=!]=|starts_with\(|ends_with\(|find\()\s*$")
MADE_OF_SIDE = re.compile(r'to_text\(\s*\w*side\w*(?:\(\))?\s*\)\)?\s*\+\s*$')
# The table of HTTP statuses names codes that others throw. The skeleton is linked by tests only.
LOOKED_UP_IN = ("src/service/error_status.cpp",)
SKIPPED = ("src/adapters/skeleton/",)


def literals(text):
    """(text, line, what stands before it, what stands behind it) for every string literal."""
    for match in TOKEN.finditer(text):
        if match.group("text") is not None:
            yield (match.group("text"), text.count("\n", 0, match.start()) + 1,
                   text[max(0, match.start() - 80):match.start()], text[match.end():][:80])


def scan(path, text):
    """The codes that a source can throw, those it only compares with, and findings."""
    thrown, compared, findings = set(), set(), []
    for literal, line, before, behind in literals(text):
        if CODE.fullmatch(literal):
            used = path in LOOKED_UP_IN or COMPARED.search(before)
            (compared if used else thrown).add((literal, line))
        elif PIECE.fullmatch(literal) and behind.lstrip().startswith("+") and \
                re.search(r"[Ee]rror|code", before):
            findings.append((line, f'a code is made of "{literal}": write it whole'))
        elif literal.startswith(".") and MADE_OF_SIDE.search(before):
            findings.append((line, 'a code is made of a side: use side_code(side, "*.…")'))
    return thrown, compared, findings


def expand(code):
    return {"source" + code[1:], "destination" + code[1:]} if code.startswith("*") else {code}


def listed_codes(table):
    rows = [line.split("\t") for line in table.split("\n") if line and line[0] != "#"]
    return [row[0] for row in rows[1:]]


def check(table, sources):
    """`sources`: (path, text) pairs. Findings as text."""
    listed = listed_codes(table)
    known = set().union(*map(expand, listed)) if listed else set()
    findings = [f"data/errors.tsv: {code} is listed twice"
                for code in sorted(set(listed)) if listed.count(code) > 1]
    used = set()
    for path, text in sources:
        thrown, compared, own = scan(path, text)
        findings += [f"{path}:{line}: {what}" for line, what in own]
        for code, line in sorted(thrown | compared):
            if not expand(code) & known or (not code.startswith("*") and code not in known):
                findings.append(f"{path}:{line}: data/errors.tsv does not list {code}")
        for code, _ in thrown:
            used |= expand(code)
    for code in listed:
        if not expand(code) & used:
            findings.append(f"data/errors.tsv: {code} is listed, but nothing throws it")
    return findings


def read_sources(root):
    for folder, _, names in sorted(os.walk(os.path.join(root, "src"))):
        for name in sorted(names):
            full = os.path.join(folder, name)
            path = os.path.relpath(full, root)
            if name.endswith((".cpp", ".h")) and not path.startswith(SKIPPED):
                with open(full, encoding="utf-8") as file:
                    yield path, file.read()


def main(root):
    with open(os.path.join(root, "data", "errors.tsv"), encoding="utf-8") as file:
        findings = check(file.read(), list(read_sources(root)))
    print("\n".join(findings) or "every error code is listed")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
