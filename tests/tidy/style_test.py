"""style.py's rules find what they are for, and only that."""

import unittest

import style


def found(rule, path, text):
    return [message for _, message in rule(style.Source(path, text))]


class Lines(unittest.TestCase):
    def test_width_counts_characters_not_bytes(self):
        self.assertEqual(found(style.line_width, "src/a.cpp", "é" * 100 + "\n"), [])
        self.assertEqual(len(found(style.line_width, "src/a.cpp", "é" * 101 + "\n")), 1)

    def test_length_of_files(self):
        self.assertEqual(found(style.file_length, "a.cpp", "x\n" * 700), [])
        self.assertEqual(len(found(style.file_length, "a.cpp", "x\n" * 701)), 1)

    def test_markers(self):
        for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX"):
            self.assertEqual(len(found(style.markers, "a.cpp", f"// {word}: later\n")), 1, word)
        self.assertEqual(found(style.markers, "a.sh", "mktemp /tmp/x-XXXXXX\n"), [])

    def test_whitespace(self):
        self.assertEqual(len(found(style.whitespace, "a.cpp", "\tint a;\n")), 1)
        self.assertEqual(len(found(style.whitespace, "a.sh", "a \n")), 1)
        self.assertEqual(len(found(style.whitespace, "a.sh", "a")), 1)
        self.assertEqual(found(style.whitespace, "a.cpp", "int a;\n"), [])


class Functions(unittest.TestCase):
    def names(self, text):
        return [name for _, _, name in style.functions(text)]

    def test_finds_functions_in_every_scope(self):
        text = """
namespace a {
struct S : B<int> {
  S() : x(1), y{2} { f(); }
  int get() const noexcept { return x; }
  bool operator==(const S& o) const { return x == o.x; }
  int x = 0;
};
enum class E { one, two };
constexpr int table[] = {1, 2};
template <typename T>
auto make(T t) -> std::vector<T> {
  if (t) { return {t}; }
  return run([&](int i) { return i; });
}
struct S build() { return {}; }
TEST(Suite, Name) { EXPECT_TRUE(true); }
}
"""
        names = self.names(text)
        for name in ("get", "make", "build", "TEST"):
            self.assertIn(name, names)
        self.assertNotIn("if", names)
        self.assertNotIn("B", names)

    def test_braces_in_literals_and_comments_are_no_braces(self):
        text = ("void f() {\n  g(\"}{{\", '{', R\"(}}})\");  // }\n  /* } */ h(1'000'000);\n}\n"
                "void k() {}\n")
        self.assertEqual(style.functions(text), [(1, 4, "f"), (5, 5, "k")])

    def test_length_starts_at_the_signature(self):
        def body(lines):
            return "void f(\n    int a) {\n" + "  g();\n" * lines + "}\n"
        self.assertEqual(found(style.function_length, "a.cpp", body(67)), [])
        self.assertEqual(len(found(style.function_length, "a.cpp", body(68))), 1)

    def test_long_tables_are_no_functions(self):
        text = "const std::array<Row, 99> rows = {{\n" + '    {"a", f(1)},\n' * 99 + "}};\n"
        self.assertEqual(found(style.function_length, "a.cpp", text), [])


class Includes(unittest.TestCase):
    def allowed(self, path, included):
        return not found(style.include_direction, path, f'#include "{included}"\n')

    def test_layers(self):
        for path, included, expected in (
                ("src/core/a.cpp", "core/b.h", True),
                ("src/core/a.cpp", "contract/b.h", False),
                ("src/contract/a.h", "core/b.h", True),
                ("src/contract/a.h", "engine/b.h", False),
                ("src/engine/a.cpp", "contract/b.h", True),
                ("src/engine/a.cpp", "store/b.h", False),
                ("src/engine/a.cpp", "adapters/all.h", False),
                ("src/store/a.cpp", "contract/b.h", False),
                ("src/service/a.cpp", "store/b.h", True),
                ("src/service/a.cpp", "adapters/all.h", False),
                ("src/cli/a.cpp", "engine/b.h", True),
                ("src/cli/a.cpp", "service/b.h", False),
                ("src/app/main.cpp", "adapters/all.h", True)):
            self.assertEqual(self.allowed(path, included), expected, f"{path} -> {included}")

    def test_adapters_know_only_their_own_system(self):
        own = "src/adapters/systems/clickhouse/a.cpp"
        destination = "src/adapters/destinations/clickhouse.cpp"
        for path, included, expected in (
                (own, "adapters/systems/clickhouse/b.h", True),
                (own, "adapters/systems/postgresql/b.h", False),
                (own, "engine/b.h", False),
                (destination, "adapters/systems/clickhouse/b.h", True),
                (destination, "adapters/destinations/clickhouse.h", True),
                (destination, "adapters/destinations/postgresql.h", False),
                (destination, "adapters/all.h", False),
                (destination, "service/b.h", False),
                ("src/adapters/skeleton/source.cpp", "adapters/skeleton/source.h", True),
                ("src/adapters/all.cpp", "adapters/sources/postgresql.h", True)):
            self.assertEqual(self.allowed(path, included), expected, f"{path} -> {included}")


class Headers(unittest.TestCase):
    def test_pragma_and_comment(self):
        good = "// What it is.\n#pragma once\n\nint f();\n"
        self.assertEqual(found(style.header_form, "a.h", good), [])
        self.assertEqual(len(found(style.header_form, "a.h", good.replace("#pragma once", ""))), 1)
        self.assertEqual(
            len(found(style.header_form, "a.h", "#pragma once\nnamespace a {\nint f();\n}\n")), 1)
        late = "#pragma once\nnamespace a {\nclass B;\n// Why.\nint f();\n"
        self.assertEqual(found(style.header_form, "a.h", late), [])


class OwnHeader(unittest.TestCase):
    def check(self, text, header):
        source = style.Source("src/core/batch.cpp", text)
        return list(style.own_header_first(source, {"src/core/batch.h": header}.get))

    def test_comes_first_where_there_is_one(self):
        good = '#include "core/batch.h"\n#include <a>\n'
        bad = '#include <a>\n#include "core/batch.h"\n'
        self.assertEqual(self.check(good, "// Why.\n"), [])
        self.assertEqual(len(self.check(bad, "// Why.\n")), 1)
        self.assertEqual(self.check(bad, None), [])


class Listed(unittest.TestCase):
    def listed(self, cmake):
        source = style.Source("src/core/batch.cpp", "")
        return not list(style.listed_in_cmake(source, cmake.get))

    def test_own_folder_or_one_above(self):
        self.assertTrue(self.listed({"src/core/CMakeLists.txt": "add_library(c batch.cpp)"}))
        self.assertTrue(self.listed({"src/CMakeLists.txt": "add_library(c core/batch.cpp)"}))
        self.assertFalse(self.listed({"src/core/CMakeLists.txt": "add_library(c big_batch.cpp)"}))
        self.assertFalse(self.listed({}))


if __name__ == "__main__":
    unittest.main()
