// Every hard limit in one place. Quantities carry their unit last.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::limits {

inline constexpr std::size_t batch_bytes_target = std::size_t{4} << 20;  // readers end a batch here
inline constexpr std::int64_t batch_rows_max = 65'536;
inline constexpr std::int64_t split_bytes_target = std::int64_t{64} << 20;  // of source storage
inline constexpr std::size_t queue_batches_max = 2;  // between one reader and its writer
inline constexpr std::size_t memory_bytes_default = std::size_t{256} << 20;
inline constexpr std::size_t memory_bytes_min = std::size_t{16} << 20;
inline constexpr int parallel_max = 64;

inline constexpr int split_attempts_max = 5;
inline constexpr int snapshot_attempts_max = 3;
inline constexpr std::chrono::milliseconds retry_delay_first{250};
inline constexpr std::chrono::milliseconds retry_delay_max{30'000};

inline constexpr std::chrono::seconds connect_timeout{10};
inline constexpr std::chrono::seconds cancel_deadline{2};

inline constexpr int errors_kept_max = 1'000;  // per job, in the result
inline constexpr int loss_samples_max = 5;     // sample values kept per column and kind
inline constexpr int events_kept_max = 2'000;  // per job, for clients that come late
inline constexpr std::chrono::milliseconds progress_interval{500};

inline constexpr int jobs_running_max = 16;  // in one service; further ones wait in a queue
inline constexpr int jobs_queued_max = 256;
inline constexpr int jobs_kept_max = 1'000;                 // in the ledger, with all their records
inline constexpr std::int64_t reject_rows_max = 1'000'000;  // per job, in the ledger
inline constexpr std::int64_t reject_bytes_max = std::int64_t{256} << 20;  // per job

inline constexpr std::size_t http_body_bytes_max = std::size_t{8} << 20;
inline constexpr std::size_t http_header_bytes_max = std::size_t{16} << 10;
inline constexpr int http_connections_max = 4'096;
inline constexpr std::chrono::seconds http_read_timeout{30};
inline constexpr std::chrono::seconds http_write_timeout{30};
inline constexpr std::chrono::seconds http_idle_timeout{60};

}  // namespace penstock::limits
