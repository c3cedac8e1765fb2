#include "core/arrow_export.h"

#include <gtest/gtest.h>

#include "core/value_parse.h"

namespace penstock {
namespace {

// The extension name in a schema's metadata, or "".
std::string extension_of(const ArrowSchema& schema) {
  if (schema.metadata == nullptr) return "";
  const char* at = schema.metadata;
  const auto number = [&] {
    std::int32_t value = 0;
    std::memcpy(&value, at, sizeof(value));
    at += sizeof(value);
    return value;
  };
  const auto text = [&] {
    const auto length = static_cast<std::size_t>(number());
    std::string out(at, length);
    at += length;
    return out;
  };
  for (std::int32_t pairs = number(); pairs > 0; --pairs) {
    const std::string key = text();
    const std::string value = text();
    if (key == "ARROW:extension:name") return value;
  }
  return "";
}

TEST(ArrowExport, EveryTypeHasItsFormat) {
  const std::vector<std::array<std::string, 3>> expected = {
      {"bool", "b", ""},
      {"int8", "c", ""},
      {"uint8", "C", ""},
      {"int16", "s", ""},
      {"uint16", "S", ""},
      {"int32", "i", ""},
      {"uint32", "I", ""},
      {"int64", "l", ""},
      {"uint64", "L", ""},
      {"float32", "f", ""},
      {"float64", "g", ""},
      {"decimal(9,2)", "d:9,2,32", ""},
      {"decimal(18,2)", "d:18,2,64", ""},
      {"decimal(38,10)", "d:38,10,128", ""},
      {"decimal(76,0)", "d:76,0,256", ""},
      {"numeric", "u", "penstock.numeric"},
      {"string", "u", ""},
      {"binary", "z", ""},
      {"date", "tdD", ""},
      {"time(6)", "l", "penstock.time"},
      {"timestamp(0)", "tss:", ""},
      {"timestamp(3)", "tsm:", ""},
      {"timestamp(6,utc)", "tsu:UTC", ""},
      {"timestamp(9)", "tsn:", ""},
      {"timestamp(4)", "l", "penstock.timestamp"},
      {"interval", "w:16", "penstock.interval"},
      {"uuid", "w:16", "arrow.uuid"},
      {"json", "u", "arrow.json"},
      {"enum('a','b')", "u", "penstock.enum"},
      {"network", "u", "penstock.network"},
      {"geometry(4326)", "z", "penstock.geometry"},
      {"list<list<int32>>", "+l", ""}};
  std::vector<Type> types;
  std::vector<std::string> names;
  for (const auto& [text, format, extension] : expected) {
    types.push_back(parse_type(text));
    names.push_back("column " + text);
  }
  ArrowSchema schema{};
  export_schema(types, names, &schema);
  EXPECT_STREQ(schema.format, "+s");
  ASSERT_EQ(schema.n_children, static_cast<int64_t>(types.size()));
  for (std::size_t i = 0; i < types.size(); ++i) {
    const ArrowSchema& child = *schema.children[i];
    EXPECT_EQ(child.format, expected[i][1]) << expected[i][0];
    EXPECT_EQ(extension_of(child), expected[i][2]) << expected[i][0];
    EXPECT_EQ(child.name, names[i]);
    EXPECT_EQ(child.flags, ARROW_FLAG_NULLABLE);
  }
  const ArrowSchema& list = *schema.children[types.size() - 1];
  EXPECT_STREQ(list.children[0]->format, "+l");
  EXPECT_STREQ(list.children[0]->children[0]->format, "i");
  schema.release(&schema);
  EXPECT_EQ(schema.release, nullptr);
}

std::shared_ptr<Batch> sample() {
  const std::vector<Type> types = {parse_type("int32"), parse_type("string"),
                                   parse_type("list<int64>"), parse_type("bool")};
  auto batch = std::make_shared<Batch>(types);
  const std::vector<std::vector<std::string>> rows = {
      {"7", "abc", "{1,NULL}", "true"}, {"\\N", "", "{}", "false"}, {"9", "\\N", "\\N", "true"}};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      ColumnBuilder builder(&batch->columns[i]);
      row[i] == "\\N" ? builder.append_null() : append_parsed(row[i], builder);
    }
    ++batch->rows;
  }
  return batch;
}

TEST(ArrowExport, SharesTheBuffersOfTheBatch) {
  auto batch = sample();
  const Batch& inside = *batch;
  ArrowArray array{};
  export_batch(batch, &array);
  EXPECT_EQ(array.length, 3);
  ASSERT_EQ(array.n_children, 4);
  EXPECT_EQ(array.n_buffers, 1);
  const ArrowArray& number = *array.children[0];
  EXPECT_EQ(number.null_count, 1);
  EXPECT_EQ(number.buffers[0], inside.columns[0].validity.data());
  EXPECT_EQ(number.buffers[1], inside.columns[0].values.data());
  const ArrowArray& text = *array.children[1];
  EXPECT_EQ(text.n_buffers, 3);
  EXPECT_EQ(text.buffers[2], inside.columns[1].values.data());
  const ArrowArray& list = *array.children[2];
  EXPECT_EQ(list.n_buffers, 2);
  EXPECT_EQ(list.children[0]->buffers[1], inside.columns[2].child->values.data());
  EXPECT_EQ(array.children[3]->buffers[0], nullptr) << "no value is missing";
  array.release(&array);
}

TEST(ArrowExport, TheBatchLivesUntilTheLastPartIsReleased) {
  auto batch = sample();
  const std::weak_ptr<Batch> watch = batch;
  ArrowArray array{};
  export_batch(std::move(batch), &array);
  EXPECT_FALSE(watch.expired());
  // A consumer may move a child out and release its parent first.
  ArrowArray moved = *array.children[1];
  array.children[1]->release = nullptr;
  array.release(&array);
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(std::memcmp(moved.buffers[2], "abc", 3), 0);
  moved.release(&moved);
  EXPECT_TRUE(watch.expired());
}

TEST(ArrowExport, AnEmptyBatchHasValidBuffers) {
  const std::vector<Type> types = {parse_type("string"), parse_type("int8"),
                                   parse_type("list<string>")};
  ArrowArray array{};
  export_batch(std::make_shared<Batch>(types), &array);
  EXPECT_EQ(array.length, 0);
  for (int64_t i = 0; i < array.n_children; ++i) EXPECT_NE(array.children[i]->buffers[1], nullptr);
  array.release(&array);
}

}  // namespace
}  // namespace penstock
