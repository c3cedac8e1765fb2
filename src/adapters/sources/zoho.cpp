#include "adapters/sources/zoho.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "adapters/systems/zoho/api.h"
#include "adapters/systems/zoho/columns.h"
#include "adapters/systems/zoho/metadata.h"
#include "adapters/systems/zoho/reader.h"
#include "adapters/systems/zoho/split_plan.h"
#include "core/text.h"

namespace penstock {

namespace {

using zoho::ModuleInfo;

constexpr int kExaminers = 4;
constexpr std::size_t kNamedMax = 20;  // modules named in one warning

// --- Spec --------------------------------------------------------------------------------------

ConfigSpec spec() {
  return ConfigSpec(
      {{.name = "refresh_token",
        .kind = FieldKind::secret,
        .description = "Refresh token of a Zoho API client (OAuth).",
        .required = true},
       {.name = "client_id",
        .description = "Id of that client.",
        .required = true,
        .example = "1000.ABCDEFGH"},
       {.name = "client_secret",
        .kind = FieldKind::secret,
        .description = "Secret of that client.",
        .required = true},
       {.name = "api_domain",
        .description = "API domain of your data centre; sandboxes have one of their own.",
        .required = true,
        .aliases = {"host"},
        .example = "https://www.zohoapis.in"},
       {.name = "accounts_url",
        .description = "Address of the accounts server. Derived from api_domain when unset.",
        .example = "https://accounts.zoho.in"},
       {.name = "modules",
        .kind = FieldKind::text_list,
        .description = "Api names of modules, with * and ?; unset: all that can be read."},
       {.name = "api_version",
        .kind = FieldKind::choice,
        .description = "Version of the API.",
        .fallback = json::value("v8"),
        .choices = {"v7", "v8"}},
       {.name = "max_credits",
        .kind = FieldKind::integer,
        .description = "API credits that one job may use; 0: no limit besides Zoho's.",
        .fallback = json::value(0),
        .min = 0},
       {.name = "max_calls",
        .kind = FieldKind::integer,
        .description = "Calls at the same time; 0: as many as Zoho allows the edition.",
        .fallback = json::value(0),
        .min = 0,
        .max = 25},
       {.name = "ca_file", .description = "File with the certificates to trust, for TLS."},
       {.name = "verify_certificate",
        .kind = FieldKind::boolean,
        .description = "Check the server's certificate and name.",
        .fallback = json::value(true)},
       {.name = "proxy",
        .kind = FieldKind::secret,
        .description = "HTTP proxy to go through; a secret, because it may hold a password.",
        .example = "http://proxy.example:3128"},
       {.name = "connect_timeout",
        .kind = FieldKind::integer,
        .description = "Seconds to wait for a connection.",
        .fallback = json::value(10),
        .min = 1,
        .max = 600}});
}

// --- Helpers -----------------------------------------------------------------------------------

// zoho.md 7.1: in flight per app; of those, COQL and sorted lists.
int calls_of(std::string_view edition) {
  if (edition == "free") return 5;
  if (edition == "standard") return 10;
  if (edition == "professional") return 15;
  if (edition == "enterprise" || edition == "zohoone") return 20;
  if (edition == "ultimate" || edition == "crmplus") return 25;
  return 5;
}
constexpr int kHeavyCalls = 10;

zoho::ApiOptions api_options(const Config& config, zoho::Accounts& accounts) {
  zoho::ApiOptions options;
  options.http = {.ca_file = config.text("ca_file"),
                  .proxy = config.text("proxy"),
                  .verify = config.boolean("verify_certificate"),
                  .connect_timeout = std::chrono::seconds(config.integer("connect_timeout"))};
  options.account = accounts.get(
      {.region = zoho::region_of(config.text("api_domain"), config.text("accounts_url")),
       .client_id = config.text("client_id"),
       .client_secret = config.text("client_secret"),
       .refresh_token = config.text("refresh_token")});
  options.budget = std::make_shared<zoho::Budget>();
  options.budget->credits_max = config.integer("max_credits");
  options.version = config.text("api_version");
  return options;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Does `work` with each module in a few threads; the first failure ends all of them and is thrown.
template <typename Work>
void in_parallel(std::vector<ModuleInfo>& modules, int threads_max, Work&& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::vector<std::thread> threads;
  const auto run = [&] {
    try {
      auto worker = work();
      for (std::size_t i = next++; i < modules.size(); i = next++) worker(modules[i]);
    } catch (...) {
      next = modules.size();
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  const auto count = std::min<std::size_t>(modules.size(), static_cast<std::size_t>(threads_max));
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

TableSchema table_of(const std::string& name, std::vector<Field> fields,
                     const zoho::TableNote& note) {
  TableSchema table;
  table.id.name = name;
  table.fields = std::move(fields);
  table.primary_key.columns = {"id"};
  for (Field& field : table.fields) {
    if (field.name == "id") field.nullable = false;
  }
  table.rows_estimate = note.rows;
  table.payload = note.text();
  return table;
}

// --- Source ------------------------------------------------------------------------------------

class ZohoSource : public Source {
 public:
  ZohoSource(const Config& config, std::shared_ptr<zoho::Accounts> accounts)
      : accounts_(std::move(accounts)),
        options_(api_options(config, *accounts_)),
        patterns_(config.list("modules")),
        calls_max_(static_cast<int>(config.integer("max_calls"))) {}

  SourceInfo open(const CancelToken& cancel) override;
  std::vector<TableSchema> discover(const DiscoverOptions& options,
                                    const CancelToken& cancel) override;

  std::optional<std::string> cannot_read_as(const Field& field, const Type& type) const override {
    const bool value = zoho::Fetch::parse(field.fetch).part == zoho::Part::value;
    if (type == field.type || (value && type.id == TypeId::string)) return std::nullopt;
    return "Zoho's values can be read as their own type or as string";
  }

  Snapshot snapshot(const SnapshotRequest& /*request*/, const CancelToken& cancel) override {
    cancel.check();
    const std::string now = utc_now();
    return {.consistency = Consistency::per_split,
            .description = "each record as it is when it is read: Zoho has no snapshots",
            .position = json::serialize(json::object{{"version", 1}, {"modified_from", now}})};
  }

  std::vector<Split> plan_splits(const TableSchema& table, const std::string& where,
                                 const SplitGoal& goal, const CancelToken& cancel) override {
    cancel.check();
    if (!where.empty()) {
      throw config_error("config.where.unsupported",
                         "options.where: Zoho's modules are read as a whole")
          .hint("leave modules out with the field modules, or tables with the option tables");
    }
    return zoho::plan(table, goal);
  }

  std::unique_ptr<SplitReader> open_reader(const CancelToken& cancel) override {
    return std::make_unique<zoho::Reader>(options_, &emails_, cancel);
  }

 private:
  bool wanted(const ModuleInfo& module) const;
  void read_org(zoho::Api& api, SourceInfo& info);
  void read_users(zoho::Api& api, SourceInfo& info);
  void read_modules(zoho::Api& api, SourceInfo& info);

  const std::shared_ptr<zoho::Accounts> accounts_;
  const zoho::ApiOptions options_;
  const std::vector<std::string> patterns_;
  const int calls_max_;
  bool has_org_ = false, has_users_ = false;
  zoho::Emails emails_;  // complete before the first reader
  std::int64_t users_ = 0;
  std::vector<ModuleInfo> modules_;  // that can be read
};

bool ZohoSource::wanted(const ModuleInfo& module) const {
  if (patterns_.empty()) return true;
  return std::ranges::any_of(patterns_, [&](const std::string& pattern) {
    return glob_match(lower(pattern), lower(module.api_name));
  });
}

void ZohoSource::read_org(zoho::Api& api, SourceInfo& info) {
  int calls = calls_of("");
  try {
    const zoho::OrgInfo org = fetch_org(api);
    has_org_ = true;
    info.database = org.name;
    calls = calls_of(org.edition);
  } catch (const Error& error) {
    if (error.code() != "source.scope" && error.code() != "source.permission") throw;
    info.warnings.push_back(
        "the edition is unknown, so at most " + std::to_string(calls) +
        " calls are made at the same time, and there is no table zoho_org: " + error.message());
  }
  if (calls_max_ > 0) calls = std::min(calls, calls_max_);
  options_.account->set_calls_max(calls, kHeavyCalls);
}

void ZohoSource::read_users(zoho::Api& api, SourceInfo& info) {
  try {
    for (const zoho::UserInfo& user : fetch_users(api)) {
      ++users_;
      emails_[std::atoll(user.id.c_str())] = user.email;
    }
    has_users_ = true;
  } catch (const Error& error) {
    if (error.code() != "source.scope" && error.code() != "source.permission") throw;
    info.warnings.push_back(
        "e-mail addresses of users stay empty, and there is no table "
        "zoho_users: " +
        error.message() + "; " + error.hint());
  }
}

void ZohoSource::read_modules(zoho::Api& api, SourceInfo& info) {
  std::vector<ModuleInfo> all = fetch_modules(api);
  std::vector<std::string> unsupported;
  for (const ModuleInfo& module : all) {
    if (!module.readable && wanted(module)) unsupported.push_back(module.api_name);
  }
  std::erase_if(all, [&](const ModuleInfo& one) { return !one.readable || !wanted(one); });
  in_parallel(all, std::min(kExaminers, options_.account->calls_max()), [&] {
    auto own = std::make_shared<zoho::Api>(options_, api.cancel());
    return [own](ModuleInfo& module) { examine(*own, module); };
  });
  for (ModuleInfo& module : all) {
    if (module.refusal.empty())
      modules_.push_back(std::move(module));
    else
      info.warnings.push_back("module " + module.api_name + " is left out: " + module.refusal);
  }
  if (!unsupported.empty()) {
    std::string names;
    for (std::size_t i = 0; i < std::min(unsupported.size(), kNamedMax); ++i) {
      names += (i == 0 ? "" : ", ") + unsupported[i];
    }
    if (unsupported.size() > kNamedMax) names += ", …";
    info.warnings.push_back(std::to_string(unsupported.size()) +
                            " modules are left out, because Zoho's API doesn't give their "
                            "records: " +
                            names);
  }
}

SourceInfo ZohoSource::open(const CancelToken& cancel) {
  zoho::Api api(options_, cancel);
  SourceInfo info{.product = "Zoho CRM", .version = options_.version};
  modules_.clear();
  emails_.clear();
  users_ = 0;
  read_org(api, info);
  read_users(api, info);
  read_modules(api, info);
  return info;
}

std::vector<TableSchema> ZohoSource::discover(const DiscoverOptions& /*options*/,
                                              const CancelToken& cancel) {
  cancel.check();
  std::vector<std::string> names;
  for (const ModuleInfo& module : modules_) names.push_back(module.api_name);
  std::vector<TableSchema> tables;
  if (has_users_) {
    tables.push_back(
        table_of("zoho_users", zoho::user_columns(), {.way = zoho::Way::users, .rows = users_}));
  }
  if (has_org_) {
    tables.push_back(table_of("zoho_org", zoho::org_columns(), {.way = zoho::Way::org, .rows = 1}));
  }
  std::set<std::string> taken = {"zoho_users", "zoho_org"};
  for (const ModuleInfo& module : modules_) {
    std::string name = zoho::table_name(module.api_name);
    if (!taken.insert(name).second) {
      name += "_" + hex64(stable_hash(module.api_name)).substr(0, 8);
      taken.insert(name);
    }
    zoho::Columns columns = columns_of(module, names);
    TableSchema table = table_of(name, std::move(columns.fields),
                                 {.module = module.api_name,
                                  .way = zoho::Way::lists,
                                  .coql = module.coql,
                                  .rows = module.rows,
                                  .low = module.low,
                                  .high = module.high});
    table.comment = module.label;
    table.notes = std::move(columns.notes);
    tables.push_back(std::move(table));
  }
  std::ranges::sort(tables, {}, &TableSchema::id);
  return tables;
}

}  // namespace

// --- Factory -----------------------------------------------------------------------------------

SourceEntry zoho_source(const zoho::Pacing& pacing) {
  auto accounts = std::make_shared<zoho::Accounts>(pacing);
  return {.name = "zoho",
          .title = "Zoho CRM",
          .aliases = {"zohocrm", "zoho_crm"},
          .versions = "API v7 and v8",
          .spec = spec(),
          .make = [accounts](const Config& config) {
            return std::make_unique<ZohoSource>(config, accounts);
          }};
}

}  // namespace penstock
