#include "servers/zoho/bulk.h"

#include <charconv>
#include <cstdlib>
#include <shared_mutex>
#include <stdexcept>

#include "servers/zoho/hash.h"
#include "servers/zoho/page_token.h"
#include "servers/zoho/zip_file.h"

namespace penstock::zoho_sim {
namespace {

constexpr std::uint64_t kFirstJob = 4'870'000'000'000'646'004;
constexpr std::size_t kDownloadsPerMinute = 10;
constexpr std::int64_t kFileLife = 86'400;
constexpr std::size_t kWriteBytes = 1U << 20;

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "penstock-zoho-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  return name;
}

std::uint64_t user_of(const Context& context) {
  return hash_text(context.grant.refresh_token);
}

json::object body_of(const Call& call) {
  if (call.header("content-type").find("application/json") == std::string::npos) {
    throw ApiError(415, "MEDIA_TYPE_NOT_SUPPORTED", "Media type is not supported.");
  }
  if (call.body.empty()) {
    throw ApiError(400, "REQUEST_BODY_IS_EMPTY", "The request body is empty.");
  }
  json::error_code failure;
  const json::value body = json::parse(call.body, failure);
  if (failure || !body.is_object()) {
    throw ApiError(400, "REQUEST_BODY_NOT_READABLE", "The request body is not readable.");
  }
  return body.as_object();
}

// A tracker's rows without a parent are missing in bulk exports (zoho.md 6.4).
const FieldSpec* parent_of_tracker(const ModuleSpec& module) {
  if (module.generated_type != "field_tracker") return nullptr;
  for (const FieldSpec& field : module.fields) {
    if (field.shape == Shape::lookup) return &field;
  }
  return nullptr;
}

}  // namespace

BulkJobs::BulkJobs(const Crm& crm, SharedSettings& settings, std::uint64_t token_key)
    : crm_(crm),
      settings_(settings),
      token_key_(mix(token_key)),
      folder_(make_folder()),
      writer_([this] { run(); }) {}

BulkJobs::~BulkJobs() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void BulkJobs::run() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = queue_.front();
      queue_.pop_front();
    }
    write(*job);
  }
}

// Writes what only this thread looks at until `written` is set.
void BulkJobs::write(Job& job) {
  bool failed = settings_.take_bulk_failure();
  try {
    if (!failed) write_rows(job, settings_.get());
  } catch (const std::exception&) {
    failed = true;
  }
  const std::lock_guard lock(mutex_);
  job.failed = failed;
  job.written = true;
}

void BulkJobs::write_rows(Job& job, const Settings& settings) {
  const std::string name = std::to_string(job.id);
  ZipFile zip(folder_ / (name + ".zip"), name + ".csv");
  std::string text = "Id";
  for (const BoundColumn& column : job.query.columns) text += "," + column.key;
  text += '\n';
  const std::shared_lock lock(crm_.mutex);
  const Module& module = *crm_.find(job.query.module);
  const FieldSpec* parent = parent_of_tracker(module.spec());
  Style style = crm_.style();
  style.cut_rich_text = settings.bulk_cuts_rich_text;
  Scan scan(module, Order::id, false, job.after);
  std::int64_t skip = job.after ? 0 : (job.query.page - 1) * settings.bulk_rows;
  std::optional<Position> last;
  Cell cell;
  while (const auto index = scan.next()) {
    const Row row = module.row(*index);
    if (job.query.criteria != nullptr && !holds(*job.query.criteria, crm_, module, row)) continue;
    if (parent != nullptr) {
      crm_.cell(module, row, *parent, cell);
      if (cell.is_null()) continue;
    }
    if (skip-- > 0) continue;
    if (job.count == settings.bulk_rows) {
      job.last = last;
      break;
    }
    ++job.count;
    append_number(text, static_cast<std::int64_t>(row.id));
    for (const BoundColumn& column : job.query.columns) {
      text += ',';
      column_cell(crm_, module, row, column, cell);
      append_csv(text, column.field(), cell, style, settings.bulk_list_separator[0]);
    }
    text += '\n';
    last = Position{.time = row.modified, .index = row.index};
    if (text.size() < kWriteBytes) continue;
    zip.write(text);
    text.clear();
  }
  zip.write(text);
  zip.finish();
  job.file = folder_ / (name + ".zip");
}

void BulkJobs::continue_job(const Context& context, const std::string& text, Job& job) const {
  const PageToken token =
      read_token(text, {.key = token_key_,
                        .user = job.user,
                        .now = crm_.clock.now(),
                        .life_seconds = context.settings.page_token_hours * 3600,
                        .any_binding = true});
  const std::lock_guard lock(mutex_);
  const auto before = jobs_.find(token.bound_to);
  if (before == jobs_.end()) {
    throw invalid_data("the page_token given is invalid", {{"param_name", "page_token"}});
  }
  job.query = before->second->query;
  job.query.page = token.page;
  job.after = token.after;
}

