#include "servers/zoho/generator_text.h"

#include <array>

#include "servers/zoho/hash.h"

namespace penstock::zoho_sim {
namespace {

using Kind = Cell::Kind;

constexpr auto kFirst = std::to_array<std::string_view>(
    {"Anna", "Ben",   "Carla", "David", "Eva",    "Felix",  "Greta", "Hugo",
     "Ines", "Jonas", "Kira",  "Leo",   "Mia",    "Noah",   "Olga",  "Paul",
     "Rosa", "Samir", "Tara",  "Umar",  "Vera",   "Walter", "Xenia", "Yusuf",
     "Zoe",  "Zoë",   "José",  "Åsa",   "Łukasz", "Мария",  "小明",  "نور"});
constexpr auto kLast = std::to_array<std::string_view>(
    {"Adler", "Bauer",  "Costa",  "Diaz",   "Evans",    "Fischer", "Garcia",  "Hansen",
     "Ito",   "Jansen", "Kumar",  "Lopez",  "Meyer",    "Novak",   "O'Brien", "Patel",
     "Quinn", "Rossi",  "Silva",  "Tanaka", "Ueda",     "Vogel",   "Wagner",  "Xu",
     "Young", "Zimmer", "Müller", "Škoda",  "d'Angelo", "Öz",      "Nguyễn",  "Петров"});
constexpr auto kWords = std::to_array<std::string_view>(
    {"amber",  "bridge", "copper", "delta",   "ember",  "forest", "garden", "harbor",
     "island", "jungle", "kernel", "lantern", "meadow", "needle", "orchid", "planet",
     "quartz", "river",  "silver", "temple",  "umbra",  "valley", "willow", "yellow",
     "zenith", "anchor", "basalt", "candle",  "dragon", "engine", "fabric", "glacier"});
constexpr auto kCities = std::to_array<std::string_view>(
    {"Athens",  "Berlin",   "Chennai", "Dublin",       "Esbjerg",   "Florence", "Geneva",
     "Hamburg", "Istanbul", "Jaipur",  "Kyiv",         "Lisbon",    "Madrid",   "Nairobi",
     "Oslo",    "Paris",    "Quito",   "Rome",         "São Paulo", "Tokyo",    "Ulm",
     "Vienna",  "Warsaw",   "Xi'an",   "York",         "Zürich",    "Łódź",     "Αθήνα",
     "Москва",  "東京",     "القاهرة", "Saint-Étienne"});
constexpr auto kAwkward = std::to_array<std::string_view>(
    {"say \"hello\", twice", "line one\nline two\r\nline three", "  spaces around  ",
     "tab\there\\and backslash", "🚀 emoji 👩‍👩‍👧‍👦 family", "NULL", "=1+1",
     "'single' -- ; DROP", "€uro & <tag>", "مرحبا بالعالم", "a,b;c|d", "\\N", "\"\"", "0", "true",
     "${EMPTY}"});

template <typename Table>
void append_one(std::string& out, const Table& table, std::uint64_t hash) {
  out += table[below(mix(hash), table.size())];
}

void append_words(std::string& out, std::uint64_t hash, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    hash = mix(hash);
    out += kWords[hash % kWords.size()];
  }
}

void append_digits(std::string& out, std::uint64_t hash, std::uint64_t bound) {
  append_number(out, static_cast<std::int64_t>(below(mix(hash), bound)));
}

void names(const FieldSpec& field, std::uint64_t hash, std::string& out) {
  const std::string_view flavour = field.flavour;
  if (flavour == "first") return append_one(out, kFirst, hash);
  if (flavour == "last") return append_one(out, kLast, hash);
  if (flavour == "city" || flavour == "country") return append_one(out, kCities, hash);
  if (flavour == "company") {
    append_one(out, kLast, hash);
    out += hash % 2 == 0 ? " & Co " : " GmbH ";
    return append_digits(out, hash + 1, 10'000);
  }
  append_words(out, hash, flavour == "text" ? 2 : 3);  // title, product and plain texts
  if (flavour == "text") return;
  out += ' ';
  append_digits(out, hash + 2, 1'000'000);
}

bool contact(const FieldSpec& field, std::uint64_t hash, std::string& out) {
  const std::string_view flavour = field.flavour;
  if (flavour == "email") {
    append_words(out, hash, 1);
    append_digits(out, hash, 100'000);
    out += "@example.test";
  } else if (flavour == "phone") {
    out += "+49 30 ";
    append_digits(out, hash, 10'000'000);
  } else if (flavour == "website") {
    out += "https://www.example.test/";
    append_words(out, hash, 1);
  } else if (flavour == "code" || flavour == "profileimage") {
    out += "p0";
    append_digits(out, hash, 1ULL << 60);
  } else if (flavour == "duration") {
    out += static_cast<char>('0' + hash % 6);
    out += static_cast<char>('0' + hash / 8 % 10);
    out += ":30";
  } else if (flavour == "datetime_text") {
    out += "2024-02-03T04:05:06+05:30";  // a picklist that holds times, as Calls.Reminder does
  } else {
    return false;
  }
  return true;
}

void files(const FieldSpec& field, std::uint64_t hash, std::string& out) {
  out += R"([{"id":"48700000000)";
  append_number(out, 10'000'000 + static_cast<std::int64_t>(below(mix(hash), 9'000'000)));
  out += R"(","File_Id__s":"f)";
  append_digits(out, hash, 1ULL << 50);
  out += R"(","File_Name__s":"plan )";
  append_words(out, hash, 1);
  out += R"(.pdf","Size__s":"12345","Created_Time__s":"2024-01-02T03:04:05+05:30",)"
         R"("Modified_Time__s":"2024-01-02T03:04:05+05:30")";
  if (field.data_type == "imageupload") {
    out += R"(,"Description__s":null,"Sequence_Number__s":1,"State__s":"active")";
  }
  out += "}]";
}

}  // namespace

