#include "core/error.h"

#include <new>
#include <utility>

namespace penstock {

std::string_view to_text(Side side) {
  switch (side) {
    case Side::source: return "source";
    case Side::destination: return "destination";
    case Side::config: return "config";
    case Side::engine: return "engine";
  }
  return "engine";
}

std::string side_code(Side side, std::string_view code) {
  if (code.starts_with('*')) return std::string(to_text(side)) + std::string(code.substr(1));
  return std::string(code);
}

Error::Error(Side side, std::string code, std::string message)
    : side_(side), code_(std::move(code)), message_(std::move(message)) {}

Error& Error::hint(std::string text) {
  hint_ = std::move(text);
  return *this;
}

Error& Error::native(std::string text) {
  native_ = std::move(text);
  return *this;
}

Error& Error::retryable(bool value) {
  retryable_ = value;
  return *this;
}

namespace {
void keep_first(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}
}  // namespace

Error& Error::in_job(std::string_view id) {
  keep_first(place_.job, id);
  return *this;
}

Error& Error::in_table(std::string_view name) {
  keep_first(place_.table, name);
  return *this;
}

Error& Error::in_split(std::string_view name) {
  keep_first(place_.split, name);
  return *this;
}

Error& Error::in_column(std::string_view name) {
  keep_first(place_.column, name);
  return *this;
}

Error& Error::in_row(std::string_view row) {
  keep_first(place_.row, row);
  return *this;
}

std::string Error::describe() const {
  std::string out = message_;
  std::string where;
  const auto add = [&where](std::string_view label, const std::string& value) {
    if (value.empty()) return;
    if (!where.empty()) where += ", ";
    where.append(label).append(" ").append(value);
  };
  add("table", place_.table);
  add("split", place_.split);
  add("column", place_.column);
  add("row", place_.row);
  if (!where.empty()) out += " (" + where + ")";
  out += " [" + code_;
  if (!native_.empty()) out += ", native code " + native_;
  out += "]";
  if (!hint_.empty()) out += "\n  What to do: " + hint_;
  return out;
}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(Side::engine, "engine.memory", "the process ran out of memory")
        .hint("lower --memory or --parallel, or exclude the widest columns");
  } catch (const std::exception& error) {
    return {Side::engine, "engine.internal", std::string("unexpected failure: ") + error.what()};
  } catch (...) {
    return {Side::engine, "engine.internal", "unexpected failure of an unknown kind"};
  }
}

Error config_error(std::string code, std::string message) {
  return {Side::config, std::move(code), std::move(message)};
}

Error cancelled_error() {
  return {Side::engine, "engine.cancelled", "the job was cancelled"};
}

}  // namespace penstock
