// From a full staging table to the visible one.
#include <algorithm>

#include "adapters/systems/postgresql/sql_text.h"
#include "adapters/systems/postgresql/target_keep.h"
#include "adapters/systems/postgresql/target_session.h"
#include "core/text.h"

namespace penstock::postgresql {

namespace {

constexpr std::chrono::hours kFinishMax{24};
constexpr const char* kLockTimeout = "SET LOCAL lock_timeout = '2s'";
constexpr std::chrono::milliseconds kLockPause{3'000};
constexpr int kLockAttemptsMax = 60;  // five minutes

std::string quoted(const std::string& schema, const std::string& name) {
  return quote_table({.schema = schema, .name = name});
}

// Puts a staging table where it belongs, in one transaction. A class because the steps share so
// much; one use.
class Finish {
 public:
  Finish(Connection& connection, TargetShared& shared, const TargetTable& table, const RunId& run,
         std::int64_t rows)
      : connection_(connection),
        shared_(shared),
        table_(table),
        run_(run),
        rows_(rows),
        layout_(TargetLayout::from_json(table.payload)),
        names_(table, run),
        staging_(quoted(table.schema, names_.base)),
        visible_(quoted(table.schema, table.name)) {}

  FinishReport finish(IfExists if_exists) {
    report_.target = table_.display();
    report_.rows = rows_;
    begin();
    const bool done = already_done(if_exists);
    exec("COMMIT");
    if (done) return report_;
    check_rows();
    for (int attempt = 1; !try_to_finish(if_exists); ++attempt) {
      if (attempt == kLockAttemptsMax) throw locked();
      connection_.cancel_token().sleep(kLockPause);
      report_.also.clear();
    }
    return report_;
  }

 private:
  // One replacement at a time: they lock one another's tables by their foreign keys.
  void begin() {
    connection_.rollback();
    exec(begin_sql(connection_) +
         "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('penstock'), "
         "hashtext('replace'));" +
         kLockTimeout);
  }

  // False when another session's lock was in the way. Whoever waits for an exclusive lock keeps
  // all who come later from the table: so the wait is short, and tried again.
  bool try_to_finish(IfExists if_exists) {
    try {
      begin();
      if (!already_done(if_exists)) put_in_place(if_exists);
      exec("COMMIT");
      return true;
    } catch (const Error& error) {
      constexpr std::string_view lock_not_available = "55P03";
      if (error.native() != lock_not_available) throw;
      connection_.rollback();
      return false;
    }
  }

  Error locked() const {
    return Error(Side::destination, "destination.lock",
                 "other sessions kept locks on " + table_.display() + " or on what refers to it")
        .in_table(table_.display())
        .hint("end the long queries or transactions on it (pg_locks, pg_stat_activity), run again");
  }

  void put_in_place(IfExists if_exists) {
    const auto found = find();
    if (!found && (if_exists == IfExists::append || if_exists == IfExists::truncate)) {
      if_exists = IfExists::replace;  // it vanished meanwhile
    }
    if (if_exists == IfExists::append) {
      insert();
      record("append");
    } else if (if_exists == IfExists::truncate || (found && must_fill(*found))) {
      empty_and_fill(*found);
      record("fill");
    } else {
      replace(found);
      record("replace");
    }
    exec("DELETE FROM _penstock.splits WHERE staging = " +
         quote_literal(table_.schema + "." + names_.base));
  }

  Result exec(const std::string& sql) {
    return connection_.exec(sql, "putting " + table_.display() + " in place", kFinishMax);
  }

  // After a lost answer: this job's name is on the table, and its staging is gone. Rows that this
  // job appended once, maybe in a process that was killed then, are not appended again.
  bool already_done(IfExists if_exists) {
    const Result row =
        exec("SELECT how, to_regclass(" + quote_literal(staging_) +
             ") IS NULL FROM _penstock.tables WHERE schema = " + quote_literal(table_.schema) +
             " AND name = " + quote_literal(table_.name) + " AND job = " + quote_literal(run_.job));
    if (row.rows() == 0) return false;
    if (row.boolean(0, 1)) return true;
    if (if_exists != IfExists::append || row.text(0, 0) != "append") return false;
    exec("DROP TABLE " + staging_);
    return true;
  }

  void check_rows() {
    const Result row = exec("SELECT count(*) FROM " + staging_);
    if (row.integer(0, 0) == rows_) return;
    throw Error(Side::destination, "destination.rows.mismatch",
                "the staging table holds " + std::string(row.text(0, 0)) + " rows, but " +
                    std::to_string(rows_) + " were written")
        .in_table(table_.display())
        .hint("nothing was made visible; run the job again, and report it if it repeats");
  }

  std::optional<FoundTable> find() {
    auto found = find_tables(connection_, {{table_.schema, table_.name}});
    if (found.empty()) return std::nullopt;
    FoundTable& one = found.begin()->second;
    exec("LOCK TABLE " + visible_ + " IN ACCESS EXCLUSIVE MODE");
    one.dependents = find_dependents(connection_, one.oid);  // again, now that nobody adds any
    return std::move(one);
  }

  bool must_fill(const FoundTable& found) {
    if (!shared_.fills_in_place(table_) && found.dependents.empty()) return false;
    const auto reasons = why_unfit(shape(layout_), found);
    std::string list;
    for (const std::string& one : found.dependents) list += (list.empty() ? "" : ", ") + one;
    if (!reasons.empty()) {
      throw Error(Side::destination, "destination.table.in_use",
                  "it cannot be replaced, for it would take along: " + printable(list, 500) +
                      "; nor filled anew, for " + reasons.front())
          .in_table(table_.display())
          .hint("drop what depends on the table, or change the table to what the plan shows");
    }
    report_.also.push_back("filled in place, to keep " +
                           (list.empty() ? "what depends on it" : printable(list, 300)));
    return true;
  }

  // ---- filling

  void insert() {
    std::string columns;
    for (const TargetColumn& column : table_.columns) {
      columns += (columns.empty() ? "" : ", ") + quote_identifier(column.name);
    }
    exec("INSERT INTO " + visible_ + " (" + columns + ") OVERRIDING SYSTEM VALUE SELECT " +
         columns + " FROM " + staging_);
    advance_sequences(visible_);
    exec("DROP TABLE " + staging_);
  }

  void empty_and_fill(const FoundTable& found) {
    const auto links = read_links(connection_, found.oid);
    drop_links(connection_, links);
    // The rows are the source's: what triggers would do to them was done there.
    const std::string triggers = disable_triggers(connection_, found.oid, visible_);
    exec("TRUNCATE TABLE " + visible_);
    insert();
    if (!triggers.empty()) exec(triggers);
    restore_links(connection_, links, table_, report_);
  }

  // ---- replacing

  void replace(const std::optional<FoundTable>& found) {
    std::vector<KeptLink> links;
    std::string belongings;
    if (found) {
      links = read_links(connection_, found->oid);
      drop_links(connection_, links);
      belongings = read_belongings(connection_, found->oid, visible_, layout_);
      exec("DROP TABLE " + visible_);
    }
    exec("ALTER TABLE " + staging_ + " RENAME TO " + quote_identifier(table_.name));
    rename_sequences();
    name_indexes();
    name_not_nulls();
    if (!belongings.empty()) exec(belongings);
    const std::string comments = comments_sql(table_, layout_, table_.name);
    if (!comments.empty()) exec(comments);
    advance_sequences(visible_);
    restore_links(connection_, links, table_, report_);
  }

  bool name_taken(const std::string& name) {
    return !exec("SELECT to_regclass(" + quote_literal(quoted(table_.schema, name)) + ")")
                .null(0, 0);
  }

  std::string free_name(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 1; name_taken(name); ++i) {
      constexpr std::size_t room = 58;
      name = std::string(utf8_prefix(wanted, room)) + "_" + std::to_string(i);
    }
    if (name != wanted)
      report_.also.push_back(wanted + " named " + name + ", for the name was taken");
    return name;
  }

  // Indexes that could not be built are not there: the result has said so.
  void name_indexes() {
    for (std::size_t i = 0; i < layout_.indexes.size(); ++i) {
      const TargetIndex& index = layout_.indexes[i];
      const std::string made = names_.index(i);
      if (!name_taken(made)) continue;
      const std::string name = quote_identifier(free_name(index.name));
      if (index.kind == IndexKind::plain) {
        exec("ALTER INDEX " + quoted(table_.schema, made) + " RENAME TO " + name);
        continue;
      }
      exec("ALTER TABLE " + visible_ + " ADD CONSTRAINT " + name +
           (index.kind == IndexKind::primary ? " PRIMARY KEY" : " UNIQUE") + " USING INDEX " +
           quote_identifier(made) + " " + index.options);
    }
    for (std::size_t i = 0; i < layout_.additions.size(); ++i) {
      const std::string& wanted = layout_.additions[i].name;
      if (wanted.empty() || !name_taken(names_.constraint(i))) continue;
      exec("ALTER TABLE " + visible_ + " RENAME CONSTRAINT " +
           quote_identifier(names_.constraint(i)) + " TO " + quote_identifier(free_name(wanted)));
    }
  }

  // Since PostgreSQL 18 NOT NULL is a constraint with a name, made from the table's.
  void name_not_nulls() {
    constexpr int version_18 = 180'000;
    if (connection_.server_version() < version_18) return;
    const Result rows = exec(
        "SELECT conname, attname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid "
        "AND attnum = conkey[1] WHERE contype = 'n' AND conrelid = " +
        quote_literal(visible_) + "::regclass AND starts_with(conname, '_penstock_')");
    for (int i = 0; i < rows.rows(); ++i) {
      constexpr std::size_t room = 54;
      const std::string stem = table_.name + "_" + std::string(rows.text(i, 1));
      exec("ALTER TABLE " + visible_ + " RENAME CONSTRAINT " + quote_identifier(rows.text(i, 0)) +
           " TO " + quote_identifier(std::string(utf8_prefix(stem, room)) + "_not_null"));
    }
  }

  void rename_sequences() {
    for (const TargetColumnLayout& column : layout_.columns) {
      if (column.identity.empty()) continue;
      const Result row = exec("SELECT pg_get_serial_sequence(" + quote_literal(visible_) + ", " +
                              quote_literal(column.name) + ")");
      if (row.null(0, 0)) continue;
      const std::string wanted =
          std::string(utf8_prefix(table_.name + "_" + column.name, 59)) + "_seq";
      const std::string name = free_name(wanted);
      exec("ALTER SEQUENCE " + std::string(row.text(0, 0)) + " RENAME TO " +
           quote_identifier(name));
      if (column.identity == kSerial && !column.identity_options.empty()) {
        exec("ALTER SEQUENCE " + quoted(table_.schema, name) + " " + column.identity_options);
      }
    }
  }

  // The next number comes after the source's next one and after every row's.
  void advance_sequences(const std::string& table) {
    for (const TargetColumnLayout& column : layout_.columns) {
      if (column.identity.empty()) continue;
      const std::string name = quote_identifier(column.name);
      const bool down = column.increment < 0;
      const std::string step = std::to_string(column.increment);
      const std::string next =
          column.next_value == 0 ? "NULL::bigint" : std::to_string(column.next_value) + "::bigint";
      const std::string extreme = std::string(down ? "least" : "greatest") + "(" + next +
                                  ", (SELECT " + (down ? "min(" : "max(") + name + ")::numeric + " +
                                  step + " FROM " + table + "))";
      // A column whose last number is used up has no next one.
      exec("SELECT setval(s, v::bigint, false) FROM (SELECT pg_get_serial_sequence(" +
           quote_literal(table) + ", " + quote_literal(column.name) + ")::regclass AS s, " +
           extreme +
           " AS v) q JOIN pg_sequence p ON p.seqrelid = s WHERE v BETWEEN p.seqmin AND p.seqmax");
    }
  }

  // Only a table of penstock's own making gets its digest: rows added to somebody else's do not
  // make it penstock's to replace.
  void record(const char* how) {
    const bool made = std::string_view(how) == "replace";
    exec("INSERT INTO _penstock.tables AS t (schema, name, digest, job, how) VALUES (" +
         quote_literal(table_.schema) + ", " + quote_literal(table_.name) + ", " +
         quote_literal(made ? shape_digest(shape(layout_)) : "") + ", " + quote_literal(run_.job) +
         ", " + quote_literal(how) + ") ON CONFLICT (schema, name) DO UPDATE SET digest = " +
         (made ? "excluded.digest" : "t.digest") +
         ", job = excluded.job, how = excluded.how, time = now()");
  }

  Connection& connection_;
  TargetShared& shared_;
  const TargetTable& table_;
  const RunId& run_;
  const std::int64_t rows_;
  const TargetLayout layout_;
  const StagingNames names_;
  const std::string staging_, visible_;
  FinishReport report_;
};

}  // namespace

FinishReport finish_target(Connection& connection, TargetShared& shared, const TargetTable& table,
                           const RunId& run, IfExists if_exists, std::int64_t rows) {
  try {
    return Finish(connection, shared, table, run, rows).finish(if_exists);
  } catch (...) {
    if (connection.usable()) connection.rollback();
    throw;
  }
}

}  // namespace penstock::postgresql
