#include "integration/zoho/zoho_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <thread>

#include "core/text.h"
#include "core/value_text.h"

namespace penstock::testing {

namespace {

constexpr int kAttempts = 5;
constexpr std::size_t kDifferencesMax = 5;

struct Work {
  const TableSchema* table;
  Split split;
};

void read_split(SplitReader& reader, const Work& work, const ReadOptions& options,
                MemoryBudget& budget, ReadResult& result, std::mutex& mutex) {
  ReadSpec spec{.table = work.table};
  for (const Field& field : work.table->fields) spec.columns.push_back({&field, field.type});
  TableTexts rows;
  std::int64_t count = 0, issues = 0;
  reader.start(spec, work.split,
               {.bytes_target = 1U << 20, .rows_max = options.rows_max, .budget = &budget});
  while (const BatchPtr batch = reader.next()) {
    EXPECT_LE(batch->rows, options.rows_max);
    EXPECT_GT(batch->rows, 0);
    count += batch->rows;
    issues += static_cast<std::int64_t>(batch->issues.size());
    for (std::int64_t row = 0; row < batch->rows; ++row) {
      RowTexts texts;
      for (std::size_t i = 0; i < batch->columns.size(); ++i) {
        const Column& column = batch->columns[i];
        ASSERT_EQ(column.length, batch->rows);
        texts[spec.columns[i].field->name] =
            column.valid(row) ? value_text(column, row) : std::string("\\N");
      }
      std::string id = texts.at("id");
      EXPECT_TRUE(rows.emplace(std::move(id), std::move(texts)).second) << "a row came twice";
    }
  }
  const std::lock_guard lock(mutex);
  result.rows += count;
  result.issues += issues;
  TableTexts& table = result.tables[work.table->id.name];
  for (auto& [id, texts] : rows) {
    EXPECT_TRUE(table.emplace(id, std::move(texts)).second) << "two splits have the same row";
  }
}

void read_all(Source& source, std::vector<Work>& work, const ReadOptions& options,
              ReadResult& result) {
  MemoryBudget budget(256U << 20);
  std::mutex mutex;
  std::size_t next = 0;
  const auto run = [&] {
    const auto reader = source.open_reader(CancelToken());
    for (;;) {
      const Work* mine = nullptr;
      {
        const std::lock_guard lock(mutex);
        if (next == work.size()) return;
        mine = &work[next++];
      }
      for (int attempt = 1;; ++attempt) {
        try {
          read_split(*reader, *mine, options, budget, result, mutex);
          break;
        } catch (const Error& error) {
          if (error.retryable() && attempt < kAttempts) continue;
          ADD_FAILURE() << error.describe();
          return;
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < options.readers; ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
}

// A JSON number's text as the columns show it: of money all places, else the shortest.
std::string number_text(const json::value& value, bool money, int scale) {
  char text[400];
  if (!value.is_double() && !money) return json::serialize(value);
  const double number = value.to_number<double>();
  const auto end = money ? std::to_chars(text, text + 400, number, std::chars_format::fixed).ptr
                         : std::to_chars(text, text + 400, number).ptr;
  std::string out(text, end);
  if (!money || scale == 0) return out;
  if (out.find('.') == std::string::npos) out += '.';
  while (out.size() - out.find('.') - 1 < static_cast<std::size_t>(scale)) out += '0';
  return out;
}

std::string list_text(const json::array& items) {
  std::string out = "{";
  for (const json::value& item : items) {
    const std::string text(item.as_string());
    if (out.size() > 1) out += ',';
    const bool quoted =
        text.empty() || text == "NULL" || text.find_first_of(",{}\"\\ \t\n") != std::string::npos;
    out += quoted ? "\"" + text + "\"" : text;
  }
  return out + "}";
}

std::string plain_text(const json::value& value, const std::string& type, int scale) {
  if (value.is_null()) return "\\N";
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_number()) return number_text(value, type == "currency", scale);
  if (value.is_array() && type == "multiselectpicklist") return list_text(value.get_array());
  if (!value.is_string()) return "(json)";
  std::string text(value.get_string());
  const bool instant = type == "datetime" && text.size() == 20 && text.ends_with('Z');
  if (instant) text[10] = ' ';
  return text;
}

}  // namespace

zoho::Pacing quick_pacing() {
  using std::chrono::milliseconds;
  return {.back_off_first = milliseconds(5),
          .back_off_max = milliseconds(50),
          .back_off_total = milliseconds(5'000),
          .attempts_max = 6,
          .throttled_pause = milliseconds(20),
          .poll_first = milliseconds(5),
          .poll_max = milliseconds(20)};
}

ReadResult read_zoho(const zoho_sim::LocalZoho& crm, const std::vector<std::string>& tables,
                     const ReadOptions& options) {
  json::object config = crm.source();
  for (const auto& [key, value] : options.config) config[key] = value;
  const SourceEntry entry = zoho_source(quick_pacing());
  const auto source = entry.make(entry.spec.parse(config, "source"));
  ReadResult result;
  result.info = source->open(CancelToken());
  std::vector<Work> work;
  for (TableSchema& table : source->discover({}, CancelToken())) {
    std::string name = table.id.name;
    if (!tables.empty() && std::ranges::find(tables, name) == tables.end()) continue;
    result.schemas[name] = std::move(table);
  }
  for (const auto& [name, table] : result.schemas) {
    const auto splits = source->plan_splits(
        table, "", {.readers = options.readers, .splits_max = options.splits_max}, CancelToken());
    result.splits[name] = splits.size();
    result.tables[name];
    for (const Split& split : splits) work.push_back({&table, split});
  }
  read_all(*source, work, options, result);
  return result;
}

TableTexts expected_rows(const zoho_sim::LocalZoho& crm, const std::string& module) {
  std::map<std::string, std::pair<std::string, int>> types;  // by field: what decides, and places
  const json::value fields = crm.get("/crm/v8/settings/fields?module=" + module).json();
  for (const json::value& field : fields.at("fields").as_array()) {
    std::string type(field.at("data_type").as_string());
    for (const char* computed : {"formula", "rollup_summary"}) {
      if (type == computed) type = field.at(computed).at("return_type").as_string();
    }
    const json::value& places = field.at("decimal_place");
    types[std::string(field.at("api_name").as_string())] = {
        type, places.is_int64() ? static_cast<int>(places.get_int64()) : 0};
  }
  TableTexts rows;
  for (const json::object& record : crm.dump(module)) {
    RowTexts& row = rows[std::string(record.at("id").as_string())];
    for (const auto& [key, value] : record) {
      const std::string name = lower(std::string_view(key));
      const auto& [type, places] = types[std::string(key)];
      const bool reference = type.ends_with("lookup") && type != "consent_lookup";
      if (!reference && type != "layout") {
        row[name] = plain_text(value, type, places);
        continue;
      }
      const std::string base = name.ends_with("_id") ? name.substr(0, name.size() - 3) : name;
      const json::object* const object = value.if_object();
      for (const char* part : {"id", "name", "email", "module"}) {
        const bool has = object != nullptr && object->contains(part);
        const bool always = part == std::string("id") || part == std::string("name");
        if (!has && !always) continue;
        const json::value* text = has ? &object->at(part) : nullptr;
        if (text != nullptr && text->is_object()) text = &text->as_object().at("api_name");
        row[base + "_" + part] = text == nullptr ? "\\N" : std::string(text->as_string());
      }
    }
  }
  return rows;
}

void expect_equal(const zoho_sim::LocalZoho& crm, const std::string& module,
                  const ReadResult& result) {
  const TableTexts expected = expected_rows(crm, module);
  const TableTexts& got = result.tables.at("zoho_" + lower(module));
  EXPECT_EQ(got.size(), expected.size()) << module;
  std::size_t differences = 0;
  for (const auto& [id, row] : expected) {
    const auto found = got.find(id);
    if (found == got.end()) {
      if (differences++ < kDifferencesMax) ADD_FAILURE() << module << " lacks " << id;
      continue;
    }
    for (const auto& [name, text] : row) {
      const auto cell = found->second.find(name);
      const std::string have = cell == found->second.end() ? "(no column)" : cell->second;
      // JSON is compared as such: the order and the spelling of its parts are Zoho's.
      const bool same =
          text == "(json)" ? have.starts_with('{') || have.starts_with('[') : have == text;
      if (!same && differences++ < kDifferencesMax) {
        ADD_FAILURE() << module << " " << id << " " << name << ": " << have << ", not " << text;
      }
    }
  }
  EXPECT_EQ(differences, 0U) << module;
}

}  // namespace penstock::testing
