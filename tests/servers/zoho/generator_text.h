// Generated texts, HTML and small JSON values.
#pragma once

#include <cstdint>

#include "servers/zoho/cell.h"

namespace penstock::zoho_sim {

// Each fills a cell that was reset. One text in 64 is awkward: quotes, line ends, commas, emoji,
// leading spaces; one long text in 512 has some 8,000 characters.
void generate_text(const FieldSpec& field, std::uint64_t hash, Cell& cell);
void generate_html(std::uint64_t hash, Cell& cell);
void generate_json(const FieldSpec& field, std::uint64_t hash, Cell& cell);

}  // namespace penstock::zoho_sim
