// The suite with what needs no server.
#include "conformance/quirks/skeleton.h"

namespace penstock::testing {

std::vector<DestinationQuirks> destinations_under_test() {
  return {skeleton_destination_quirks()};
}
std::vector<SourceQuirks> sources_under_test() {
  return {skeleton_source_quirks()};
}

}  // namespace penstock::testing
