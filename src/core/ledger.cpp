#include "core/ledger.h"

namespace penstock {

std::string_view to_text(JobState state) {
  switch (state) {
    case JobState::queued: return "queued";
    case JobState::running: return "running";
    case JobState::succeeded: return "succeeded";
    case JobState::failed: return "failed";
    case JobState::cancelled: return "cancelled";
    case JobState::interrupted: return "interrupted";
  }
  return "failed";
}

std::string_view to_text(TableState state) {
  switch (state) {
    case TableState::pending: return "pending";
    case TableState::running: return "running";
    case TableState::done: return "done";
    case TableState::failed: return "failed";
  }
  return "failed";
}

std::string_view to_text(SplitState state) {
  switch (state) {
    case SplitState::pending: return "pending";
    case SplitState::committing: return "committing";
    case SplitState::committed: return "committed";
  }
  return "pending";
}

}  // namespace penstock
