#include "adapters/systems/clickhouse/native_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/error.h"
#include "core/value_text.h"

namespace penstock::clickhouse {

static_assert(std::endian::native == std::endian::little, "Native is little-endian");

namespace {

constexpr std::size_t kVarintBytesMax = 10;
// Below this many bytes a copy is cheaper than one more piece.
constexpr std::size_t kReferenceBytesMin = 256;

std::uint8_t* write_varint(std::uint8_t* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<std::uint8_t>(value | 0x80U);
    value >>= 7;
  }
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

void append_text(std::string& out, std::string_view text) {
  std::uint8_t length[kVarintBytesMax];
  const std::uint8_t* const end = write_varint(&length[0], text.size());
  out.append(reinterpret_cast<const char*>(&length[0]), static_cast<std::size_t>(end - &length[0]));
  out += text;
}

// One byte per bit, eight at a time: the multiplication puts bit i of the byte into byte i.
void expand_bits(const std::uint8_t* bits, std::int64_t count, std::uint8_t* out, bool invert) {
  const std::uint64_t flip = invert ? 0x0101010101010101ULL : 0;
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const std::uint64_t byte = bits[i >> 3];
    const std::uint64_t low = ((byte & 0x7FU) * 0x0002040810204081ULL) & 0x0101010101010101ULL;
    const std::uint64_t word = (low | (byte >> 7) << 56) ^ flip;
    std::memcpy(out + i, &word, 8);
  }
  for (; i < count; ++i) {
    const unsigned bit = (bits[i >> 3] >> (i & 7)) & 1U;
    out[i] = static_cast<std::uint8_t>(bit ^ (invert ? 1U : 0U));
  }
}

}  // namespace

NativeEncoder::NativeEncoder(std::vector<EncoderColumn> columns, std::uint64_t version)
    : version_(version) {
  for (EncoderColumn& column : columns) {
    Plan plan;
    plan.codec = make_codec(column.type, column.native_type);
    append_text(plan.header, column.name);
    append_text(plan.header, column.native_type);
    plan.column = std::move(column);
    plans_.push_back(std::move(plan));
  }
}

std::uint8_t* NativeEncoder::grow(std::size_t bytes) {
  const std::size_t at = scratch_.size();
  scratch_.resize(at + bytes);
  return scratch_.data() + at;
}

void NativeEncoder::put(const void* data, std::size_t bytes) {
  scratch_.append(data, bytes);
}

void NativeEncoder::put_varint(std::uint64_t value) {
  std::uint8_t bytes[kVarintBytesMax];
  put(&bytes[0], static_cast<std::size_t>(write_varint(&bytes[0], value) - &bytes[0]));
}

void NativeEncoder::put_u64(std::uint64_t value) {
  scratch_.push(value);
}

void NativeEncoder::close_scratch() {
  if (scratch_.size() == scratch_closed_) return;
  pieces_.push_back({nullptr, scratch_closed_, scratch_.size() - scratch_closed_});
  scratch_closed_ = scratch_.size();
}

void NativeEncoder::reference(const void* data, std::size_t bytes) {
  if (bytes < kReferenceBytesMin) {
    put(data, bytes);
    return;
  }
  close_scratch();
  pieces_.push_back({static_cast<const std::uint8_t*>(data), 0, bytes});
}

std::span<const Chunk> NativeEncoder::encode(const Batch& batch) {
  scratch_.clear();
  scratch_closed_ = 0;
  pieces_.clear();
  chunks_.clear();
  block_bytes_ = 0;
  if (batch.rows == 0) return {};
  put_varint(plans_.size());
  put_varint(static_cast<std::uint64_t>(batch.rows));
  for (const Plan& plan : plans_) {
    put(plan.header.data(), plan.header.size());
    if (plan.column.source < 0) {
      encode_meta(batch, plan.column.source);
      continue;
    }
    const Column& column = batch.columns.at(static_cast<std::size_t>(plan.column.source));
    const bool holds_null = plan.codec.nullable || plan.codec.kind == Codec::Kind::array;
    if (column.null_count != 0 && !holds_null) {
      throw Error(Side::engine, "engine.internal", "NULL in a column that cannot hold it")
          .in_column(plan.column.name);
    }
    encode_column(column, plan.codec);
  }
  close_scratch();
  for (const Piece& piece : pieces_) {
    chunks_.push_back(
        {piece.data != nullptr ? piece.data : scratch_.data() + piece.offset, piece.size});
    block_bytes_ += piece.size;
  }
  return chunks_;
}

void NativeEncoder::encode_column(const Column& column, const Codec& codec) {
  if (codec.nullable && codec.kind != Codec::Kind::low_cardinality) encode_nulls(column);
  switch (codec.kind) {
    case Codec::Kind::fixed:
      reference(column.values.data(),
                static_cast<std::size_t>(column.length) * static_cast<std::size_t>(codec.width));
      break;
    case Codec::Kind::boolean: encode_bits(column); break;
    case Codec::Kind::uuid: encode_uuids(column); break;
    case Codec::Kind::date16: encode_narrow<std::int32_t, std::uint16_t>(column); break;
    case Codec::Kind::seconds32: encode_narrow<std::int64_t, std::uint32_t>(column); break;
    case Codec::Kind::bytes: encode_bytes(column); break;
    case Codec::Kind::text: encode_texts(column); break;
    case Codec::Kind::low_cardinality: encode_low_cardinality(column, codec.nullable); break;
    case Codec::Kind::array: encode_array(column, codec); break;
  }
}

