"""The rules of CONTRIBUTING.md that a program can check. Run by ctest; prints file:line: finding.

    style.py ROOT        checks the repository at ROOT; exit status 1 when there is a finding

Each rule is a function from a Source to findings, so that style_test.py can try it on a few lines.
"""

import dataclasses
import os
import re
import sys

LINE_WIDTH = 100
FILE_LINES = 700
FUNCTION_LINES = 70
FOLDERS = ("src", "tests", "bench", "tools", "cmake", ".ci")
ROOT_FILES = ("quickstart", "test", "CMakeLists.txt")
SUFFIXES = (".cpp", ".h", ".py", ".sh", ".cmake", ".sql", ".txt", "")
SKIPPED_FOLDERS = ("golden", "corpus", "node_modules", "__pycache__")
# Spelt in two parts, or this file would hold what it looks for.
MARKERS = re.compile(r"\b(" + "|".join(a + b for a, b in
                                       (("TO", "DO"), ("FIX", "ME"), ("X", "XX"), ("HA", "CK")))
                     + r")\b")

# folder -> what it may include; "adapters" has rules of its own below.
ALLOWED = {
    "core": {"core"},
    "contract": {"contract", "core"},
    "engine": {"engine", "contract", "core"},
    "store": {"store", "core"},
    "service": {"service", "engine", "contract", "core", "store"},
    "cli": {"cli", "engine", "contract", "core", "store"},
}
# What every adapter may share: folders under src/adapters that belong to no system.
SHARED_ADAPTER_FOLDERS = ("adapters/io/", "adapters/formats/")


@dataclasses.dataclass
class Source:
    path: str  # relative to the repository's root
    text: str

    @property
    def lines(self):
        return self.text.split("\n")

    @property
    def is_cpp(self):
        return self.path.endswith((".cpp", ".h"))


