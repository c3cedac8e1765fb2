#include "adapters/systems/zoho/extras.h"

#include <algorithm>
#include <unordered_map>

namespace penstock::zoho {

namespace {

constexpr std::size_t kRichIds = 100;  // 200 are allowed; longer URLs are not needed
constexpr std::size_t kRichFields = 8;

std::string id_list(const std::vector<std::int64_t>& ids, const std::vector<std::size_t>& rows) {
  std::string out;
  for (const std::size_t row : rows) {
    if (!out.empty()) out += ',';
    out += std::to_string(ids[row]);
  }
  return out;
}

// Calls `each` with pieces of at most `size` of the rows.
template <typename Each>
void in_pieces(const std::vector<std::size_t>& rows, std::size_t size, Each&& each) {
  for (std::size_t at = 0; at < rows.size(); at += size) {
    const auto from = rows.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = static_cast<std::ptrdiff_t>(std::min(size, rows.size() - at));
    each(std::vector<std::size_t>(from, from + count));
  }
}

}  // namespace

std::string converted_parameter(std::string_view module) {
  return module == "Leads" ? "&converted=both" : "";
}

std::string joined(const std::vector<std::string>& names, std::size_t from, std::size_t count) {
  std::string out;
  for (std::size_t i = from; i < std::min(from + count, names.size()); ++i) {
    if (i > from) out += ',';
    out += names[i];
  }
  return out;
}

Extras::Extras(Api& api, const WalkFields& fields) : api_(api), fields_(fields) {}

void Extras::complete(Page& page) {
  if (page.records.empty() || (fields_.extra.empty() && fields_.rich.empty())) return;
  ids_.clear();
  gone_.clear();
  for (const std::string_view record : page.records) ids_.push_back(record_id(record));
  page.extras.resize(page.records.size());
  add_fields(page);
  add_rich_text(page);
  drop(page, gone_);
}

std::vector<std::size_t> Extras::attach(Page& page, const std::vector<std::size_t>& rows,
                                        std::string body, const std::string& what) {
  PagePtr more = parse_page(std::move(body), "data", what);
  std::unordered_map<std::int64_t, std::string_view> by_id;
  for (const std::string_view record : more->records) by_id[record_id(record)] = record;
  std::vector<std::size_t> missing;
  for (const std::size_t row : rows) {
    const auto found = by_id.find(ids_[row]);
    if (found == by_id.end())
      missing.push_back(row);
    else
      page.extras[row].push_back(found->second);
  }
  page.more_pages.push_back(std::move(more));
  return missing;
}

// A list leaves out what was deleted, and may leave out records that wait for an approval.
void Extras::fetch_alone(Page& page, const std::vector<std::size_t>& rows,
                         const std::string& fields) {
  for (const std::size_t row : rows) {
    if (std::ranges::find(gone_, row) != gone_.end()) continue;
    const std::string what =
        "reading record " + std::to_string(ids_[row]) + " of " + fields_.module;
    std::string body = api_.call({.path = "/crm/" + api_.version() + "/" + fields_.module + "/" +
                                          std::to_string(ids_[row]) + "?fields=" + fields,
                                  .what = what,
                                  .scope = "ZohoCRM.modules." + fields_.module + ".READ"});
    if (!attach(page, {row}, std::move(body), what).empty()) gone_.push_back(row);
  }
}

void Extras::add_fields(Page& page) {
  std::vector<std::size_t> all(page.records.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  for (std::size_t at = 0; at < fields_.extra.size(); at += kListFields) {
    const std::string fields = joined(fields_.extra, at, kListFields);
    in_pieces(all, kIdsPerCall, [&](const std::vector<std::size_t>& rows) {
      const std::string what = "reading more fields of " + fields_.module;
      std::string body =
          api_.call({.path = "/crm/" + api_.version() + "/" + fields_.module + "?fields=" + fields +
                             "&per_page=" + std::to_string(kListPage) +
                             converted_parameter(fields_.module) + "&ids=" + id_list(ids_, rows),
                     .what = what,
                     .scope = "ZohoCRM.modules." + fields_.module + ".READ"});
      fetch_alone(page, attach(page, rows, std::move(body), what), fields);
    });
  }
}

void Extras::add_rich_text(Page& page) {
  std::vector<std::size_t> cut;
  for (std::size_t row = 0; row < page.records.size() && !fields_.rich.empty(); ++row) {
    bool any = has_cut_text(page.records[row], fields_.rich);
    for (const std::string_view extra : page.extras[row]) {
      any = any || has_cut_text(extra, fields_.rich);
    }
    if (any && std::ranges::find(gone_, row) == gone_.end()) cut.push_back(row);
  }
  for (std::size_t at = 0; at < fields_.rich.size(); at += kRichFields) {
    const std::string fields = joined(fields_.rich, at, kRichFields);
    in_pieces(cut, kRichIds, [&](const std::vector<std::size_t>& rows) {
      const std::string what = "reading the rich text of " + fields_.module;
      std::string body = api_.call({.path = "/crm/" + api_.version() + "/" + fields_.module +
                                            "/actions/fetch_full_data?fields=" + fields +
                                            "&ids=" + id_list(ids_, rows),
                                    .what = what,
                                    .scope = "ZohoCRM.modules." + fields_.module + ".READ"});
      for (const std::size_t row : attach(page, rows, std::move(body), what)) {
        gone_.push_back(row);
      }
    });
  }
  // The whole text comes before the cut one.
  for (auto& extras : page.extras) std::ranges::reverse(extras);
}

void Extras::drop(Page& page, std::vector<std::size_t> rows) {
  std::ranges::sort(rows, std::greater<>());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const std::size_t row : rows) {
    page.records.erase(page.records.begin() + static_cast<std::ptrdiff_t>(row));
    page.extras.erase(page.extras.begin() + static_cast<std::ptrdiff_t>(row));
  }
}

}  // namespace penstock::zoho