void generate_text(const FieldSpec& field, std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::text;
  if (contact(field, hash, cell.text)) return;
  if (hash % 64 == 0 && field.length >= 40 && field.flavour != "city") {
    append_one(cell.text, kAwkward, hash >> 6);
  } else if (field.flavour == "prose") {
    const bool long_text = hash % 512 == 1 && field.length >= 32'000;
    append_words(cell.text, hash, long_text ? 1'200 : 3 + below(mix(hash + 3), 10));
  } else {
    names(field, hash, cell.text);
  }
}

void generate_html(std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::text;
  cell.text = "<div>";
  append_words(cell.text, hash, 2 + below(mix(hash), 6));
  // One in four is longer than what lists show.
  if (hash % 4 == 0) {
    for (int i = 0; i < 6; ++i) {
      cell.text += "<p class=\"x\">é ";
      append_words(cell.text, hash + static_cast<std::uint64_t>(i), 14);
      cell.text += "</p>\n";
    }
  }
  cell.text += "</div>";
}

void generate_json(const FieldSpec& field, std::uint64_t hash, Cell& cell) {
  cell.kind = Kind::json;
  std::string& out = cell.text;
  const std::string_view type = field.data_type;
  if (type == "RRULE") {
    out += R"({"RRULE":"FREQ=DAILY;INTERVAL=)";
    append_number(out, 1 + static_cast<std::int64_t>(hash % 9));
    out += R"(;DTSTART=2023-05-20;UNTIL=2023-05-28"})";
  } else if (type == "ALARM") {
    out += R"({"ALARM":"ACTION=EMAIL;TRIGGER=DATE-TIME:2023-05-20T10:)";
    append_number(out, 10 + static_cast<std::int64_t>(hash % 50));
    out += R"(:00+05:30"})";
  } else if (type == "multireminder") {
    out += R"([{"unit":15,"period":"minutes","time":"10.30"}])";
  } else if (type == "time_range") {
    out += R"({"From":"09:00","To":"17:30"})";
  } else if (type == "linetax") {
    out += R"([{"percentage":10,"name":"Vat","id":"4870000000000044001","value":)";
    append_decimal(out, static_cast<std::int64_t>(below(mix(hash), 100'000)), 2);
    out += "}]";
  } else if (type == "territories") {
    out += R"([{"id":"4870000000000055001","name":"North","$assigned":"Manual"})";
    if (hash % 8 == 0) out += R"(,{"id":"4870000000000055003","name":"South"})";
    out += ']';
  } else if (type == "consent_lookup") {
    out += R"({"id":"48700000000)";
    append_number(out, 20'000'000 + static_cast<std::int64_t>(below(mix(hash), 9'000'000)));
    out += R"(","Contact_Through_Email":true,"Contact_Through_Phone":false,)"
           R"("Mail_Sent_Time":"2024-01-02T03:04:05+05:30","Consent_Date":null,)"
           R"("Data_Processing_Basis":"Obtained"})";
  } else {
    files(field, hash, out);
  }
}

}  // namespace penstock::zoho_sim
