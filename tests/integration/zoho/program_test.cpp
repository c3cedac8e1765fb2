// Zoho → ClickHouse with the built programs: penstock-zoho-sim and penstock.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <thread>

#include "servers/private_servers.h"
#include "servers/process.h"
#include "servers/zoho/hash.h"
#include "servers/zoho/local_server.h"

namespace penstock::testing {
namespace {

namespace json = boost::json;

// The simulator's program, as a user starts it.
class SimProgram {
 public:
  explicit SimProgram(std::vector<std::string> flags)
      : process_([&] {
          std::vector<std::string> argv = {PENSTOCK_ZOHO_SIM, "--port", "0"};
          argv.insert(argv.end(), flags.begin(), flags.end());
          return ProcessOptions{.argv = argv,
                                .stdout_path = (dir_ / "out").string(),
                                .stderr_path = (dir_ / "err").string()};
        }()) {
    for (int i = 0; i < 200 && first_line().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    source_ = json::parse(first_line()).as_object();
  }

  const json::object& source() const { return source_; }
  std::vector<json::object> dump(const std::string& module) const {
    const zoho_sim::HttpAnswer answer =
        zoho_sim::http_call({.url = std::string(source_.at("api_domain").as_string()) +
                                    "/__admin/dump?module=" + module,
                             .body = ""});
    std::vector<json::object> records;
    std::stringstream in(answer.body);
    for (std::string line; std::getline(in, line);) {
      records.push_back(json::parse(line).as_object());
    }
    return records;
  }
  void command(const std::string& name, const json::object& body) const {
    const zoho_sim::HttpAnswer answer = zoho_sim::http_call(
        {.method = "POST",
         .url = std::string(source_.at("api_domain").as_string()) + "/__admin/" + name,
         .body = json::serialize(body)});
    EXPECT_EQ(answer.status, 200) << answer.body;
  }
  ChildProcess& process() { return process_; }

 private:
  std::string first_line() const {
    const std::string text = file_text(dir_ / "out");
    return text.find('\n') == std::string::npos ? "" : text.substr(0, text.find('\n'));
  }

  TempDir dir_;
  ChildProcess process_;
  json::object source_;
};

class ZohoProgram : public ::testing::Test {
 protected:
  ZohoProgram() : database_(shared_embedded_clickhouse().fresh_database()) {}

  ProcessOptions command(const SimProgram& crm, const std::vector<std::string>& modules) {
    json::object source = crm.source();
    source["modules"] = json::value_from(modules);
    const json::object job{
        {"source_type", "zoho"},
        {"dest_type", "clickhouse"},
        {"source", source},
        {"destination", json::object{{"host", "127.0.0.1"},
                                     {"port", shared_embedded_clickhouse().port()},
                                     {"database", database_}}},
        {"operation_type", "full"}};
    write_file(dir_ / "job.yaml", json::serialize(job));
    return {.argv = {PENSTOCK_PROGRAM, "migrate", (dir_ / "job.yaml").string(), "--progress",
                     "none", "--json"},
            .environment = {"PENSTOCK_STATE=" + (dir_ / "state").string()}};
  }
  json::object migrate(const SimProgram& crm, const std::vector<std::string>& modules) {
    const ProgramResult run = run_program(command(crm, modules), std::chrono::minutes(2));
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    return json::parse(run.out).as_object();
  }
  std::string ch(const std::string& sql) const {
    return shared_embedded_clickhouse().query(sql, database_);
  }

  void expect_deals(const SimProgram& crm) const {
    std::int64_t rows = 0, amounts = 0, probabilities = 0;
    zoho_sim::Int128 ids = 0;
    for (const json::object& deal : crm.dump("Deals")) {
      ++rows;
      ids += std::stoll(std::string(deal.at("id").as_string()));
      if (deal.at("Amount").is_number()) {
        amounts += std::llround(deal.at("Amount").to_number<double>() * 100);
      }
      if (deal.at("Probability").is_int64()) probabilities += deal.at("Probability").as_int64();
    }
    EXPECT_EQ(ch("SELECT count(), uniqExact(id), toInt64(sum(amount) * 100), sum(probability), "
                 "toUInt32(sum(toInt128(id)) % 1000000007) FROM zoho_deals"),
              std::to_string(rows) + "\t" + std::to_string(rows) + "\t" + std::to_string(amounts) +
                  "\t" + std::to_string(probabilities) + "\t" +
                  std::to_string(static_cast<std::int64_t>(ids % 1'000'000'007)));
  }

  TempDir dir_;
  std::string database_;
};

TEST_F(ZohoProgram, AWholeCrmArrivesAndASecondRunReplacesIt) {
  const SimProgram crm({"--records", "600"});
  const json::object result = migrate(crm, {"*"});
  EXPECT_GT(result.at("tables_migrated").as_array().size(), 20U);
  expect_deals(crm);
  EXPECT_EQ(ch("SELECT name, length(choices), isNull(instant) + isNotNull(instant) FROM "
               "zoho_every_type LIMIT 1 FORMAT Null"),
            "");
  EXPECT_EQ(ch("SELECT count() FROM zoho_quoted_items WHERE parent_id IN (SELECT id FROM "
               "zoho_quotes)"),
            ch("SELECT count() FROM zoho_quoted_items"));
  crm.command("records",
              {{"module", "Deals"},
               {"delete", json::array{crm.dump("Deals").at(5).at("id")}},
               {"insert", json::array{json::object{{"Deal_Name", "new"}, {"Amount", 12.25}}}}});
  migrate(crm, {"Deals"});
  expect_deals(crm);
}

TEST_F(ZohoProgram, KilledAtAnyInstantAndRunAgainItEndsComplete) {
  const SimProgram crm({"--records", "0", "--module", "Deals=60000", "--latency", "5"});
  std::minstd_rand random(::testing::UnitTest::GetInstance()->random_seed() + 5);
  for (int i = 0; i < 4; ++i) {
    ChildProcess child(command(crm, {"Deals"}));
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(50, 900)(random)));
    child.signal(SIGKILL);
    child.wait(std::chrono::seconds(10));
  }
  migrate(crm, {"Deals"});
  expect_deals(crm);
  EXPECT_EQ(ch("SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE "
               "'_penstock_%' AND name != '_penstock_tables'"),
            "");
}

TEST(ZohoSimProgram, RefusesWhatItDoesNotKnowAndEndsWhenTold) {
  const auto run = [](std::vector<std::string> flags) {
    flags.insert(flags.begin(), PENSTOCK_ZOHO_SIM);
    return run_program({.argv = flags}, std::chrono::seconds(20));
  };
  EXPECT_EQ(run({"--nonsense"}).status, 2);
  EXPECT_EQ(run({"--module", "Leads"}).status, 2);
  EXPECT_EQ(run({"--edition", "golden"}).status, 2);
  EXPECT_EQ(run({"--port", "0", "--module", "Nothing=5"}).status, 1);
  EXPECT_EQ(run({"--port", "0", "--zone", "Mars/Base"}).status, 1);
  EXPECT_EQ(run({"--help"}).status, 0);
  SimProgram crm({"--records", "5"});
  EXPECT_EQ(crm.process().stop(SIGTERM, std::chrono::seconds(5)), 0);
}

}  // namespace
}  // namespace penstock::testing