void NativeEncoder::encode_nulls(const Column& column) {
  const auto rows = static_cast<std::size_t>(column.length);
  if (column.null_count == 0) {
    scratch_.append_zeros(rows);
    return;
  }
  expand_bits(column.validity.data(), column.length, grow(rows), true);
}

void NativeEncoder::encode_bits(const Column& column) {
  std::uint8_t* const out = grow(static_cast<std::size_t>(column.length));
  expand_bits(column.values.data(), column.length, out, false);
}

void NativeEncoder::encode_uuids(const Column& column) {
  const auto words = static_cast<std::size_t>(column.length) * 2;
  std::uint8_t* const out = grow(words * 8);
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, column.values.data() + i * 8, 8);
    word = __builtin_bswap64(word);
    std::memcpy(out + i * 8, &word, 8);
  }
}

template <typename From, typename To>
void NativeEncoder::encode_narrow(const Column& column) {
  const auto rows = static_cast<std::size_t>(column.length);
  std::uint8_t* const out = grow(rows * sizeof(To));
  for (std::size_t i = 0; i < rows; ++i) {
    From value;
    std::memcpy(&value, column.values.data() + i * sizeof(From), sizeof(From));
    const auto narrow = static_cast<To>(value);
    std::memcpy(out + i * sizeof(To), &narrow, sizeof(To));
  }
}

void NativeEncoder::encode_bytes(const Column& column) {
  const auto rows = static_cast<std::size_t>(column.length);
  const auto* const ends = column.offsets.as<std::int32_t>();
  const std::uint8_t* const values = column.values.data();
  const std::size_t total = column.values.size();
  const std::size_t at = scratch_.size();
  // Lengths fit 31 bits, so five bytes each do; sixteen more let short values be copied whole.
  std::uint8_t* out = grow(total + rows * 5 + 16);
  std::uint8_t* const start = out;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto begin = static_cast<std::size_t>(ends[i]);
    const auto size = static_cast<std::size_t>(ends[i + 1]) - begin;
    if (size <= 16 && begin + 16 <= total) {
      *out++ = static_cast<std::uint8_t>(size);
      std::memcpy(out, values + begin, 16);
    } else {
      out = write_varint(out, size);
      if (size != 0) std::memcpy(out, values + begin, size);
    }
    out += size;
  }
  scratch_.resize(at + static_cast<std::size_t>(out - start));
}

void NativeEncoder::encode_texts(const Column& column) {
  for (std::int64_t row = 0; row < column.length; ++row) {
    text_.clear();
    if (column.valid(row)) append_value_text(column, row, text_);
    put_varint(text_.size());
    put(text_.data(), text_.size());
  }
}

// One dictionary per block. Index 0 stands for NULL when the column is nullable.
// src/DataTypes/Serializations/SerializationLowCardinality.cpp
void NativeEncoder::encode_low_cardinality(const Column& column, bool nullable) {
  constexpr std::uint64_t version = 1, additional_keys = 0x200, update_dictionary = 0x400;
  dictionary_.clear();
  keys_.clear();
  indexes_.resize(static_cast<std::size_t>(column.length));
  if (nullable) keys_.emplace_back();
  std::string_view last;
  std::uint32_t last_index = 0;
  bool has_last = false;
  for (std::int64_t row = 0; row < column.length; ++row) {
    std::uint32_t& index = indexes_[static_cast<std::size_t>(row)];
    if (!column.valid(row)) {
      index = 0;
      continue;
    }
    const std::string_view value = column.bytes(row);
    if (!has_last || value != last) {
      const auto next = static_cast<std::uint32_t>(keys_.size());
      const auto [at, fresh] = dictionary_.try_emplace(value, next);
      if (fresh) keys_.push_back(value);
      last = value;
      last_index = at->second;
      has_last = true;
    }
    index = last_index;
  }
  const unsigned width_class = keys_.size() <= 0x100 ? 0 : keys_.size() <= 0x10000 ? 1 : 2;
  put_u64(version);
  put_u64(additional_keys | update_dictionary | width_class);
  put_u64(keys_.size());
  for (const std::string_view key : keys_) {
    put_varint(key.size());
    put(key.data(), key.size());
  }
  put_u64(indexes_.size());
  const std::size_t width = std::size_t{1} << width_class;
  std::uint8_t* out = grow(indexes_.size() * width);
  for (const std::uint32_t index : indexes_) {
    std::memcpy(out, &index, width);
    out += width;
  }
}

void NativeEncoder::encode_array(const Column& column, const Codec& codec) {
  const auto rows = static_cast<std::size_t>(column.length);
  const auto* const ends = column.offsets.as<std::int32_t>();
  std::uint8_t* const out = grow(rows * 8);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto end = static_cast<std::uint64_t>(ends[i + 1]);
    std::memcpy(out + i * 8, &end, 8);
  }
  const bool holds_null = codec.element->nullable || codec.element->kind == Codec::Kind::array;
  if (column.child->null_count != 0 && !holds_null) {
    throw Error(Side::engine, "engine.internal", "NULL element in an array that cannot hold it");
  }
  encode_column(*column.child, *codec.element);
}

void NativeEncoder::encode_meta(const Batch& batch, int which) {
  const auto rows = static_cast<std::size_t>(batch.rows);
  if (which == EncoderColumn::kVersion) {
    std::uint8_t* const out = grow(rows * 8);
    for (std::size_t i = 0; i < rows; ++i) std::memcpy(out + i * 8, &version_, 8);
  } else if (batch.operations.empty()) {
    scratch_.append_zeros(rows);
  } else {
    put(batch.operations.data(), rows);
  }
}

}  // namespace penstock::clickhouse
