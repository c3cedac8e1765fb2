// Runs something that must fail with penstock::Error and hands the error over.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace penstock {

template <typename Function>
Error error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Side::engine, "nothing.thrown", ""};
}

}  // namespace penstock
