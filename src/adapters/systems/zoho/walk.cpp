#include "adapters/systems/zoho/walk.h"

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_map>

#include "adapters/systems/zoho/extras.h"
#include "core/error.h"

namespace penstock::zoho {

namespace {

namespace json = boost::json;

constexpr std::size_t kCoqlColumns = 500;
constexpr std::size_t kCoqlColumnsMin = 50;
constexpr std::int64_t kCoqlPageSmall = 200;

// Names that COQL's grammar uses itself are quoted.
std::string column(const std::string& name) {
  static const std::vector<std::string> reserved = {
      "Select", "From", "Where", "And",  "Or",      "Order", "By", "Limit", "In",
      "Is",     "Not",  "Null",  "Like", "Between", "Group", "As", "Offset"};
  return std::ranges::find(reserved, name) == reserved.end() ? name : "'" + name + "'";
}

std::int64_t price(std::int64_t limit) {
  return limit <= 200 ? 1 : limit <= 1'000 ? 2 : 3;
}

class CoqlWalk : public Walk {
 public:
  CoqlWalk(Api& api, WalkFields fields, IdRange range, std::int64_t rows_estimate)
      : api_(api),
        fields_(std::move(fields)),
        extras_(api, fields_),
        range_(range),
        last_(range.low),
        columns_(std::max<std::size_t>(1, std::min(kCoqlColumns, fields_.main.size()))) {
    // A small answer costs less than a large one that isn't filled.
    if (rows_estimate >= 0 && rows_estimate <= 200)
      page_ = 200;
    else if (rows_estimate >= 0 && rows_estimate <= 1'000)
      page_ = 1'000;
  }

  PagePtr next() override {
    if (ended_) return nullptr;
    PagePtr page = main_page();
    ended_ = !page->more;
    if (!page->records.empty()) advance(*page);
    for (std::size_t at = columns_; at < fields_.main.size(); at += columns_) add(*page, at);
    extras_.complete(*page);
    return page;
  }

 private:
  std::string query(std::size_t from, std::int64_t low, std::int64_t high) const {
    std::string text = "select id";
    for (std::size_t i = from; i < std::min(from + columns_, fields_.main.size()); ++i) {
      if (fields_.main[i] != "id") text += ", " + column(fields_.main[i]);
    }
    text += " from " + fields_.module + " where ";
    const std::string above = "id > " + std::to_string(low);
    text += high == 0 ? above : "(" + above + " and id <= " + std::to_string(high) + ")";
    return text + " order by id asc limit " + std::to_string(page_);
  }

  PagePtr ask(std::size_t from, std::int64_t low, std::int64_t high) {
    const std::string what = "reading the records of " + fields_.module;
    return parse_page(
        api_.call({.method = "POST",
                   .path = "/crm/" + api_.version() + "/coql",
                   .body = json::serialize(json::object{{"select_query", query(from, low, high)}}),
                   .what = what,
                   .scope = "ZohoCRM.coql.READ and ZohoCRM.modules." + fields_.module + ".READ",
                   .credits = price(page_),
                   .heavy = true}),
        "data", what);
  }

  // Zoho's pages contradict each other on how many columns and rows an answer may have.
  PagePtr main_page() {
    for (;;) {
      try {
        return ask(0, last_, range_.high);
      } catch (const Error& error) {
        if (error.native() != "LIMIT_EXCEEDED") throw;
        if (columns_ > kCoqlColumnsMin)
          columns_ = std::max(kCoqlColumnsMin, columns_ / 2);
        else if (page_ > kCoqlPageSmall)
          page_ = kCoqlPageSmall;
        else
          throw;
      }
    }
  }

  void advance(const Page& page) {
    const std::int64_t first = record_id(page.records.front());
    const std::int64_t last = record_id(page.records.back());
    if (first <= last_ || last < first || (range_.high != 0 && last > range_.high)) {
      throw Error(Side::source, "source.protocol",
                  "reading the records of " + fields_.module +
                      ": Zoho's answer is not in the order that was asked for")
          .retryable(true);
    }
    before_ = last_;
    last_ = last;
  }

  // Columns beyond what one query may have: the same rows again, matched by id.
  void add(Page& page, std::size_t from) {
    if (page.records.empty()) return;
    PagePtr more = ask(from, before_, last_);
    std::unordered_map<std::int64_t, std::string_view> by_id;
    for (const std::string_view record : more->records) by_id[record_id(record)] = record;
    page.extras.resize(page.records.size());
    for (std::size_t row = page.records.size(); row-- > 0;) {
      const auto found = by_id.find(record_id(page.records[row]));
      if (found != by_id.end()) {
        page.extras[row].push_back(found->second);
        continue;
      }
      page.records.erase(page.records.begin() + static_cast<std::ptrdiff_t>(row));
      page.extras.erase(page.extras.begin() + static_cast<std::ptrdiff_t>(row));
    }
    page.more_pages.push_back(std::move(more));
  }

  Api& api_;
  const WalkFields fields_;
  Extras extras_;
  const IdRange range_;
  std::int64_t last_, before_ = 0, page_ = kCoqlPage;
  std::size_t columns_;
  bool ended_ = false;
};

class ListWalk : public Walk {
 public:
  ListWalk(Api& api, WalkFields fields)
      : api_(api), fields_(std::move(fields)), extras_(api, fields_) {
    names_ = joined(fields_.main, 0, kListFields);
    if (names_.empty()) names_ = "id";
  }

