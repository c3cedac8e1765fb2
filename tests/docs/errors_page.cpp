#include <array>

#include "core/error.h"
#include "core/text.h"
#include "docs/markdown.h"
#include "docs/pages.h"

namespace penstock::pages {

namespace {

struct Section {
  std::string_view prefix, title, text;
};

constexpr std::array kSections = {
    Section{"config.", "The request",
            "Nothing was changed, except where a job had begun already. Command line: exit code 2, "
            "HTTP: 400, or another status of [http-api.md](http-api.md#errors)."},
    Section{"value.", "A value that the destination cannot hold",
            "The source's data, but your decision: the policies `losses` and `on_error` say what "
            "becomes of such values. The message names table, column and row."},
    Section{"*.", "A server, either side",
            "The part before the dot says which one: the source's code and the destination's have "
            "the same meaning. `native` holds the server's own code (SQLSTATE for PostgreSQL, the "
            "error's number for MySQL)."},
    Section{"source.", "The source", ""},
    Section{"destination.", "The destination", ""},
    Section{"engine.", "penstock itself, or the machine it runs on", ""},
};

std::string codes(const std::string& listed) {
  if (!listed.starts_with('*')) return code(listed);
  return code(side_code(Side::source, listed)) + " " + code(side_code(Side::destination, listed));
}

}  // namespace

std::string errors_page(std::string_view table) {
  std::string out =
      "# Errors\n\nMade from `data/errors.tsv`. " + std::string(kGenerated) +
      "\n\nEvery failure has a code that stays the same from version to version: "
      "`error_type` in JSON, in brackets at a message's end on the command line. Its first word "
      "says who must act: `config` you, with this request; `source` and `destination` who runs "
      "that system; `value` the source's data; `engine` penstock. Where a failure can pass by "
      "itself (\"repeated: yes\") and rows are being copied, penstock reads that part of the table "
      "again, up to 5 times with growing pauses; you see the code when that did not help. Before "
      "and after the copying nothing is repeated: run the job again. Messages of servers are shown "
      "as they are.\n";
  const std::vector<TypeRow> rows = parse_type_table(table);
  for (const Section& section : kSections) {
    out += "\n## " + std::string(section.title) + "\n\n";
    if (!section.text.empty()) out += std::string(section.text) + "\n\n";
    out += head({"Code", "Repeated", "What happened", "What to do"});
    for (const TypeRow& one : rows) {
      if (!one.at("code").starts_with(section.prefix)) continue;
      out += row({codes(one.at("code")), one.at("retry"), one.at("meaning"), one.at("action")});
    }
  }
  return out;
}

}  // namespace penstock::pages
