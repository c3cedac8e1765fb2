// Every way a value can fail to fit, under every policy.
#include "engine/conform.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/civil.h"
#include "core/value_parse.h"
#include "core/value_text.h"

namespace penstock {
namespace {

// A table of (id int64 key, v <type>) whose second column has the given rule.
class Subject {
 public:
  Subject(const Type& type, const ValueRule& rule, bool key = false) {
    plan_.schema.id.name = "t";
    plan_.schema.fields.resize(2);
    plan_.schema.fields[0] = {.name = "id", .type = Type::of(TypeId::int64)};
    plan_.schema.fields[1] = {.name = "v", .native_type = "native", .type = type};
    plan_.read.table = &plan_.schema;
    for (const Field& field : plan_.schema.fields)
      plan_.read.columns.push_back({&field, field.type});
    ValueRule id_rule;
    id_rule.nullable = false;
    id_rule.key = true;
    plan_.target.columns.push_back(
        {.name = "id", .type = Type::of(TypeId::int64), .source = 0, .rule = id_rule});
    plan_.target.columns.push_back({.name = "v", .type = type, .source = 1, .rule = rule});
    plan_.target.columns[1].rule.key = key;
    types_ = {Type::of(TypeId::int64), type};
  }

  Batch batch(const std::vector<std::string>& values) const {
    Batch out(types_);
    for (const std::string& value : values) {
      ColumnBuilder(&out.columns[0]).append_fixed(++out.rows);
      ColumnBuilder builder(&out.columns[1]);
      value == "\\N" ? builder.append_null() : append_parsed(value, builder);
    }
    return out;
  }
  TablePlan& plan() { return plan_; }