  PagePtr next() override {
    if (ended_) return nullptr;
    const std::string what = "reading the records of " + fields_.module;
    PagePtr page = parse_page(
        api_.call({.path = "/crm/" + api_.version() + "/" + fields_.module + "?fields=" + names_ +
                           "&per_page=" + std::to_string(kListPage) + "&sort_order=asc" +
                           converted_parameter(fields_.module) +
                           (token_.empty() ? "" : "&page_token=" + token_),
                   .what = what,
                   .scope = "ZohoCRM.modules." + fields_.module + ".READ"}),
        "data", what);
    std::string token = page->next_token;
    if (page->more && (token.empty() || token == token_ || !plain(token))) {
      throw Error(Side::source, "source.protocol",
                  what + ": Zoho says that there is more, but not where")
          .retryable(true);
    }
    token_ = std::move(token);
    ended_ = !page->more;
    extras_.complete(*page);
    return page;
  }

 private:
  static bool plain(std::string_view token) {
    return token.size() < 4096 && std::ranges::all_of(token, [](char c) {
             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_' || c == '.';
           });
  }

  Api& api_;
  const WalkFields fields_;
  Extras extras_;
  std::string names_, token_;
  bool ended_ = false;
};

class UserWalk : public Walk {
 public:
  explicit UserWalk(Api& api) : api_(api) {}

  PagePtr next() override {
    if (ended_) return nullptr;
    const std::string what = "reading the users";
    PagePtr page = parse_page(
        api_.call({.path = "/crm/" + api_.version() + "/users?type=AllUsers&per_page=" +
                           std::to_string(kListPage) + "&page=" + std::to_string(++page_),
                   .what = what,
                   .scope = "ZohoCRM.users.READ"}),
        "users", what);
    ended_ = !page->more;
    return page;
  }

 private:
  Api& api_;
  std::int64_t page_ = 0;
  bool ended_ = false;
};

class OrgWalk : public Walk {
 public:
  explicit OrgWalk(Api& api) : api_(api) {}

  PagePtr next() override {
    if (std::exchange(ended_, true)) return nullptr;
    const std::string what = "reading the organisation";
    return parse_page(
        api_.call(
            {.path = "/crm/" + api_.version() + "/org", .what = what, .scope = "ZohoCRM.org.READ"}),
        "org", what);
  }

 private:
  Api& api_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Walk> walk_by_coql(Api& api, WalkFields fields, IdRange range,
                                   std::int64_t rows_estimate) {
  return std::make_unique<CoqlWalk>(api, std::move(fields), range, rows_estimate);
}
std::unique_ptr<Walk> walk_by_lists(Api& api, WalkFields fields) {
  return std::make_unique<ListWalk>(api, std::move(fields));
}
std::unique_ptr<Walk> walk_users(Api& api) {
  return std::make_unique<UserWalk>(api);
}
std::unique_ptr<Walk> walk_org(Api& api) {
  return std::make_unique<OrgWalk>(api);
}

}  // namespace penstock::zoho
