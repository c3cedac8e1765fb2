// What a destination has is kept when its tables are replaced or filled.
#include <gtest/gtest.h>

#include <thread>

#include "integration/pairs/pg_pg_rig.h"
#include "servers/fault_proxy.h"

namespace penstock::testing {
namespace {

class PgPgReplace : public ::testing::Test {
 protected:
  void SetUp() override {
    rig_.from(
        "CREATE TABLE t (id bigint PRIMARY KEY, v text);"
        "INSERT INTO t SELECT i, repeat('v', 50) || i FROM generate_series(1, 50000) i; ANALYZE");
  }
  void expect_whole() {
    EXPECT_EQ(rig_.to("SELECT count(*), count(DISTINCT id), sum(id) FROM t"),
              "50000\t50000\t1250025000");
    EXPECT_EQ(rig_.leftovers(), "");
  }

  PgPgRig rig_;
};

TEST_F(PgPgReplace, SomebodyElsesTableIsNotTouchedUnlessAsked) {
  rig_.to("CREATE TABLE t (id bigint PRIMARY KEY, v text); INSERT INTO t VALUES (-1, 'theirs')");
  const json::object refused = rig_.migrate();
  EXPECT_EQ(refused.at("success"), false);
  EXPECT_EQ(rig_.to("SELECT v FROM t"), "theirs");
  rig_.migrate_well({"--if-exists", "append"});
  EXPECT_EQ(rig_.to("SELECT count(*) FROM t"), "50001");
  // Rows that were added do not make the table penstock's to replace.
  EXPECT_EQ(rig_.migrate().at("success"), false);
  rig_.migrate_well({"--if-exists", "truncate"});
  expect_whole();
  EXPECT_EQ(rig_.migrate().at("success"), false);
  rig_.migrate_well({"--if-exists", "replace"});
  expect_whole();
  rig_.migrate_well();  // now it is
  expect_whole();
}

TEST_F(PgPgReplace, GrantsOwnerCommentsAndSettingsStay) {
  const std::string role = "r_" + rig_.destination_database();
  rig_.migrate_well();
  rig_.to("CREATE ROLE " + role + "; CREATE ROLE " + role + "_o; GRANT SELECT ON t TO " + role +
          " WITH GRANT OPTION; GRANT UPDATE (v) ON t TO PUBLIC; COMMENT ON TABLE t IS 'mine'; "
          "COMMENT ON COLUMN t.v IS 'its v'; ALTER TABLE t SET (fillfactor = 70);"
          "ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO " +
          role + "; GRANT CREATE ON SCHEMA public TO " + role + "_o; ALTER TABLE t OWNER TO " +
          role + "_o");
  const std::string all =
      "SELECT (SELECT array_agg(a ORDER BY a::text) FROM unnest(relacl) a), reloptions, relowner, "
      "obj_description(c.oid), col_description(c.oid, 2), "
      "(SELECT attacl FROM pg_attribute WHERE attrelid = c.oid AND attname = 'v') FROM pg_class c "
      "WHERE relname = 't'";
  const std::string before = rig_.to(all), oid = rig_.to("SELECT 't'::regclass::oid");
  rig_.migrate_well();
  EXPECT_EQ(rig_.to(all), before);
  EXPECT_NE(rig_.to("SELECT 't'::regclass::oid"), oid);
  expect_whole();
  rig_.to("ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM " + role + "; DROP OWNED BY " +
          role + "; DROP ROLE " + role);
}

TEST_F(PgPgReplace, ForeignKeysFromOtherTablesStay) {
  rig_.migrate_well();
  rig_.to(
      "CREATE TABLE child (id int PRIMARY KEY, t_id bigint REFERENCES t ON DELETE CASCADE);"
      "INSERT INTO child VALUES (1, 7)");
  rig_.migrate_well();
  expect_whole();
  EXPECT_EQ(rig_.to("SELECT convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE "
                    "conrelid = 'child'::regclass AND contype = 'f'"),
            "t\tFOREIGN KEY (t_id) REFERENCES t(id) ON DELETE CASCADE");
  // A row that the new table lacks: said, and the key is there for the rows to come.
  rig_.from("DELETE FROM t WHERE id = 7");
  const json::object result = rig_.migrate();
  EXPECT_EQ(result.at("success"), true);
  EXPECT_NE(json::serialize(result).find("foreign key"), std::string::npos);
  EXPECT_EQ(rig_.to("SELECT convalidated FROM pg_constraint WHERE conrelid = 'child'::regclass AND "
                    "contype = 'f'"),
            "f");
}

TEST_F(PgPgReplace, ViewsAndTriggersAreKeptByFillingInPlace) {
  rig_.migrate_well();
  rig_.to(
      "CREATE VIEW v AS SELECT count(*) AS n FROM t; CREATE TABLE log (id bigint);"
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES "
      "(NEW.id); RETURN NEW; END';"
      "CREATE TRIGGER noted AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();"
      "CREATE INDEX mine ON t (v)");
  const std::string oid = rig_.to("SELECT 't'::regclass::oid");
  rig_.from("DELETE FROM t WHERE id > 49000");
  const json::object result = rig_.migrate_well();
  EXPECT_NE(json::serialize(result).find("filled in place"), std::string::npos);
  EXPECT_EQ(rig_.to("SELECT n FROM v"), "49000");
  EXPECT_EQ(rig_.to("SELECT count(*) FROM log"), "0") << "the trigger fired";
  EXPECT_EQ(rig_.to("SELECT tgenabled FROM pg_trigger WHERE tgname = 'noted'"), "O");
  EXPECT_EQ(rig_.to("SELECT 't'::regclass::oid"), oid);
  EXPECT_EQ(rig_.to("SELECT to_regclass('mine') IS NOT NULL"), "t");
  // With another shape there is no way that keeps the view: the plan says so, nothing happens.
  rig_.from("ALTER TABLE t ADD COLUMN w int");
  const json::object refused = rig_.migrate();
  EXPECT_EQ(refused.at("success"), false);
  EXPECT_NE(json::serialize(refused).find("view public.v"), std::string::npos)
      << json::serialize(refused);
  EXPECT_EQ(rig_.to("SELECT n FROM v"), "49000");
}

TEST_F(PgPgReplace, AReaderOfTheOldTableIsWaitedForWithoutKeepingOthersOut) {
  rig_.migrate_well();
  PrivatePostgres& server = shared_postgres();
  // A transaction that looked at the table and stays open for a while.
  ChildProcess reader(
      ProcessOptions{.argv = {require_program("psql", "postgresql-client-15"), "-q", "-h",
                              server.socket_dir(), "-p", std::to_string(server.port()), "-U",
                              server.user(), "-d", rig_.destination_database(), "-c",
                              "BEGIN; SELECT count(*) FROM t; SELECT pg_sleep(6); COMMIT"},
                     .environment = {}});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  ChildProcess job(rig_.command({}));
  int looks = 0;
  while (job.running()) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(rig_.to("SELECT count(*) FROM t"), "50000");
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(3'500));
    ++looks;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(job.wait(std::chrono::seconds(1)), 0);
  EXPECT_GT(looks, 2);
  reader.wait(std::chrono::seconds(20));
  expect_whole();
}

TEST_F(PgPgReplace, AViewOfThatNameIsNotReplaced) {
  rig_.to("CREATE VIEW t AS SELECT 1 AS id");
  EXPECT_EQ(rig_.migrate({"--if-exists", "replace"}).at("success"), false);
  EXPECT_EQ(rig_.to("SELECT id FROM t"), "1");
}

// ---- faults

class PgPgFaults : public PgPgReplace {
 protected:
  FaultProxy to_destination_{shared_postgres().port()};
  std::vector<std::string> flags_{"--split-size", "512KiB", "--parallel", "2"};
};

TEST_F(PgPgFaults, Pitfall54_TheLostAnswerOfACommitDoublesNothing) {
  to_destination_.set(
      {.when_sent = "_penstock.splits VALUES", .cut_after_received = 0, .times = 3});
  rig_.migrate_well(flags_, 0, to_destination_.port());
  EXPECT_GT(to_destination_.befallen(), 0);
  expect_whole();
}

TEST_F(PgPgFaults, ACommitThatNeverArrivedIsReadAgain) {
  to_destination_.set({.when_sent = "_penstock.splits VALUES", .cut_after_sent = 0, .times = 3});
  rig_.migrate_well(flags_, 0, to_destination_.port());
  EXPECT_GT(to_destination_.befallen(), 0);
  expect_whole();
}

TEST_F(PgPgFaults, ACopyCutInTheMiddleIsSentAgain) {
  to_destination_.set({.when_sent = "FROM STDIN", .cut_after_sent = 200'000, .times = 3});
  rig_.migrate_well(flags_, 0, to_destination_.port());
  EXPECT_GT(to_destination_.befallen(), 0);
  expect_whole();
}

TEST_F(PgPgFaults, TheLostAnswerOfTheReplacementIsSettled) {
  rig_.migrate_well(flags_);
  to_destination_.set(
      {.when_sent = "INSERT INTO _penstock.tables", .cut_after_received = 0, .times = 1});
  rig_.migrate_well(flags_, 0, to_destination_.port());
  EXPECT_GT(to_destination_.befallen(), 0);
  expect_whole();
}

TEST_F(PgPgFaults, KilledAnywhereAndRunAgainEndsWhole) {
  for (const int wait : {60, 120, 200, 300, 450}) {
    ProcessOptions command = rig_.command(flags_);
    TempDir output;
    command.stdout_path = output / "out";
    command.stderr_path = output / "err";
    ChildProcess child(command);
    std::this_thread::sleep_for(std::chrono::milliseconds(wait));
    child.stop(SIGKILL, std::chrono::seconds(5));
  }
  rig_.migrate_well(flags_);
  expect_whole();
}

TEST_F(PgPgFaults, Pitfall58_AFailedJobLeavesTheOldTable) {
  rig_.migrate_well();
  rig_.from("ALTER TABLE t ADD COLUMN j text; UPDATE t SET j = 'x'");
  const json::object result = rig_.migrate({"--types", "public.t.j=json"});
  EXPECT_EQ(result.at("success"), false);
  expect_whole();
}

TEST_F(PgPgFaults, CtrlCEndsSoonAndLeavesNothing) {
  rig_.from("INSERT INTO t SELECT i, repeat('v', 500) FROM generate_series(50001, 250000) i");
  to_destination_.set({.delay = std::chrono::milliseconds(4)});
  ProcessOptions command = rig_.command(flags_, 0, to_destination_.port());
  TempDir output;
  command.stdout_path = output / "out";
  command.stderr_path = output / "err";
  ChildProcess child(command);
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  ASSERT_TRUE(child.running());
  const auto before = std::chrono::steady_clock::now();
  child.signal(SIGINT);
  const auto status = child.wait(std::chrono::seconds(20));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  EXPECT_EQ(status, 130);
  EXPECT_LT(took.count(), 3.0);
  EXPECT_EQ(rig_.leftovers(), "");
  EXPECT_EQ(rig_.to("SELECT to_regclass('t') IS NULL"), "t");
}

TEST_F(PgPgFaults, AUserWithoutRightsIsTold) {
  const std::string role = "u_" + rig_.destination_database();
  rig_.to("CREATE ROLE " + role + " LOGIN; REVOKE CREATE ON DATABASE " +
          rig_.destination_database() + " FROM PUBLIC");
  ProcessOptions command = rig_.command({});
  std::string& url = command.argv[3];
  url.replace(url.find("postgres@"), 9, role + "@");
  const ProgramResult run = run_program(command);
  EXPECT_EQ(run.status, 1);
  EXPECT_NE((run.out + run.err).find("destination.permission"), std::string::npos)
      << run.out << run.err;
  rig_.to("DROP ROLE " + role);
}

}  // namespace
}  // namespace penstock::testing
