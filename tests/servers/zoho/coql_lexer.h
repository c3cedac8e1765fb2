// The words of a COQL text.
#pragma once

#include <string>
#include <string_view>

#include "servers/zoho/call.h"

namespace penstock::zoho_sim {

struct CoqlToken {
  enum class Kind : std::uint8_t { end, word, text, number, symbol };
  Kind kind = Kind::end;
  std::string text;       // of texts: without quotes, doubled ones undone
  std::size_t start = 0;  // in the query

  bool is(std::string_view keyword) const;  // any case; words and symbols
};

class CoqlLexer {
 public:
  explicit CoqlLexer(std::string_view text) : text_(text) { advance(); }

  const CoqlToken& token() const { return token_; }
  void advance();
  bool take(std::string_view keyword);
  // Where the current token is, as Zoho says it: {"line","column","near"}.
  ApiError error(std::string_view message = "syntax error") const;

 private:
  void read_text();
  std::string_view text_;
  std::size_t at_ = 0;
  CoqlToken token_;
};

}  // namespace penstock::zoho_sim
