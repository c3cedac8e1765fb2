#include "adapters/systems/zoho/reader.h"

#include <algorithm>
#include <set>

#include "adapters/systems/zoho/columns.h"
#include "core/error.h"

namespace penstock::zoho {

namespace {

constexpr std::int64_t kRowsPerLook = 64;  // at size and cancel token

// Sorts the fields by how they are read.
WalkFields fields_of(const ReadSpec& spec, const std::string& module, Way way) {
  WalkFields fields{.module = module};
  std::set<std::string> seen;
  for (const ReadColumn& column : spec.columns) {
    const Fetch fetch = Fetch::parse(column.field->fetch);
    if (!seen.insert(fetch.field).second) continue;
    const bool beside =
        way == Way::coql ? !fetch.coql : fields.main.size() >= kListFields && fetch.field != "id";
    if (beside)
      fields.extra.push_back(fetch.field);
    else
      fields.main.push_back(fetch.field);
    if (fetch.rich_text) fields.rich.push_back(fetch.field);
  }
  return fields;
}

}  // namespace

Reader::Reader(ApiOptions options, const Emails* emails, CancelToken cancel)
    : api_(std::move(options), std::move(cancel)), emails_(emails) {}

void Reader::fail() {
  Error error = current_error();
  stop();
  throw error.in_table(table_).in_split(place_);
}

std::unique_ptr<Walk> Reader::make_walk(const ReadSpec& spec, const SplitNote& note) {
  if (note.way == Way::users) return walk_users(api_);
  if (note.way == Way::org) return walk_org(api_);
  WalkFields fields = fields_of(spec, TableNote::parse(spec.table->payload).module, note.way);
  if (note.way == Way::lists) return walk_by_lists(api_, std::move(fields));
  return walk_by_coql(api_, std::move(fields), {.low = note.low, .high = note.high},
                      note.high == 0 && note.low == 0 ? rows_estimate_ : -1);
}

void Reader::start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) {
  stop();
  table_ = spec.table->id.display();
  place_ = std::to_string(split.index + 1) + " of " + std::to_string(split.count);
  rows_estimate_ = split.rows_estimate;
  bounds_ = bounds;
  try {
    api_.cancel().check();
    decoder_ = std::make_unique<RecordDecoder>(spec.columns, emails_);
    walk_ = make_walk(spec, SplitNote::parse(split.payload));
  } catch (...) {
    fail();
  }
}

bool Reader::next_page() {
  while (page_ == nullptr || at_ >= page_->records.size()) {
    page_.reset();
    at_ = 0;
    page_ = walk_->next();
    if (page_ == nullptr) return false;
  }
  return true;
}

BatchPtr Reader::next() {
  if (!walk_) return nullptr;
  try {
    MemoryLease lease = bounds_.budget->acquire(bounds_.bytes_target, api_.cancel());
    auto batch = std::make_unique<Batch>(decoder_->types());
    while (batch->rows < bounds_.rows_max && next_page()) {
      const bool look = batch->rows % kRowsPerLook == 0;
      if (look && batch->memory_bytes() >= bounds_.bytes_target) break;
      if (look) api_.cancel().check();
      static const std::vector<std::string_view> none;
      decoder_->decode(page_->records[at_], page_->extras.empty() ? none : page_->extras[at_],
                       *batch);
      ++at_;
    }
    if (batch->rows == 0) {
      stop();
      return nullptr;
    }
    lease.resize(batch->memory_bytes());
    batch->lease = std::move(lease);
    return batch;
  } catch (...) {
    fail();
  }
}

void Reader::stop() noexcept {
  walk_.reset();
  page_.reset();
  at_ = 0;
}

}  // namespace penstock::zoho
