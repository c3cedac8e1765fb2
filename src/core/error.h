// The one failure type. Thrown where something goes wrong, given context on the way up, and caught
// in three kinds of place only: a task boundary in the engine, the HTTP handlers, and main.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// Whose fault it is, so that a message can say who must act.
enum class Side { source, destination, config, engine };

std::string_view to_text(Side side);

// The code of a failure that can be either system's: "*.auth" → "source.auth". Codes stand whole in
// the sources, so that a test can compare them with data/errors.tsv.
std::string side_code(Side side, std::string_view code);

// Where it happened. Every field is optional; the engine and the adapters fill in what they know.
struct ErrorPlace {
  std::string job, table, split, column, row;
};

// Purpose: says what happened, where, whose fault it is, whether trying again can help, and what to
// do next. `code` is a stable dotted name, listed in docs/errors.md, on which programs may rely;
// `what()` is the message alone and never holds a secret: adapters must not put connection strings
// or values of secret fields into it. Errors are values: copying and throwing from any thread is
// fine.
class Error : public std::exception {
 public:
  Error(Side side, std::string code, std::string message);

  const char* what() const noexcept override { return message_.c_str(); }
  Side side() const { return side_; }
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  // The server's or library's own code, for example an SQLSTATE; may be empty.
  const std::string& native() const { return native_; }
  const ErrorPlace& place() const { return place_; }
  // True when the same operation may succeed if repeated unchanged after a pause.
  bool retryable() const { return retryable_; }

  // Setters return *this so that a throw stays one expression. The place_* setters keep a value
  // that was set nearer to the failure.
  Error& hint(std::string text);
  Error& native(std::string text);
  Error& retryable(bool value);
  Error& in_job(std::string_view id);
  Error& in_table(std::string_view name);
  Error& in_split(std::string_view name);
  Error& in_column(std::string_view name);
  Error& in_row(std::string_view row);

  // One paragraph for people: message, place, native code, whose fault, hint.
  std::string describe() const;

 private:
  Side side_;
  bool retryable_ = false;
  std::string code_, message_, hint_, native_;
  ErrorPlace place_;
};

// Turns whatever is being handled into an Error; call it inside a catch block only. A foreign
// exception becomes `engine.internal` (or `engine.memory` for std::bad_alloc), never retryable.
Error current_error();

// Shorthands for the two kinds that need no adapter knowledge.
Error config_error(std::string code, std::string message);
Error cancelled_error();  // code "engine.cancelled"

}  // namespace penstock
