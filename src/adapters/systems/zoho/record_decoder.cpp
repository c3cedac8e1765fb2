#include "adapters/systems/zoho/record_decoder.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "adapters/systems/zoho/columns.h"
#include "adapters/systems/zoho/number_text.h"
#include "core/text.h"

namespace penstock::zoho {

namespace {

namespace ondemand = simdjson::ondemand;
using Json = ondemand::json_type;

constexpr int kParts = 5;
constexpr std::size_t kExactDigits = 15;  // that every double holds

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

// What a column gets of a value that isn't an object of known shape.
std::string_view raw_text(ondemand::value value) {
  const Json type = value.type();
  if (type == Json::object) {
    ondemand::object object = value.get_object();
    return object.raw_json();
  }
  if (type == Json::array) {
    ondemand::array array = value.get_array();
    return array.raw_json();
  }
  return trimmed(value.raw_json_token());
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size()) return number;
  const auto decimal = parse_decimal(text);  // such as 5.0
  if (!decimal) return std::nullopt;
  const Scaled value = scaled(*decimal, 19, 0);
  if (value.fit != Fit::exact || value.value > INT64_MAX || value.value < INT64_MIN) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value.value);
}

bool same_number(std::string_view text, double number) {
  char shortest[64];
  const auto end = std::to_chars(shortest, shortest + sizeof shortest, number).ptr;
  const auto a = parse_decimal(text), b = parse_decimal({shortest, end});
  return a && b && a->digits == b->digits && a->exponent == b->exponent;
}

// Appends one value to one column.
class Sink {
 public:
  Sink(Batch& batch, std::size_t column)
      : batch_(batch), column_(column), builder_(&batch.columns[column]) {}

  void null() { builder_.append_null(); }
  void text(std::string_view text) { builder_.append_bytes(text); }
  void number(std::int64_t number) { builder_.append_fixed(number); }
  void issue(IssueKind kind, std::string_view text) {
    batch_.issues.push_back({.row = batch_.rows,
                             .column = static_cast<std::int32_t>(column_),
                             .kind = kind,
                             .text = printable(text)});
  }
  void misfit(std::string_view text, IssueKind kind = IssueKind::invalid_value) {
    null();
    issue(kind, text);
  }

  // `text`: a JSON number's token, or a JSON string's content.
  void scalar(const Type& type, std::string_view text) {
    switch (type.id) {
      case TypeId::int64: return whole(text);
      case TypeId::float64: return real(text);
      case TypeId::decimal: return decimal(type, text);
      case TypeId::boolean:
        if (text != "true" && text != "false") return misfit(text);
        return builder_.append_bit(text == "true");
      case TypeId::date: {
        const auto day = parse_day(text);
        if (!day) return misfit(text);
        return builder_.append_fixed(*day);
      }
      case TypeId::timestamp: {
        const auto instant = parse_instant(text);
        if (!instant) return misfit(text);
        if (instant->fraction) issue(IssueKind::precision, text);
        return builder_.append_fixed(instant->seconds);
      }
      default: return misfit(text);
    }
  }

  void list(ondemand::array array) {
    for (auto element : array) {
      ondemand::value value = element.value();
      if (value.is_null())
        builder_.child().append_null();
      else if (value.type() == Json::string)
        builder_.child().append_bytes(value.get_string().value());
      else
        builder_.child().append_bytes(raw_text(value));
    }
    builder_.end_list();
  }

 private:
  void whole(std::string_view text) {
    const auto number = whole_number(text);
    if (number) return builder_.append_fixed(*number);
    misfit(text, parse_decimal(text) ? IssueKind::out_of_range : IssueKind::invalid_value);
  }
  void real(std::string_view text) {
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return misfit(text);
    if (text.size() > kExactDigits && !same_number(text, number)) issue(IssueKind::precision, text);
    builder_.append_fixed(number);
  }
  void decimal(const Type& type, std::string_view text) {
    const auto number = parse_decimal(text);
    if (!number) return misfit(text);
    const Scaled value = scaled(*number, type.precision, type.scale);
    if (value.fit == Fit::too_large) return misfit(text, IssueKind::out_of_range);
    if (value.fit == Fit::cut) issue(IssueKind::precision, text);
    const auto width = static_cast<std::size_t>(fixed_width(type));
    builder_.append_raw(&value.value, width);  // little-endian: the low bytes come first
  }

  Batch& batch_;
  std::size_t column_;
  ColumnBuilder builder_;
};

void append_value(Sink& sink, const Type& type, ondemand::value value) {
  const Json json = value.type();
  if (json == Json::null) return sink.null();
  if (type.id == TypeId::json) return sink.text(raw_text(value));
  if (type.id == TypeId::string) {
    return sink.text(json == Json::string ? value.get_string().value() : raw_text(value));
  }
  if (type.id == TypeId::list) {
    if (json == Json::array) return sink.list(value.get_array());
    return sink.misfit(json == Json::string ? value.get_string().value() : raw_text(value));
  }
  if (json == Json::array || json == Json::object) return sink.misfit(raw_text(value));
  sink.scalar(type, json == Json::string ? value.get_string().value() : raw_text(value));
}

}  // namespace

struct RecordDecoder::Impl {
  // One field, and the columns made of it by Part; -1: none.
  struct Slot {
    std::string field;
    int columns[kParts] = {-1, -1, -1, -1, -1};
    std::uint64_t seen = 0;  // number of the last row that had it

    bool is_reference() const { return columns[0] < 0; }
  };

  std::vector<Slot> slots;
  std::unordered_map<std::string_view, std::size_t> by_name;
  const std::vector<Type>* types = nullptr;
  const Emails* emails = nullptr;
  int whole_record = -1;
  std::uint64_t row = 0;
  std::size_t next = 0;  // the slot that comes next if the order is that of the record before
  ondemand::parser parser;