def line_width(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > LINE_WIDTH:
            yield number, f"line of {len(line)} characters; {LINE_WIDTH} are allowed"


def file_length(source):
    count = source.text.count("\n")
    if count > FILE_LINES:
        yield count, f"file of {count} lines; {FILE_LINES} are allowed"


def markers(source):
    for number, line in enumerate(source.lines, 1):
        found = MARKERS.search(line)
        if found:
            yield number, f"leftover marker {found.group()}: do it, or open an issue"


def whitespace(source):
    for number, line in enumerate(source.lines, 1):
        if source.is_cpp and "\t" in line:
            yield number, "tab"
        if line != line.rstrip():
            yield number, "space at the line's end"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "no newline at the file's end"


# Raw strings first: quotes within them mean nothing.
NOT_CODE = re.compile(r'R"([^()\\ ]{0,16})\(.*?\)\1"|//[^\n]*|/\*.*?\*/'
                      r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_only(text):
    """The text with comments, literals and preprocessor lines blanked; every newline stays."""
    text = NOT_CODE.sub(blank, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.MULTILINE)


SCOPE = re.compile(r"(?:\s|\[\[.*?\]\]|template\s*<.*>|typedef|export|inline)*"
                   r"(?:namespace|class|struct|union|enum|extern)\b")
AFTER_PARAMETERS = re.compile(r"\)\s*(?:const|noexcept|override|final|&+|->.*|\s)*$", re.DOTALL)


def opens_function(head):
    """Whether a brace after `head`, outside of any function, opens a function's body."""
    if "(" not in head or head.rstrip().endswith(("(", ",", "=", "return")):
        return False
    return SCOPE.match(head) is None or AFTER_PARAMETERS.search(head) is not None


def functions(text):
    """(first line, last line, name) of each function with a body, nested lambdas not counted."""
    code = code_only(text)
    found, stack, head_start, line, inside = [], [], 0, 1, 0
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            head = code[head_start:at]
            is_function = inside == 0 and opens_function(head)
            first = line - head.lstrip().count("\n")
            stack.append((is_function, first, head))
            inside += is_function
            head_start = at + 1
        elif char == "}" and stack:
            is_function, first, head = stack.pop()
            inside -= is_function
            if is_function:
                name = re.search(r"([~\w:]+|operator\W+)\s*\(", head)
                found.append((first, line, name.group(1) if name else "?"))
            head_start = at + 1
        elif char == ";":
            head_start = at + 1
    return found


def function_length(source):
    if not source.is_cpp:
        return
    for first, last, name in functions(source.text):
        count = last - first + 1
        if count > FUNCTION_LINES:
            yield first, f"function {name} of {count} lines; {FUNCTION_LINES} are allowed"


def system_of(path):
    """The system an adapter file belongs to: src/adapters/systems/NAME/…, sources/NAME….cpp."""
    parts = path.split("/")
    if parts[2] == "systems":
        return parts[3]
    if parts[2] in ("sources", "destinations"):
        return re.split(r"[._]", parts[3])[0]
    return parts[2] if len(parts) > 3 else None  # a folder such as skeleton; None: all.h, all.cpp


def adapter_may_include(path, included):
    if included.startswith(("core/", "contract/")):
        return True
    if not included.startswith("adapters/"):
        return False
    if included.startswith(SHARED_ADAPTER_FOLDERS):
        return True
    system = system_of(path)
    return system is None or system_of("src/" + included) == system


def include_direction(source):
    parts = source.path.split("/")
    if parts[0] != "src" or not source.is_cpp or len(parts) < 3:
        return
    folder = parts[1]
    for number, line in enumerate(source.lines, 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found or folder == "app":
            continue
        included = found.group(1)
        if folder == "adapters":
            good = adapter_may_include(source.path, included)
        else:
            good = included.split("/")[0] in ALLOWED.get(folder, ())
        if not good:
            yield number, f"{source.path} must not include {included}"


def own_header_first(source, read):
    if not source.path.endswith(".cpp"):
        return
    header = source.path[:-len("cpp")] + "h"
    wanted = header.split("/", 1)[-1]
    includes = re.findall(r'^#include\s+[<"]([^>"]+)', source.text, re.MULTILINE)
    if read(header) is not None and includes[:1] != [wanted]:
        yield 1, f"the first include must be {wanted}: that shows that it compiles alone"


def header_form(source):
    if not source.path.endswith(".h"):
        return
    if "#pragma once" not in source.lines:
        yield 1, "header without #pragma once"
    for number, line in enumerate(source.lines, 1):
        text = line.strip()
        if text.startswith("//"):
            return
        plain = not text or text.startswith(("#", "namespace", "using ", "}"))
        if not plain and not re.match(r"(class|struct|enum class) \w+( : \w+)?;$", text):
            yield number, "header whose first declaration has no comment, nor has the file"
            return


def listed_in_cmake(source, read):
    """`read` returns a file's text, or None when there is none."""
    if not source.path.endswith(".cpp"):
        return
    folder = os.path.dirname(source.path)
    while True:
        text = read(os.path.join(folder, "CMakeLists.txt"))
        name = os.path.relpath(source.path, folder or ".")
        if text and re.search(r"(?<![\w./])" + re.escape(name) + r"(?![\w.])", text):
            return
        if not folder:
            yield 1, "not listed in any CMakeLists.txt, so never compiled"
            return
        folder = os.path.dirname(folder)


RULES = (line_width, file_length, markers, whitespace, function_length, include_direction,
         header_form)
FILE_RULES = (listed_in_cmake, own_header_first)


def read_file(root, path):
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def sources(root):
    paths = [name for name in ROOT_FILES if os.path.exists(os.path.join(root, name))]
    for folder in FOLDERS:
        for here, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            paths += [os.path.relpath(os.path.join(here, name), root) for name in names
                      if os.path.splitext(name)[1] in SUFFIXES]
    for path in sorted(paths):
        yield Source(path, read_file(root, path))


def check(root):
    count = 0
    for source in sources(root):
        findings = [finding for rule in RULES for finding in rule(source)]
        for rule in FILE_RULES:
            findings += rule(source, lambda path: read_file(root, path))
        for number, finding in findings:
            print(f"{source.path}:{number}: {finding}")
        count += len(findings)
    return count


if __name__ == "__main__":
    total = check(sys.argv[1])
    print(f"{total} findings")
    sys.exit(1 if total else 0)
