// Batches to blocks of ClickHouse's Native format (revision 0, the same from 18.16 to 26.x).
// ClickHouse docs/en/interfaces/formats.md "Native", src/Formats/NativeReader.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/systems/clickhouse/codec.h"
#include "adapters/systems/clickhouse/http_client.h"
#include "core/batch.h"

namespace penstock::clickhouse {

struct EncoderColumn {
  static constexpr int kVersion = -1, kDeleted = -2;

  std::string name;
  std::string native_type;  // verbatim from the server's DESCRIBE
  Type type;
  int source = 0;  // index into Batch::columns, or kVersion, kDeleted
};

// Purpose: encodes batch after batch into one reused scratch buffer. Fixed-width values are not
// copied: the chunks point into the batch.
//   Threads: one at a time. Errors: Error "engine.internal" for a NULL in a column that cannot hold
//   one: the engine has checked before, and the server would store something else without a word.
class NativeEncoder {
 public:
  NativeEncoder(std::vector<EncoderColumn> columns, std::uint64_t version);

  // The block's bytes in order; valid until the next call and as long as the batch. Empty for a
  // batch without rows: an empty block would end the stream, see formats: src/Formats/NativeReader.
  std::span<const Chunk> encode(const Batch& batch);

  std::uint64_t block_bytes() const { return block_bytes_; }  // of the last encode

 private:
  struct Piece {
    const std::uint8_t* data;  // null: in the scratch buffer
    std::size_t offset, size;
  };
  struct Plan {
    EncoderColumn column;
    Codec codec;
    std::string header;  // name and type as they stand in the block
  };

  std::uint8_t* grow(std::size_t bytes);  // room at the end of the scratch buffer
  void reference(const void* data, std::size_t bytes);
  void put(const void* data, std::size_t bytes);
  void put_varint(std::uint64_t value);
  void put_u64(std::uint64_t value);
  void close_scratch();

  void encode_column(const Column& column, const Codec& codec);
  void encode_nulls(const Column& column);
  void encode_bits(const Column& column);
  void encode_uuids(const Column& column);
  void encode_bytes(const Column& column);
  void encode_texts(const Column& column);
  void encode_low_cardinality(const Column& column, bool nullable);
  void encode_array(const Column& column, const Codec& codec);
  void encode_meta(const Batch& batch, int which);
  template <typename From, typename To>
  void encode_narrow(const Column& column);

  std::vector<Plan> plans_;
  std::uint64_t version_;
  Buffer scratch_;
  std::size_t scratch_closed_ = 0;
  std::vector<Piece> pieces_;
  std::vector<Chunk> chunks_;
  std::unordered_map<std::string_view, std::uint32_t> dictionary_;
  std::vector<std::uint32_t> indexes_;
  std::vector<std::string_view> keys_;
  std::string text_;
  std::uint64_t block_bytes_ = 0;
};

}  // namespace penstock::clickhouse