Answer BulkJobs::create(const Context& context) {
  Auth::require_scope(context.grant, "bulk");
  const json::object body = body_of(context.call);
  const json::value* query = body.if_contains("query");
  if (query == nullptr || !query->is_object()) {
    throw ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", {{"api_name", "query"}});
  }
  if (const json::value* type = body.if_contains("file_type")) {
    if (!type->is_string() || type->as_string() != "csv") {
      throw invalid_data("invalid data",
                         {{"api_name", "file_type"}, {"supported_values", json::array{"csv"}}});
    }
  }
  auto job = std::make_shared<Job>();
  job->user = user_of(context);
  job->created = crm_.clock.now();
  const json::value* token = query->as_object().if_contains("page_token");
  if (token != nullptr && token->is_string()) {
    if (query->as_object().size() > 1) {
      throw ApiError(
          400, "AMBIGUITY_DURING_PROCESSING", "Ambiguity while processing the request",
          {{"ambiguity_due_to", json::array{json::object{{"param_name", "page_token"}}}}});
    }
    continue_job(context, std::string(token->as_string()), *job);
  } else {
    job->query = parse_bulk_query(context, query->as_object());
  }
  {
    const std::lock_guard lock(mutex_);
    job->id = kFirstJob + next_++ * 3;
    jobs_[job->id] = job;
    queue_.push_back(job);
  }
  changed_.notify_all();
  return Answer::of(
      json::object{{"data", json::array{json::object{
                                {"status", "success"},
                                {"code", "ADDED_SUCCESSFULLY"},
                                {"message", "Added successfully."},
                                {"details",
                                 json::object{{"id", std::to_string(job->id)},
                                              {"operation", "read"},
                                              {"state", "ADDED"},
                                              {"created_by", user_json(0)},
                                              {"created_time", time_text(crm_, job->created)}}}}}},
                   {"info", json::object{}}},
      201);
}

std::shared_ptr<BulkJobs::Job> BulkJobs::find(const Context& context, std::string_view id) const {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), number);
  const auto found = jobs_.find(number);
  if (failure != std::errc{} || end != id.data() + id.size() || found == jobs_.end() ||
      found->second->user != user_of(context)) {
    throw ApiError(404, "RESOURCE_NOT_FOUND", "The requested resource doesn't exist.",
                   {{"resource", id}});
  }
  return found->second;
}

std::string BulkJobs::state(const Job& job, const Settings& settings) const {
  if (job.polls <= 1 && settings.bulk_polls > 0) return job.polls == 0 ? "ADDED" : "QUEUED";
  const bool due = crm_.clock.now() >= job.created + settings.bulk_seconds;
  if (job.polls <= settings.bulk_polls || !due || !job.written) return "IN PROGRESS";
  return job.failed ? "FAILURE" : "COMPLETED";
}

json::object BulkJobs::result_json(const Job& job, const Context& context) const {
  json::object result{{"page", job.query.page},
                      {"per_page", context.settings.bulk_rows},
                      {"count", job.count},
                      {"download_url", "/crm/bulk/v8/read/" + std::to_string(job.id) + "/result"},
                      {"more_records", job.last.has_value()}};
  if (job.last) {
    const PageToken token{.bound_to = job.id,
                          .issued = crm_.clock.now(),
                          .after = *job.last,
                          .served = 0,
                          .page = static_cast<std::uint32_t>(job.query.page + 1)};
    result["next_page_token"] = token.text(token_key_ ^ job.user);
  }
  return result;
}

Answer BulkJobs::status(const Context& context, std::string_view id) {
  Auth::require_scope(context.grant, "bulk");
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Job> job = find(context, id);
  ++job->polls;
  const std::string state = this->state(*job, context.settings);
  const Module& module = *crm_.find(job->query.module);
  json::object shown{
      {"id", std::to_string(job->id)},
      {"operation", "read"},
      {"state", state},
      {"query",
       json::object{{"module", json::object{{"id", std::to_string(module.spec().module_id)},
                                            {"api_name", job->query.module}}},
                    {"page", job->query.page}}},
      {"created_by", user_json(0)},
      {"created_time", time_text(crm_, job->created)},
      {"file_type", "csv"}};
  if (state == "COMPLETED") shown["result"] = result_json(*job, context);
  if (state == "FAILURE") {
    shown["result"] =
        json::object{{"error_message", json::object{{"status", "error"},
                                                    {"code", "INTERNAL_SERVER_ERROR"},
                                                    {"message", "Internal server error occurred."},
                                                    {"details", json::object{}}}}};
  }
  return Answer::of(json::object{{"data", json::array{std::move(shown)}}});
}

Answer BulkJobs::result(const Context& context, std::string_view id) {
  Auth::require_scope(context.grant, "bulk");
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Job> job = find(context, id);
  const std::int64_t now = crm_.clock.now();
  while (!downloads_.empty() && downloads_.front() <= now - 60) downloads_.pop_front();
  if (downloads_.size() >= kDownloadsPerMinute) {
    throw ApiError(429, "TOO_MANY_REQUESTS", "Too many requests fired in concurrency.");
  }
  if (state(*job, context.settings) != "COMPLETED" || now - job->created > kFileLife) {
    throw ApiError(404, "RESOURCE_NOT_FOUND", "The requested resource doesn't exist.",
                   {{"resource", id}});
  }
  downloads_.push_back(now);
  Answer answer{.body = "", .content_type = "application/zip"};
  answer.headers.emplace_back("Content-Disposition",
                              "attachment; filename=" + std::to_string(job->id) + ".zip");
  answer.file = job->file;
  return answer;
}

std::uint64_t BulkJobs::made() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

}  // namespace penstock::zoho_sim
