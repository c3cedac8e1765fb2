// How fast bytes become columns and columns become bytes: PostgreSQL's binary COPY to batches, and
// batches to ClickHouse's Native blocks. One case per kind of column, and lineitem's 17 columns.
#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

#include "adapters/systems/clickhouse/native_encoder.h"
#include "adapters/systems/postgresql/copy_decoder.h"
#include "core/type.h"
#include "unit/postgresql/copy_stream.h"

namespace penstock {
namespace {

using postgresql::CopyDecoder;
using postgresql::Wire;
using postgresql::WireColumn;

constexpr std::int64_t kRows = 16'384;
constexpr std::size_t kPiece = 64 << 10;  // about what one read of the socket brings

// One column of the stream: its types on both sides, and its bytes in row n.
struct Kind {
  std::string type, native;
  Wire wire;
  std::function<std::string(std::int64_t)> bytes;
};

// 12345.67 and the like: three base-10000 digits, as numeric_send writes them.
std::string money(std::int64_t n) {
  return testing::numeric({.weight = 1,
                           .display_scale = 2,
                           .digits = {static_cast<int>(1 + n % 9), static_cast<int>(n % 10'000),
                                      static_cast<int>(n % 100) * 100}});
}

std::string words(std::int64_t n) {
  static const std::string pool = "furiously regular packages sleep blithely ironic deposits above";
  return pool.substr(static_cast<std::size_t>(n % 17), 10 + static_cast<std::size_t>(n % 34));
}

Kind kind_named(const std::string& name) {
  const auto date = [](std::int64_t n) { return testing::i32(-2'500 + n % 2'000); };
  const auto flag = [](std::int64_t n) { return std::string(n % 2 == 0 ? "N" : "R"); };
  const auto padded = [](std::int64_t n) {
    return std::string(n % 2 == 0 ? "AIR" : "RAIL") + "      ";
  };
  const auto uuid = [](std::int64_t n) { return testing::i64(n * 7'919) + testing::i64(n); };
  const auto stamp = [](std::int64_t n) { return testing::i64(n * 1'000'003); };
  if (name == "int32") return {"int32", "Int32", Wire::int32, testing::i32};
  if (name == "int64") return {"int64", "Int64", Wire::int64, testing::i64};
  if (name == "decimal") return {"decimal(15,2)", "Decimal(15, 2)", Wire::numeric, money};
  if (name == "flag") return {"string", "String", Wire::text, flag};
  if (name == "padded") return {"string", "String", Wire::text, padded};
  if (name == "date") return {"date", "Date", Wire::date, date};
  if (name == "uuid") return {"uuid", "UUID", Wire::uuid, uuid};
  if (name == "timestamp") {
    return {"timestamp(6,utc)", "DateTime64(6, 'UTC')", Wire::timestamp, stamp};
  }
  return {"string", "String", Wire::text, words};
}

std::vector<Kind> kinds_named(const std::vector<std::string>& names) {
  std::vector<Kind> kinds;
  kinds.reserve(names.size());
  for (const auto& name : names) kinds.push_back(kind_named(name));
  return kinds;
}

struct Fixture {
  explicit Fixture(const std::vector<Kind>& kinds) {
    testing::CopyStream out;
    for (std::int64_t row = 0; row < kRows; ++row) {
      out.row(static_cast<int>(kinds.size()));
      for (const auto& kind : kinds) out.field(kind.bytes(row));
    }
    stream = out.end().bytes();
    int index = 0;
    for (const auto& kind : kinds) {
      const std::string name = "c" + std::to_string(index);
      const Type type = parse_type(kind.type);
      columns.push_back({.name = name, .type = type, .wire = kind.wire});
      encoded.push_back(
          {.name = name, .native_type = kind.native, .type = type, .source = index++});
    }
  }

  std::unique_ptr<Batch> decode(CopyDecoder& decoder) const {
    decoder.restart();
    auto batch = decoder.make_batch();
    decoder.begin_batch(batch.get());
    std::span<const std::uint8_t> left(reinterpret_cast<const std::uint8_t*>(stream.data()),
                                       stream.size());
    while (!decoder.finished()) {
      const auto piece = left.subspan(0, std::min(kPiece, left.size()));
      left = left.subspan(decoder.feed(piece));
    }
    return batch;
  }

  std::string stream;
  std::vector<WireColumn> columns;
  std::vector<clickhouse::EncoderColumn> encoded;
};

constexpr postgresql::BatchLimits kLimits{.bytes_target = 64 << 20, .rows_max = kRows + 1};

void decode(benchmark::State& state, const std::vector<std::string>& names) {
  const Fixture fixture(kinds_named(names));
  CopyDecoder decoder(fixture.columns, kLimits);
  for (auto _ : state) benchmark::DoNotOptimize(fixture.decode(decoder));
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(fixture.stream.size()));
}

void encode(benchmark::State& state, const std::vector<std::string>& names) {
  const Fixture fixture(kinds_named(names));
  CopyDecoder decoder(fixture.columns, kLimits);
  const auto batch = fixture.decode(decoder);
  clickhouse::NativeEncoder encoder(fixture.encoded, 1);
  for (auto _ : state) benchmark::DoNotOptimize(encoder.encode(*batch));
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(encoder.block_bytes()));
}

const std::vector<std::string> kLineitem = {
    "int64", "int32", "int32", "int32", "int32", "decimal", "decimal", "decimal", "decimal",
    "flag",  "flag",  "date",  "date",  "date",  "padded",  "padded",  "words"};

// Registered at the program's start; benchmark_main runs them.
const bool registered = [] {
  benchmark::RegisterBenchmark("decode/lineitem", decode, kLineitem);
  benchmark::RegisterBenchmark("encode/lineitem", encode, kLineitem);
  for (const char* name :
       {"int32", "int64", "decimal", "flag", "words", "date", "uuid", "timestamp"}) {
    const std::vector<std::string> alone{name};
    benchmark::RegisterBenchmark((std::string("decode/") + name).c_str(), decode, alone);
    benchmark::RegisterBenchmark((std::string("encode/") + name).c_str(), encode, alone);
  }
  return true;
}();

}  // namespace
}  // namespace penstock
