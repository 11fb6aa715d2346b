// Content hashes: names of work units and checksums of what is written. Not for security.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fdbench {

/// XXH3 128-bit hash of the bytes as 32 hexadecimal digits.
std::string content_hash(std::string_view bytes);
std::string content_hash(const void* data, std::size_t size);
/// XXH3 64-bit hash of the bytes.
std::uint64_t short_hash(std::string_view bytes);

}  // namespace fdbench