 private:
  TablePlan plan_;
  std::vector<Type> types_;
};

std::vector<std::string> values_of(const Batch& batch) {
  std::vector<std::string> out;
  for (std::int64_t row = 0; row < batch.rows; ++row)
    out.push_back(value_text(batch.columns[1], row));
  return out;
}

std::int64_t counted(const Conformer& conformer, Misfit misfit, std::string_view action) {
  for (const LossCount& loss : conformer.losses().counts()) {
    if (loss.misfit == misfit && loss.action == action && loss.column == "v") return loss.count;
  }
  return 0;
}

struct MisfitCase {
  Misfit misfit;
  std::string type;
  ValueRule rule;
  std::string bad, good;
  std::string nearest;  // what losses=nearest makes of it; "NULL" where there is no nearest value
};

ValueRule with(const std::function<void(ValueRule&)>& change) {
  ValueRule rule;
  change(rule);
  return rule;
}

ValueRule element(const ValueRule& inner) {
  ValueRule rule;
  rule.element = std::make_shared<const ValueRule>(inner);
  return rule;
}

std::vector<MisfitCase> cases() {
  const auto dates = with([](ValueRule& rule) {
    rule.low = 0;
    rule.high = 65535;
    rule.infinity = false;
  });
  const auto stamps = with([](ValueRule& rule) {
    rule.low = -1000;
    rule.high = 1000;
    rule.infinity = false;
  });
  const auto finite = with([](ValueRule& rule) { rule.not_finite = false; });
  const auto utf8 = with([](ValueRule& rule) { rule.invalid_utf8 = false; });
  const auto no_nul = with([](ValueRule& rule) { rule.nul = false; });
  const auto three = with([](ValueRule& rule) { rule.bytes_max = 3; });
  const auto one_srid = with([](ValueRule& rule) { rule.other_srid = false; });
  const std::string ewkb = "\\x0101000020110f0000000000000000f03f0000000000000040";
  return {
      {Misfit::out_of_range, "date", dates, "1969-12-31", "1970-01-01", "1970-01-01"},
      {Misfit::out_of_range, "date", dates, "9999-12-31", "2149-06-06", "2149-06-06"},
      {Misfit::infinite, "date", dates, "infinity", "2024-02-29", "2149-06-06"},
      {Misfit::infinite, "date", dates, "-infinity", "2024-02-29", "1970-01-01"},
      {Misfit::out_of_range, "timestamp(3)", stamps, "1970-01-01 00:00:01.001",
       "1970-01-01 00:00:01.000", "1970-01-01 00:00:01.000"},
      {Misfit::infinite, "timestamp(3)", stamps, "-infinity", "1969-12-31 23:59:59.000",
       "1969-12-31 23:59:59.000"},
      {Misfit::out_of_range, "time(3)", stamps, "-00:00:01.001", "00:00:00.000", "-00:00:01.000"},
      {Misfit::out_of_range, "list<date>", element(dates), "{2024-01-01,1900-01-01,NULL}",
       "{2024-01-01}", "{2024-01-01,1970-01-01,NULL}"},
      {Misfit::infinite, "list<list<date>>", element(element(dates)), "{{infinity},{2024-01-01}}",
       "{{2024-01-01}}", "{{2149-06-06},{2024-01-01}}"},
      {Misfit::not_a_number, "float64", finite, "NaN", "1.5", "NULL"},
      {Misfit::infinite, "float32", finite, "-Infinity", "1.5", "NULL"},
      {Misfit::not_a_number, "numeric", finite, "NaN", "1.5", "NULL"},
      {Misfit::infinite, "numeric", finite, "-Infinity", "1.5", "NULL"},
      {Misfit::invalid_text, "string", utf8, "a\xFF\xC0z", "ä", "a\xEF\xBF\xBD\xEF\xBF\xBDz"},
      {Misfit::invalid_text, "json", utf8, "\"\x80\"", "\"\"", "\"\xEF\xBF\xBD\""},
      {Misfit::nul_character, "string", no_nul, std::string("a\0b", 3), "ab", "ab"},
      {Misfit::too_long, "string", three, "abcd", "abc", "NULL"},
      {Misfit::too_long, "binary", three, "\\x00010203", "\\x000102", "NULL"},
      {Misfit::other_srid, "geometry(4326)", one_srid, ewkb, "\\x0101", "NULL"},
      {Misfit::invalid_text, "list<string>", element(utf8), "{a,\xFF}", "{a}", "NULL"},
      {Misfit::missing_value, "list<int8>",
       element(with([](ValueRule& rule) { rule.nullable = false; })), "{1,NULL}", "{1}", ""},
  };
}

class EveryMisfit : public ::testing::TestWithParam<MisfitCase> {};

TEST_P(EveryMisfit, FailsByDefaultNamingColumnRowAndValue) {
  const MisfitCase& one = GetParam();
  Subject subject(parse_type(one.type), one.rule);
  Conformer conformer(subject.plan(), Options());
  Batch batch = subject.batch({one.good, "\\N", one.bad});
  try {
    conformer.apply(batch);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "value." + std::string(to_text(one.misfit)));
    EXPECT_EQ(error.place().column, "v");
    EXPECT_EQ(error.place().row, "id=3");
    EXPECT_EQ(error.place().table, "t");
    EXPECT_FALSE(error.hint().empty());
    EXPECT_FALSE(error.retryable());
  }
}

TEST_P(EveryMisfit, BecomesNullWhenAskedFor) {
  const MisfitCase& one = GetParam();
  if (one.misfit == Misfit::missing_value) return;  // NULL is what does not fit
  for (const bool by_losses : {true, false}) {
    Subject subject(parse_type(one.type), one.rule);
    Options options;
    (by_losses ? (void)(options.losses = Losses::null) : (void)(options.on_error = OnError::null));
    Conformer conformer(subject.plan(), options);
    Batch batch = subject.batch({one.bad, one.good, one.bad});
    conformer.apply(batch);
    EXPECT_EQ(values_of(batch), (std::vector<std::string>{"NULL", one.good, "NULL"}));
    EXPECT_EQ(counted(conformer, one.misfit, "null"), 2);
  }
}

TEST_P(EveryMisfit, BecomesTheNearestValueWhenAskedFor) {
  const MisfitCase& one = GetParam();
  if (one.misfit == Misfit::missing_value) return;
  Subject subject(parse_type(one.type), one.rule);
  Options options;
  options.losses = Losses::nearest;
  Conformer conformer(subject.plan(), options);
  Batch batch = subject.batch({one.good, one.bad});
  conformer.apply(batch);
  EXPECT_EQ(values_of(batch), (std::vector<std::string>{one.good, one.nearest}));
  EXPECT_EQ(counted(conformer, one.misfit, one.nearest == "NULL" ? "null" : "nearest"), 1);
  // What was written fits: a second look finds nothing.
  Conformer again(subject.plan(), Options());
  EXPECT_NO_THROW(again.apply(batch));
}

TEST_P(EveryMisfit, RejectsTheRowWhenAskedForAndKeepsIt) {
  const MisfitCase& one = GetParam();
  Subject subject(parse_type(one.type), one.rule);
  Options options;
  options.on_error = OnError::reject;
  Conformer conformer(subject.plan(), options);
  Batch batch = subject.batch({one.bad, one.good, one.bad});
  conformer.apply(batch);
  EXPECT_EQ(values_of(batch), std::vector<std::string>{one.good});
  EXPECT_EQ(batch.columns[0].value<std::int64_t>(0), 2);
  EXPECT_EQ(conformer.rows_rejected(), 2);
  EXPECT_EQ(counted(conformer, one.misfit, "rejected"), 2);
  ASSERT_EQ(conformer.rejects().size(), 2u);
  EXPECT_EQ(conformer.rejects()[1].key, "id=3");
  EXPECT_EQ(conformer.rejects()[1].reason, to_text(one.misfit));
}

// Two keys must never become one.
TEST_P(EveryMisfit, InAKeyNeverBecomesAnotherValue) {
  const MisfitCase& one = GetParam();
  Subject subject(parse_type(one.type), one.rule, true);
  for (const Losses losses : {Losses::null, Losses::nearest}) {
    Options options;
    options.losses = losses;
    options.on_error = OnError::null;
    Conformer conformer(subject.plan(), options);
    Batch batch = subject.batch({one.bad});
    EXPECT_THROW(conformer.apply(batch), Error);
  }
}

INSTANTIATE_TEST_SUITE_P(Values, EveryMisfit, ::testing::ValuesIn(cases()), [](const auto& test) {
  return std::to_string(test.index) + "_" + std::string(to_text(test.param.misfit));
});

TEST(Conform, AMissingValueWhereNoneFitsCannotBeMadeNull) {
  Subject subject(Type::of(TypeId::int32), with([](ValueRule& rule) { rule.nullable = false; }));
  for (const OnError on_error : {OnError::fail, OnError::null}) {
    Options options;
    options.on_error = on_error;
    options.losses = Losses::nearest;
    Conformer conformer(subject.plan(), options);
    Batch batch = subject.batch({"1", "\\N"});
    EXPECT_THROW(conformer.apply(batch), Error);
  }
  Options options;
  options.on_error = OnError::reject;
  Conformer conformer(subject.plan(), options);
  Batch batch = subject.batch({"1", "\\N", "3"});
  conformer.apply(batch);
  EXPECT_EQ(values_of(batch), (std::vector<std::string>{"1", "3"}));
}

TEST(Conform, MissingListsBecomeEmptyOnesOrFail) {
  const auto rule = with([](ValueRule& one) {
    one.null_list = false;
    one.element = std::make_shared<const ValueRule>();
  });
  Subject subject(parse_type("list<int8>"), rule);
  Conformer conformer(subject.plan(), Options());
  Batch batch = subject.batch({"{1}", "\\N", "{}"});
  conformer.apply(batch);
  EXPECT_EQ(values_of(batch), (std::vector<std::string>{"{1}", "{}", "{}"}));
  EXPECT_EQ(counted(conformer, Misfit::null_list, "nearest"), 1);

  Options strict;
  strict.empty_null_lists = false;
  Conformer strict_conformer(subject.plan(), strict);
  Batch again = subject.batch({"\\N"});
  EXPECT_THROW(strict_conformer.apply(again), Error);
}

TEST(Conform, WhatAReaderReportedIsTreatedOnce) {
  for (const IssueKind kind : {IssueKind::out_of_range, IssueKind::precision}) {
    Subject subject(Type::decimal(5, 2), {});
    Options options;
    options.losses = Losses::nearest;
    Conformer conformer(subject.plan(), options);
    Batch batch = subject.batch({"1.00", "999.99"});
    batch.issues.push_back({.row = 1, .column = 1, .kind = kind, .text = "1e9"});
    conformer.apply(batch);
    EXPECT_EQ(values_of(batch), (std::vector<std::string>{"1.00", "999.99"}));
    EXPECT_EQ(conformer.losses().counts().size(), 1u);
    EXPECT_EQ(conformer.losses().counts()[0].samples[0], "id=2: 1e9");
    EXPECT_TRUE(batch.issues.empty());
  }
  Subject subject(Type::decimal(5, 2), {});
  Options options;
  options.losses = Losses::nearest;
  Conformer conformer(subject.plan(), options);
  Batch batch = subject.batch({"0.00"});
  batch.issues.push_back({.row = 0, .column = 1, .kind = IssueKind::not_a_number, .text = "NaN"});
  conformer.apply(batch);
  EXPECT_EQ(values_of(batch), std::vector<std::string>{"NULL"});
}

TEST(Conform, ARoundedValueBeyondTheDestinationIsClampedToo) {
  const auto rule = with([](ValueRule& one) {
    one.low = 0;
    one.high = 100;
  });
  Subject subject(Type::timestamp(0, false), rule);
  Options options;
  options.losses = Losses::nearest;
  Conformer conformer(subject.plan(), options);
  Batch batch = subject.batch({"2024-01-01 00:00:00"});
  batch.issues.push_back({.row = 0, .column = 1, .kind = IssueKind::precision, .text = "…"});
  conformer.apply(batch);
  EXPECT_EQ(values_of(batch), std::vector<std::string>{"1970-01-01 00:01:40"});
}

TEST(Conform, SeveralMisfitsInARowRejectItOnce) {
  Subject subject(Type::of(TypeId::string), with([](ValueRule& rule) {
                    rule.bytes_max = 1;
                    rule.invalid_utf8 = false;
                  }));
  Options options;
  options.on_error = OnError::reject;
  Conformer conformer(subject.plan(), options);
  Batch batch = subject.batch({"\xFF\xFF"});
  batch.issues.push_back({.row = 0, .column = 1, .kind = IssueKind::invalid_value, .text = "x"});
  conformer.apply(batch);
  EXPECT_EQ(conformer.rows_rejected(), 1);
  EXPECT_EQ(batch.rows, 0);
}

double seconds_for(std::int64_t rows, OnError on_error) {
  Subject subject(Type::of(TypeId::string), with([](ValueRule& rule) { rule.nul = false; }));
  Batch batch = subject.batch(
      std::vector<std::string>(static_cast<std::size_t>(rows), std::string("a\0", 2)));
  Options options;
  options.on_error = on_error;
  Conformer conformer(subject.plan(), options);
  const auto begin = std::chrono::steady_clock::now();
  conformer.apply(batch);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(Conform, ABatchOfOnlyBadRowsTakesLinearTime) {
  for (const OnError on_error : {OnError::reject, OnError::null}) {
    const double small = seconds_for(4'000, on_error), large = seconds_for(40'000, on_error);
    // Ten times the rows: quadratic time would be a hundred times as much.
    EXPECT_LT(large, 35 * small + 0.2);
  }
}

TEST(LossAccount, KeepsAFewSamplesAndAddsUp) {
  LossAccount a, b;
  for (int i = 0; i < 20; ++i) {
    a.add("v", Misfit::precision, "nearest", 1, "s" + std::to_string(i));
    b.add("v", Misfit::precision, "nearest", 2, "t");
  }
  b.add("w", Misfit::precision, "null", 1, "u");
  a.merge(b);
  ASSERT_EQ(a.counts().size(), 2u);
  EXPECT_EQ(a.counts()[0].count, 60);
  EXPECT_EQ(a.counts()[0].samples.size(), 5u);
}

}  // namespace
}  // namespace penstock
