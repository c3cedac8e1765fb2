#include "servers/zoho/coql_lexer.h"

#include <algorithm>
#include <cctype>

namespace penstock::zoho_sim {
namespace {

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

bool CoqlToken::is(std::string_view keyword) const {
  if (kind != Kind::word && kind != Kind::symbol) return false;
  return std::equal(text.begin(), text.end(), keyword.begin(), keyword.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

ApiError CoqlLexer::error(std::string_view message) const {
  const std::string_view before = text_.substr(0, token_.start);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 when there is none
  return {400,
          "SYNTAX_ERROR",
          std::string(message),
          {{"line", line}, {"column", token_.start - line_start + 1}, {"near", token_.text}}};
}

bool CoqlLexer::take(std::string_view keyword) {
  if (!token_.is(keyword)) return false;
  advance();
  return true;
}

void CoqlLexer::read_text() {
  token_.kind = CoqlToken::Kind::text;
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] != '\'') {
      token_.text += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
      token_.text += '\'';
      ++at_;
    } else {
      ++at_;
      return;
    }
  }
  throw error("a text has no end");
}

void CoqlLexer::advance() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  token_ = {.start = at_};
  if (at_ >= text_.size()) return;
  const char c = text_[at_];
  const bool sign = c == '-' && at_ + 1 < text_.size() &&
                    std::isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0;
  if (c == '\'') return read_text();
  if (sign || std::isdigit(static_cast<unsigned char>(c)) != 0) {
    token_.kind = CoqlToken::Kind::number;
    std::size_t end = at_ + 1;
    while (end < text_.size() &&
           (std::isdigit(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '.')) {
      ++end;
    }
    token_.text = text_.substr(at_, end - at_);
    at_ = end;
  } else if (in_word(c)) {
    token_.kind = CoqlToken::Kind::word;
    std::size_t end = at_;
    while (end < text_.size() && in_word(text_[end])) ++end;
    token_.text = text_.substr(at_, end - at_);
    at_ = end;
  } else {
    token_.kind = CoqlToken::Kind::symbol;
    const bool two =
        at_ + 1 < text_.size() && text_[at_ + 1] == '=' && (c == '<' || c == '>' || c == '!');
    token_.text = text_.substr(at_, two ? 2 : 1);
    at_ += two ? 2 : 1;
  }
}

}  // namespace penstock::zoho_sim
