// A ZIP file with one entry, written as it comes.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace penstock::zoho_sim {

// Purpose: the result of a bulk job. The sizes and the checksum follow the data (APPNOTE 4.4.4,
// bit 3), because they aren't known before.
//   Call order: construct → write… → finish. Limit: 4 GiB. Errors: std::runtime_error.
class ZipFile {
 public:
  ZipFile(const std::filesystem::path& path, std::string entry_name);
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;
  ~ZipFile();

  void write(std::string_view text);
  void finish();

 private:
  void deflate_all(std::string_view text, int flush);
  void put(std::string_view bytes);

  std::ofstream out_;
  std::string entry_name_;
  z_stream stream_{};
  std::uint32_t crc_ = 0, raw_ = 0, packed_ = 0, written_ = 0;
};

// The text as a gzip stream, for answers.
std::string gzipped(std::string_view text);

}  // namespace penstock::zoho_sim
