// Files under review that tests make: goldens and generated pages. UPDATE_GOLDEN=1 rewrites them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace penstock {

// A file of the repository; a missing one fails the test and reads as "".
inline std::string read_repository_file(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(PENSTOCK_SOURCE_DIR) / name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path << " is missing";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Compares `text` with the file `name` of the repository, or writes it there.
inline void expect_golden(const std::string& name, const std::string& text) {
  const char* const update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string_view(update) == "1") {
    const std::filesystem::path path = std::filesystem::path(PENSTOCK_SOURCE_DIR) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(read_repository_file(name), text)
      << name << " differs: run this test with UPDATE_GOLDEN=1, then read the difference";
}

}  // namespace penstock
