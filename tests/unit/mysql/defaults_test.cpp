#include "adapters/systems/mysql/defaults.h"

#include <gtest/gtest.h>

namespace penstock::mysql {
namespace {

struct Given {
  Type type;
  std::string data_type;
  std::optional<std::string> text;
  std::string extra;
};

// "value 5", "now", "expression f()" or "none", with notes after "!".
std::string default_of(const Given& given, bool is_sql) {
  Field field{.name = "c", .type = given.type};
  set_default(field, given.data_type, {given.text, given.extra, is_sql});
  std::string out;
  switch (field.default_kind) {
    case DefaultKind::none: out = "none"; break;
    case DefaultKind::value: out = "value " + field.default_text; break;
    case DefaultKind::current_timestamp: out = "now"; break;
    case DefaultKind::expression: out = "expression " + field.default_expression; break;
  }
  for (const LossNote& note : field.losses) out += "!" + note.code;
  return out;
}
std::string mariadb(const Type& type, const std::string& data_type,
                    const std::optional<std::string>& text, const std::string& extra = "") {
  return default_of({type, data_type, text, extra}, true);
}
std::string mysql(const Type& type, const std::string& data_type,
                  const std::optional<std::string>& text, const std::string& extra = "") {
  return default_of({type, data_type, text, extra}, false);
}

const Type kInt = Type::of(TypeId::int32), kText = Type::of(TypeId::string);

TEST(MysqlDefaults, ValuesAsMariadbSpellsThem) {
  EXPECT_EQ(mariadb(kInt, "int", std::nullopt), "none");
  EXPECT_EQ(mariadb(kInt, "int", "NULL"), "none");
  EXPECT_EQ(mariadb(kInt, "int", "42"), "value 42");
  EXPECT_EQ(mariadb(kInt, "int", "'42'"), "value 42");
  EXPECT_EQ(mariadb(kText, "varchar", "'NULL'"), "value NULL");
  EXPECT_EQ(mariadb(kText, "varchar", "'it''s'"), "value it's");
  EXPECT_EQ(mariadb(kText, "varchar", "''"), "value ");
  EXPECT_EQ(mariadb(kText, "varchar", "concat('a','b')"), "expression concat('a','b')");
  EXPECT_EQ(mariadb(Type::decimal(10, 2), "decimal", "1.5"), "value 1.50");
  EXPECT_EQ(mariadb(Type::of(TypeId::boolean), "bit", "b'1'"), "value true");
  EXPECT_EQ(mariadb(Type::of(TypeId::uint64), "bit", "b'101'"), "value 5");
}

TEST(MysqlDefaults, ValuesAsMysqlShowsThem) {
  EXPECT_EQ(mysql(kText, "varchar", "NULL"), "value NULL") << "the text, not its absence";
  EXPECT_EQ(mysql(kText, "varchar", "it's"), "value it's");
  EXPECT_EQ(mysql(kText, "varchar", "upper('x')", "DEFAULT_GENERATED"), "expression upper('x')");
  EXPECT_EQ(mysql(Type::of(TypeId::binary), "varbinary", "0x00FF"), "value \\x00ff");
  EXPECT_EQ(mysql(Type::list(kText), "set", "a,b"), "value {a,b}");
}

TEST(MysqlDefaults, TheCurrentTimeInEverySpelling) {
  const Type stamp = Type::timestamp(0, true);
  EXPECT_EQ(mariadb(stamp, "timestamp", "current_timestamp()"), "now");
  EXPECT_EQ(mysql(stamp, "timestamp", "CURRENT_TIMESTAMP", "DEFAULT_GENERATED"), "now");
  EXPECT_EQ(mysql(Type::timestamp(6, false), "datetime", "CURRENT_TIMESTAMP(6)",
                  "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(6)"),
            "now!on_update");
  EXPECT_EQ(mariadb(kText, "varchar", "'current_timestamp()'"), "value current_timestamp()");
}

TEST(MysqlDefaults, Pitfall10_ZeroDatesAreNoDefault) {
  EXPECT_EQ(mariadb(Type::timestamp(0, false), "datetime", "'0000-00-00 00:00:00'"),
            "none!zero_default");
  EXPECT_EQ(mysql(Type::of(TypeId::date), "date", "2024-00-00"), "none!zero_default");
  EXPECT_EQ(mysql(Type::of(TypeId::date), "date", "2024-01-31"), "value 2024-01-31");
  EXPECT_EQ(mysql(Type::timestamp(3, false), "datetime", "2024-01-31"),
            "value 2024-01-31 00:00:00.000");
  EXPECT_EQ(mysql(Type::time(2), "time", "-00:10:00.5"), "value -00:10:00.50");
}

}  // namespace
}  // namespace penstock::mysql
