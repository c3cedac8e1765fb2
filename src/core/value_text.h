// The one text form per logical type: for goldens, rejects, messages and comparison.
//
//   boolean true/false · integers decimal · float32/64 shortest round-trip, NaN, Infinity,
//   -Infinity decimal all `scale` digits ("1.50") · numeric, string, json, enumeration, network as
//   they are binary, geometry \x + lower-case hex · date 2024-02-29 (5-digit years plain, BC as
//   "0044-03-15 BC") time [-]HH:MM:SS[.fraction, `digits` long] · timestamp 2024-02-29
//   12:34:56.789012 (+"Z" when utc) infinity, -infinity for date and timestamp · interval "1 mon 2
//   days 03:04:05.678901" as PostgreSQL prints it (IntervalStyle postgres) · uuid 8-4-4-4-12 · list
//   {a,b,NULL}, with elements quoted by " where they hold one of , { } " \ white space, are empty,
//   or read NULL
#pragma once

#include <string>

#include "core/batch.h"

namespace penstock {

// Appends the text of one value; a missing value appends "NULL". Pure; thread-safe.
void append_value_text(const Column& column, std::int64_t row, std::string& out);
std::string value_text(const Column& column, std::int64_t row);

// Text of an unscaled little-endian two's-complement integer of `width` bytes with `scale` digits.
std::string decimal_text(const void* value, int width, int scale);

// "2024-02-29" from days since 1970-01-01; "infinity" for the sentinels.
std::string date_text(std::int32_t days);
std::string timestamp_text(std::int64_t ticks, int digits, bool utc);
std::string time_text(std::int64_t ticks, int digits);

// The inverse of date_text and timestamp_text for proleptic Gregorian years 0001 to 9999, used to
// read ranges out of the type tables. Throws config_error("config.value") on anything else.
std::int32_t parse_date(std::string_view text);
std::int64_t parse_timestamp(std::string_view text, int digits);

}  // namespace penstock
