// Runs the built program between a private MariaDB (or MySQL) and private ClickHouse servers.
#pragma once

#include <string>

#include "integration/pairs/pair_rig.h"

namespace penstock::testing {

class MysqlRig : public PairRig {
 public:
  explicit MysqlRig(bool embedded = false) : PairRig(embedded, shared_mariadb().fresh_database()) {}

  // `parameters` of the source go into its URL: "consistency=per_split".
  void set_parameters(std::string parameters) { parameters_ = std::move(parameters); }

  std::string source_url(int port = 0) const override {
    return "mysql://root@127.0.0.1:" + std::to_string(port == 0 ? shared_mariadb().port() : port) +
           "/" + source_database() + (parameters_.empty() ? "" : "?" + parameters_);
  }
  std::string my(const std::string& sql) const {
    return shared_mariadb().sql(sql, source_database());
  }

 private:
  std::string parameters_;
};

}  // namespace penstock::testing