  // Null when nobody asked for the field, or it was there already.
  Slot* find(std::string_view key) {
    if (next >= slots.size()) next = 0;
    std::size_t at = next;
    if (slots.empty() || slots[at].field != key) {
      const auto found = by_name.find(key);
      if (found == by_name.end()) return nullptr;
      at = found->second;
    }
    next = at + 1;
    if (slots[at].seen == row) return nullptr;
    slots[at].seen = row;
    return &slots[at];
  }

  void object(std::string_view text, Batch& batch) {
    ondemand::document document = parser.iterate(simdjson::padded_string_view(
        text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING));
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      Slot* const slot = find(key);
      if (slot == nullptr) continue;
      if (slot->is_reference()) {
        reference(*slot, field.value(), batch);
      } else {
        const auto column = static_cast<std::size_t>(slot->columns[0]);
        Sink sink(batch, column);
        append_value(sink, (*types)[column], field.value());
      }
    }
  }

  // {"name","id","email","module"} in any order; what is missing is NULL.
  void reference(const Slot& slot, ondemand::value value, Batch& batch) {
    std::string id, name, email, module, whole;
    bool has_name = false, has_email = false, has_module = false;
    if (value.type() == Json::object) {
      for (auto field : value.get_object()) {
        const std::string_view key = field.unescaped_key();
        ondemand::value part = field.value();
        if (part.type() == Json::object && key == "module") {
          std::string_view text;
          has_module = part.get_object()["api_name"].get_string().get(text) == simdjson::SUCCESS;
          module = text;
        } else if (part.type() == Json::string) {
          const std::string_view text = part.get_string();
          if (key == "id") id = text;
          if (key == "name" || key == "Name") name = text, has_name = true;
          if (key == "email") email = text, has_email = true;
          if (key == "module") module = text, has_module = true;
        }
      }
    } else if (value.type() != Json::null) {
      // An id alone; or something else, which is kept as text.
      whole = value.type() == Json::string ? std::string(value.get_string().value())
                                           : std::string(raw_text(value));
      if (whole_number(whole)) std::swap(id, whole);
    }
    write(slot, Part::id, batch, [&](Sink& sink) {
      if (!id.empty())
        sink.scalar(Type::of(TypeId::int64), id);
      else if (!whole.empty())
        sink.misfit(whole);
      else
        sink.null();
    });
    write(slot, Part::name, batch, [&](Sink& sink) {
      has_name ? sink.text(name) : whole.empty() ? sink.null() : sink.text(whole);
    });
    write(slot, Part::email, batch, [&](Sink& sink) {
      if (has_email) return sink.text(email);
      const auto number = whole_number(id);
      const auto found =
          emails == nullptr || !number ? Emails::const_iterator() : emails->find(*number);
      if (emails == nullptr || !number || found == emails->end()) return sink.null();
      sink.text(found->second);
    });
    write(slot, Part::module, batch,
          [&](Sink& sink) { has_module ? sink.text(module) : sink.null(); });
  }

  template <typename Put>
  static void write(const Slot& slot, Part part, Batch& batch, Put&& put) {
    const int column = slot.columns[static_cast<int>(part)];
    if (column < 0) return;
    Sink sink(batch, static_cast<std::size_t>(column));
    put(sink);
  }

  void fill_missing(Batch& batch) {
    for (const Slot& slot : slots) {
      if (slot.seen == row) continue;
      for (const int column : slot.columns) {
        if (column >= 0)
          ColumnBuilder(&batch.columns[static_cast<std::size_t>(column)]).append_null();
      }
    }
  }
};

RecordDecoder::RecordDecoder(std::span<const ReadColumn> columns, const Emails* emails)
    : impl_(std::make_unique<Impl>()) {
  impl_->emails = emails;
  std::unordered_map<std::string, std::size_t> slots;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    types_.push_back(columns[i].type);
    const Fetch fetch = Fetch::parse(columns[i].field->fetch);
    if (fetch.field == kWholeRecord) {
      impl_->whole_record = static_cast<int>(i);
      continue;
    }
    const auto [at, made] = slots.emplace(fetch.field, impl_->slots.size());
    if (made) {
      impl_->slots.push_back({.field = fetch.field});
      field_names_.push_back(fetch.field);
    }
    impl_->slots[at->second].columns[static_cast<int>(fetch.part)] = static_cast<int>(i);
  }
  for (std::size_t i = 0; i < impl_->slots.size(); ++i) {
    impl_->by_name[impl_->slots[i].field] = i;
  }
  impl_->types = &types_;
}

RecordDecoder::~RecordDecoder() = default;

void RecordDecoder::decode(std::string_view record, std::span<const std::string_view> extras,
                           Batch& batch) {
  ++impl_->row;
  const std::size_t issues = batch.issues.size();
  try {
    for (const std::string_view extra : extras) impl_->object(extra, batch);
    impl_->object(record, batch);
  } catch (const simdjson::simdjson_error& error) {
    throw Error(Side::source, "source.protocol",
                std::string("a record of Zoho's is not JSON: ") + error.what())
        .retryable(true);
  }
  impl_->fill_missing(batch);
  if (impl_->whole_record >= 0) {
    ColumnBuilder(&batch.columns[static_cast<std::size_t>(impl_->whole_record)])
        .append_bytes(record);
  }
  if (batch.issues.size() > issues + 1) {
    std::sort(batch.issues.begin() + static_cast<std::ptrdiff_t>(issues), batch.issues.end(),
              [](const ValueIssue& a, const ValueIssue& b) { return a.column < b.column; });
  }
  ++batch.rows;
}

}  // namespace penstock::zoho
