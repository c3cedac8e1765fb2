#include "servers/zoho/zip_file.h"

#include <array>
#include <stdexcept>

namespace penstock::zoho_sim {
namespace {

constexpr int kLevel = 1;  // the simulator's own time counts in tests
constexpr int kRawDeflate = -15, kGzip = 15 + 16, kMemory = 8;
constexpr std::uint64_t kVersion = 20, kFlags = 0x0808;  // sizes follow the data; names are UTF-8
constexpr std::uint64_t kDate = 0x5821;                  // 2024-01-01

void append(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFF : 0);
  }
}

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

ZipFile::ZipFile(const std::filesystem::path& path, std::string entry_name)
    : out_(path, std::ios::binary), entry_name_(std::move(entry_name)) {
  if (!out_) throw std::runtime_error("cannot write " + path.string());
  if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kRawDeflate, kMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error("deflate can't be started");
  }
  std::string head("PK\3\4");
  append(head, kVersion, 2);
  append(head, kFlags, 2);
  append(head, 8, 2);  // deflate
  append(head, 0, 2);
  append(head, kDate, 2);
  append(head, 0, 12);  // checksum and sizes
  append(head, entry_name_.size(), 2);
  append(head, 0, 2);
  put(head + entry_name_);
}

ZipFile::~ZipFile() {
  deflateEnd(&stream_);
}

void ZipFile::put(std::string_view bytes) {
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out_) throw std::runtime_error("a bulk job's file can't be written");
  written_ += static_cast<std::uint32_t>(bytes.size());
}

void ZipFile::deflate_all(std::string_view text, int flush) {
  stream_.next_in = bytes_of(text);
  stream_.avail_in = static_cast<uInt>(text.size());
  std::array<char, 65'536> packed;
  do {
    stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_out = packed.size();
    if (deflate(&stream_, flush) == Z_STREAM_ERROR) throw std::runtime_error("deflate failed");
    const std::size_t made = packed.size() - stream_.avail_out;
    put({packed.data(), made});
    packed_ += static_cast<std::uint32_t>(made);
  } while (stream_.avail_out == 0);
}

void ZipFile::write(std::string_view text) {
  crc_ = static_cast<std::uint32_t>(crc32(crc_, bytes_of(text), static_cast<uInt>(text.size())));
  raw_ += static_cast<std::uint32_t>(text.size());
  deflate_all(text, Z_NO_FLUSH);
}

void ZipFile::finish() {
  deflate_all("", Z_FINISH);
  std::string sizes;
  append(sizes, crc_, 4);
  append(sizes, packed_, 4);
  append(sizes, raw_, 4);
  put("PK\7\10" + sizes);

  const std::uint32_t directory = written_;
  std::string entry("PK\1\2");
  append(entry, kVersion, 2);
  append(entry, kVersion, 2);
  append(entry, kFlags, 2);
  append(entry, 8, 2);
  append(entry, 0, 2);
  append(entry, kDate, 2);
  entry += sizes;
  append(entry, entry_name_.size(), 2);
  append(entry, 0, 8);  // no extra, no comment, disk 0, no internal attributes
  append(entry, 0, 4);  // external attributes
  append(entry, 0, 4);  // where the entry begins
  put(entry + entry_name_);
  std::string end("PK\5\6");
  append(end, 0, 4);
  append(end, 1, 2);
  append(end, 1, 2);
  append(end, written_ - directory, 4);
  append(end, directory, 4);
  append(end, 0, 2);
  put(end);
  out_.close();
}

std::string gzipped(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflate can't be started");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace penstock::zoho_sim
