#include "servers/zoho/admin.h"

#include <charconv>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include "servers/zoho/context.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::size_t kChunkBytes = 1U << 18;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) {
    throw std::runtime_error(std::string(name) + " is missing or isn't a text");
  }
  return std::string(value->as_string());
}

Module& module_named(Crm& crm, const std::string& name) {
  Module* module = crm.find(name);
  if (module == nullptr) throw std::runtime_error("there is no module " + name);
  return *module;
}

std::uint32_t index_of(const Module& module, const json::value& id) {
  const std::string_view text = id.as_string();
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  const auto index = module.index_of(number);
  if (!index) throw std::runtime_error("there is no record " + std::string(text));
  return *index;
}

// Fractions as people write them: the library would write 12.5 as 1.25E1.
std::string json_text(const json::value& value) {
  if (!value.is_double()) return json::serialize(value);
  char digits[400];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value.get_double(), std::chars_format::fixed)
          .ptr;
  return {digits, end};
}

using Values = std::map<std::string, Cell, std::less<>>;

Values values_of(const Module& module, const json::object& record) {
  Values values;
  for (const auto& [name, value] : record) {
    if (name == "id") continue;
    const FieldSpec* field = module.spec().field(name);
    if (field == nullptr) throw std::runtime_error("there is no field " + std::string(name));
    values[std::string(name)] = cell_from_json(*field, json_text(value));
  }
  return values;
}

// The elements of an array that may be absent.
template <typename Each>
void each_of(const json::object& body, std::string_view name, Each&& each) {
  const json::value* list = body.if_contains(name);
  if (list == nullptr) return;
  for (const json::value& one : list->as_array()) each(one);
}

Answer change_records(const AdminTarget& target, const json::object& body) {
  Crm& crm = target.crm;
  const std::unique_lock lock(crm.mutex);
  Module& module = module_named(crm, text_of(body, "module"));
  const std::int64_t now = crm.clock.now();
  const bool touch = target.settings.get().restore_touches;
  json::array inserted;
  each_of(body, "insert", [&](const json::value& record) {
    const std::uint32_t index = module.insert(now, values_of(module, record.as_object()));
    inserted.push_back(json::string(std::to_string(module.id_of(index))));
  });
  each_of(body, "update", [&](const json::value& record) {
    const json::object& object = record.as_object();
    module.update(index_of(module, object.at("id")), now, values_of(module, object));
  });
  const json::value* permanent = body.if_contains("permanent");
  each_of(body, "delete", [&](const json::value& id) {
    module.remove(index_of(module, id), now, permanent != nullptr && permanent->as_bool());
  });
  each_of(body, "restore", [&](const json::value& id) {
    const std::uint32_t index = index_of(module, id);
    module.restore(index);
    if (touch) module.update(index, now, {});
  });
  if (body.contains("recalculate")) module.recalculate();
  return Answer::of(json::object{{"inserted", std::move(inserted)}});
}

Answer change_schema(Crm& crm, const json::object& body, bool picklist) {
  const std::unique_lock lock(crm.mutex);
  ModuleSpec& spec = module_named(crm, text_of(body, "module")).spec();
  spec.modified_time = crm.clock.now();
  if (!picklist) {
    FieldSpec field = parse_field(spec, text_of(body, "line"));
    if (spec.field(field.api_name) != nullptr) throw std::runtime_error("the field exists");
    field.since = crm.clock.now();
    spec.fields.push_back(std::move(field));
    spec.index_fields();
    return Answer::of(json::object{});
  }
  const int at = spec.field_index(text_of(body, "field"));
  if (at < 0) throw std::runtime_error("there is no such field");
  spec.fields[static_cast<std::size_t>(at)].values.push_back(text_of(body, "value"));
  return Answer::of(json::object{});
}

Answer set_clock(Crm& crm, const json::object& body) {
  const auto time = [&](std::string_view name) {
    const auto parsed = parse_datetime(text_of(body, name));
    if (!parsed || *parsed < kDataEnd) {
      throw std::runtime_error("the clock can't be set before the data's end, 2024-06-01");
    }
    return *parsed;
  };
  if (body.contains("stop_at")) crm.clock.stop_at(time("stop_at"));
  if (body.contains("run_from")) crm.clock.run_from(time("run_from"));
  if (const json::value* seconds = body.if_contains("advance")) {
    crm.clock.advance(seconds->to_number<std::int64_t>());
  }
  std::string now;
  append_utc(now, crm.clock.now());
  return Answer::of(json::object{{"now", now}});
}

// One dump under way; it takes the mutex for each piece, so that other calls can go on.
class Dump {
 public:
  Dump(const Crm& crm, const Module& module) : crm_(crm), module_(module) {
    for (const FieldSpec& field : module.spec().fields) {
      if (field.shape != Shape::id && !field.is_collection()) fields_.push_back(&field);
    }
  }

  void next(std::string& chunk) {
    const std::shared_lock lock(crm_.mutex);
    Style style = crm_.style();
    style.zone = nullptr;
    style.cut_rich_text = false;
    while (at_ < module_.total() && chunk.size() < kChunkBytes) {
      const std::uint32_t index = at_++;
      if (!module_.exists(index)) continue;
      append_record(chunk, crm_, module_, module_.row(index), fields_, style);
      chunk += '\n';
    }
  }

 private:
  const Crm& crm_;
  const Module& module_;
  std::vector<const FieldSpec*> fields_;
  std::uint32_t at_ = 0;
};

Answer dump(Crm& crm, const Call& call) {
  const std::shared_lock lock(crm.mutex);
  const std::string* name = call.param("module");
  if (name == nullptr) throw std::runtime_error("module is missing");
  auto under_way = std::make_shared<Dump>(crm, module_named(crm, *name));
  Answer answer{.body = "", .content_type = "application/x-ndjson"};
  answer.more = [under_way](std::string& chunk) { under_way->next(chunk); };
  return answer;
}

bool flag(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  return value == nullptr || value->as_bool();
}

}  // namespace

Answer run_command(const AdminTarget& target, const Call& call, std::string_view command) {
  if (call.method == "GET") {
    if (command == "dump") return dump(target.crm, call);
    if (command == "settings") return Answer::of(settings_json(target.settings.get()));
    throw std::runtime_error("there is no such command");
  }
  if (call.method == "DELETE" && command == "faults") {
    target.faults.clear();
    return Answer::of(json::object{});
  }
  if (call.method != "POST") throw std::runtime_error("there is no such command");
  const json::object body = call.body.empty() ? json::object{} : json::parse(call.body).as_object();
  if (command == "records") return change_records(target, body);
  if (command == "fields" || command == "picklists") {
    return change_schema(target.crm, body, command == "picklists");
  }
  if (command == "clock") return set_clock(target.crm, body);
  if (command == "settings") {
    target.settings.update(body);
  } else if (command == "faults") {
    target.faults.add(fault_from_json(body));
  } else if (command == "tokens") {
    target.auth.expire_all();
  } else if (command == "grants") {
    return Answer::of(json::object{
        {"refresh_token", target.auth.add_grant(text_of(body, "scope"), flag(body, "admin"),
                                                flag(body, "api_access"))}});
  } else {
    throw std::runtime_error("there is no such command");
  }
  return Answer::of(json::object{});
}

}  // namespace penstock::zoho_sim
