// Users and the org itself.
#include <array>

#include "servers/zoho/metadata.h"

namespace penstock::zoho_sim {
namespace {

json::object user_object(const Context& context, std::size_t index) {
  const User& user = users()[index];
  const std::int64_t offset = context.crm.zone().offset_seconds(context.crm.clock.now());
  json::object out{
      {"id", std::to_string(user.id)},
      {"zuid", std::to_string(808'000'000 + index)},
      {"full_name", user.full_name()},
      {"first_name", user.first_name},
      {"last_name", user.last_name},
      {"alias", nullptr},
      {"email", user.email},
      {"status", user.status},
      {"role", json::object{{"name", "CEO"}, {"id", "4870000000000026005"}}},
      {"profile", json::object{{"name", user.admin ? "Administrator" : "Standard"},
                               {"id", user.admin ? "4870000000000026011" : "4870000000000026014"}}},
      {"confirm", true},
      {"type__s", "Regular User"},
      {"Isonline", index < 2},
      {"created_time", time_text(context.crm, kDataBegin)},
      {"created_by", user_json(0)},
      {"Modified_Time", time_text(context.crm, kDataBegin + 86'400)},
      {"Modified_By", user_json(0)},
      {"time_zone", context.crm.zone().name()},
      {"offset", offset * 1000},
      {"locale", "en_US"},
      {"language", "en_US"},
      {"country_locale", "en_US"},
      {"date_format", "MMM d, yyyy"},
      {"time_format", "hh:mm a"},
      {"decimal_separator", "Period"},
      {"number_separator", "Comma"},
      {"country", "US"},
      {"microsoft", false},
      {"personal_account", false},
      {"sandboxDeveloper", false},
      {"default_tab_group", "0"},
      {"status_reason__s", nullptr},
      {"theme", json::object{}},
      {"customize_info", json::object{}},
      {"$current_shift", nullptr},
      {"$next_shift", nullptr},
      {"$shift_effective_from", nullptr}};
  for (const std::string_view key : {"state", "city", "street", "zip", "phone", "mobile", "fax",
                                     "website", "dob", "signature"}) {
    out[key] = nullptr;
  }
  return out;
}

bool matches(const User& user, std::string_view type, bool current) {
  if (type == "AllUsers" || type == "ConfirmedUsers") return true;
  if (type == "ActiveUsers" || type == "ActiveConfirmedUsers") return user.status == "active";
  if (type == "DeactiveUsers") return user.status == "inactive";
  if (type == "DeletedUsers") return user.status == "deleted";
  if (type == "NotConfirmedUsers") return false;
  if (type == "AdminUsers" || type == "ActiveConfirmedAdmins") return user.admin;
  if (type == "CurrentUser") return current;
  throw invalid_data("the type given is invalid", {{"param_name", "type"}});
}

}  // namespace

Answer list_users(const Context& context) {
  Auth::require_scope(context.grant, "users");
  const std::string* type = context.call.param("type");
  const std::int64_t per_page = number_param(context.call, "per_page", 200, 1, 200);
  const std::int64_t page = number_param(context.call, "page", 1, 1, 1'000'000);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < users().size(); ++i) {
    const bool current = i == (context.grant.admin ? 0U : 1U);
    if (matches(users()[i], type == nullptr ? "AllUsers" : *type, current)) found.push_back(i);
  }
  json::array shown;
  const auto from = static_cast<std::size_t>((page - 1) * per_page);
  for (std::size_t i = from; i < found.size() && shown.size() < static_cast<std::size_t>(per_page);
       ++i) {
    shown.push_back(user_object(context, found[i]));
  }
  if (shown.empty()) return Answer::empty(204);
  const std::size_t count = shown.size();
  return Answer::of(
      json::object{{"users", std::move(shown)},
                   {"info", json::object{{"per_page", per_page},
                                         {"count", count},
                                         {"page", page},
                                         {"more_records", from + count < found.size()}}}});
}

Answer show_org(const Context& context) {
  Auth::require_scope(context.grant, "org");
  const Settings& settings = context.settings;
  json::object org{
      {"id", "4870000000000020001"},
      {"zgid", "808000001"},
      {"company_name", "Simulated Ltd"},
      {"domain_name", "org808000001"},
      {"type", "production"},
      {"time_zone", context.crm.zone().name()},
      {"currency", "US Dollar - USD"},
      {"iso_code", "USD"},
      {"currency_symbol", "$"},
      {"currency_locale", "USD"},
      {"country_code", "US"},
      {"primary_email", users()[0].email},
      {"primary_zuid", "808000000"},
      {"zia_portal_id", nullptr},
      {"created_time", time_text(context.crm, kDataBegin)},
      {"employee_count", "12"},
      {"mc_status", true},
      {"privacy_settings", false},
      {"hipaa_compliance_enabled", false},
      {"translation_enabled", false},
      {"gapps_enabled", false},
      {"lite_users_enabled", false},
      {"hierarchy_preferences", json::object{{"type", "Role_Hierarchy"}}},
      {"deletable_org_account", false},
      {"license_details",
       json::object{{"paid", settings.edition != "free"},
                    {"paid_type", settings.edition},
                    {"paid_expiry", time_text(context.crm, context.crm.clock.now() + 31'536'000)},
                    {"trial_type", nullptr},
                    {"trial_expiry", nullptr},
                    {"users_license_purchased", settings.user_licences},
                    {"portal_users_license_purchased", 0}}}};
  for (const std::string_view key : {"photo_id", "alias", "description", "phone", "mobile", "fax",
                                     "website", "street", "city", "state", "zip", "country"}) {
    org[key] = nullptr;
  }
  return Answer::of(json::object{{"org", json::array{std::move(org)}}});
}

}  // namespace penstock::zoho_sim
