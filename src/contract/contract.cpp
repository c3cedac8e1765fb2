#include "contract/source.h"

namespace penstock {

std::string_view to_text(Consistency consistency) {
  switch (consistency) {
    case Consistency::point_in_time: return "point_in_time";
    case Consistency::per_table: return "per_table";
    case Consistency::per_split: return "per_split";
  }
  return "per_split";
}

}  // namespace penstock
