// Reads splits: walks, decodes, and fills batches.
#pragma once

#include <memory>
#include <string>

#include "adapters/systems/zoho/api.h"
#include "adapters/systems/zoho/record_decoder.h"
#include "adapters/systems/zoho/split_plan.h"
#include "adapters/systems/zoho/walk.h"
#include "contract/source.h"

namespace penstock::zoho {

// See contract/source.h. A page that Zoho sent (some megabytes) is held beside the batch.
class Reader : public SplitReader {
 public:
  // `emails` outlives it.
  Reader(ApiOptions options, const Emails* emails, CancelToken cancel);

  void start(const ReadSpec& spec, const Split& split, const BatchBounds& bounds) override;
  BatchPtr next() override;
  void stop() noexcept override;
  bool healthy() const override { return true; }

 private:
  bool next_page();
  std::unique_ptr<Walk> make_walk(const ReadSpec& spec, const SplitNote& note);
  [[noreturn]] void fail();

  Api api_;
  const Emails* const emails_;
  BatchBounds bounds_;
  std::string table_, place_;
  std::int64_t rows_estimate_ = -1;
  std::unique_ptr<RecordDecoder> decoder_;
  std::unique_ptr<Walk> walk_;
  PagePtr page_;
  std::size_t at_ = 0;  // the page's next record
};

}  // namespace penstock::zoho
