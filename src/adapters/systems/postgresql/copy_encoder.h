// Columns into the rows of a COPY … FROM STDIN.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"

namespace penstock::postgresql {

// How a value lies in COPY's binary format. `none`: only its text form can be sent.
enum class Encoding : std::uint8_t {
  none,
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  raw,    // the bytes themselves: text, bytea, json, labels of enumerations
  jsonb,  // a version byte before the text
  date,
  time,
  timestamp,
  interval,
  uuid,
  geometry,  // EWKB with the column's SRID put back
  bits,      // the lowest bits of a number
  array,
};

// The encoding for values of the logical type in a column of the native one (without modifiers:
// "numeric", "text[]", as format_type() spells it).
Encoding encoding_of(const Type& type, std::string_view native);

// The type's object id, which arrays carry along with their elements; 0 for types whose id differs
// from server to server. Ids of built-in types never change (src/include/catalog/pg_type.dat).
std::uint32_t builtin_oid(std::string_view native);

struct EncodedColumn {
  int source = 0;      // index into Batch::columns
  std::string native;  // type of the destination's column, without modifiers
  int bits = 0;        // of a bit string
};

// Purpose: appends a batch's rows to `out`, in COPY's binary format when every column has an
// encoding for it and in its text format otherwise (both documented under SQL COPY; binary values
// as the types' receive functions in src/backend/utils/adt read them).
//   Call order: header() → rows()* → trailer().
//   Limits: a value of 1 GiB and more is refused by the server (MaxAllocSize).
//   Errors: none of its own: values must fit the columns' rules before.
//   Threads: one at a time.
class CopyEncoder {
 public:
  // `types`: what each column's values are in the batches.
  CopyEncoder(std::vector<EncodedColumn> columns, const std::vector<Type>& types);
  ~CopyEncoder();
  CopyEncoder(CopyEncoder&&) noexcept;
  CopyEncoder& operator=(CopyEncoder&&) noexcept;

  bool binary() const;
  void header(Buffer& out) const;
  // Rows [from, to) of the batch.
  void rows(const Batch& batch, std::int64_t from, std::int64_t to, Buffer& out);
  void trailer(Buffer& out) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

// What precedes and ends a binary COPY.
void append_copy_header(Buffer& out);
void append_copy_trailer(Buffer& out);

}  // namespace penstock::postgresql
