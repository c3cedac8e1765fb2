"""error_codes.py finds what it is for, and only that."""

import unittest

import error_codes

TABLE = "# comment\ncode\tretry\tmeaning\taction\n{}\n"


def findings(listed, text, path="src/a.cpp"):
    rows = "\n".join(f"{code}\tno\tmeaning\taction" for code in listed)
    return error_codes.check(TABLE.format(rows), [(path, text)])


class Codes(unittest.TestCase):
    def test_a_listed_and_thrown_code_is_fine(self):
        self.assertEqual(findings(["source.a.b"], 'throw Error(side, "source.a.b", "text");'), [])

    def test_a_code_that_is_not_listed_is_found(self):
        self.assertEqual(len(findings([], 'return config_error("config.x", "text");')), 1)

    def test_a_code_that_nothing_throws_is_found(self):
        self.assertEqual(len(findings(["config.x"], "int a;")), 1)
        self.assertEqual(len(findings(["config.x"], 'if (error.code() == "config.x") return;')), 1)
        self.assertEqual(len(findings(["config.x"], '// throws "config.x"')), 1)
        self.assertEqual(len(findings(["config.x"], '{"config.x", 409},',
                                      "src/service/error_status.cpp")), 1)

    def test_a_code_compared_with_must_exist(self):
        self.assertEqual(len(findings([], 'if (error.code() == "config.x") return;')), 1)

    def test_codes_of_either_side(self):
        self.assertEqual(findings(["*.auth"], 'side_code(side, "*.auth")'), [])
        self.assertEqual(findings(["*.auth"], 'Error(Side::source, "source.auth", "")'), [])
        self.assertEqual(findings(["source.auth"], 'side_code(side, "*.auth")'), [])
        self.assertEqual(len(findings(["*.auth"], 'side_code(side, "*.tls"); "source.auth"')), 1)

    def test_codes_that_are_put_together_are_found(self):
        self.assertEqual(len(findings([], 'return config_error("config.url." + code, text);')), 1)
        self.assertEqual(len(findings([], 'Error(side, std::string(to_text(side_)) + ".tls", x)')),
                         1)
        self.assertEqual(findings([], 'if (code.starts_with("config.")) return 400;'), [])

    def test_codes_listed_twice_are_found(self):
        self.assertEqual(len(findings(["config.x", "config.x"], '"config.x"')), 1)

    def test_digit_separators_and_raw_strings_hide_nothing(self):
        text = "int a = 1'000; int b = 2'000; auto c = R\"(\"x\")\"; f(\"config.x\");"
        self.assertEqual(findings(["config.x"], text), [])


if __name__ == "__main__":
    unittest.main()
