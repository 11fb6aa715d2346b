#include "io/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "core/error.h"
#include "io/atomic_file.h"
#include "io/file_mapping.h"

namespace fdbench {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50,
                        kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr std::size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kLocatorBytes = 20,
                      kEnd64Bytes = 56, kLongestComment = 65535;
constexpr std::uint16_t kStored = 0, kDeflated = 8, kEncrypted = 1, kZip64 = 1;
/// "look in the ZIP64 field".
constexpr std::uint32_t kIn64 = 0xffffffff;
/// Deflate cannot do more than 1032 to 1.
constexpr std::uint64_t kMostInflation = 1100;
constexpr std::uint16_t kVersion = 20;

/// Where a member lies.
struct Entry {
  std::string name;
  std::uint16_t method = 0;
  std::uint32_t checksum = 0;
  /// [bytes]
  std::uint64_t packed = 0, size = 0, offset = 0;
  bool encrypted = false;
};

}  // namespace

class ZipArchive::Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : place_{path.string()}, file_(path) {
    std::uint64_t at = 0, packed = 0;
    const std::uint64_t count = find_directory(at);
    for (std::uint64_t i = 0; i < count; ++i) {
      entries_.push_back(read_entry(at));
      packed += entries_.back().packed;
      // Else a small file could be unpacked into any size.
      if (packed > file_.size()) fail("damaged ZIP file: its members overlap");
    }
  }

  const std::vector<Entry>& entries() const { return entries_; }

  /// The last one of the name, as Python's zipfile takes it.
  const Entry& entry(const std::string& name) const {
    for (auto found = entries_.rbegin(); found != entries_.rend(); ++found) {
      if (found->name == name) return *found;
    }
    fail("has no member '" + name + "'");
  }

  std::string read(const Entry& entry) const {
    std::string bytes = unpack(entry, entry.size);
    const uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    if (sum != entry.checksum) fail("member '" + entry.name + "' is damaged: its checksum differs");
    return bytes;
  }

  /// The first bytes of a member, `wanted` at most; its checksum is not looked at.
  std::string unpack(const Entry& entry, std::uint64_t wanted) const {
    if (entry.encrypted) fail("member '" + entry.name + "' is encrypted");
    if (number<std::uint32_t>(entry.offset) != kLocalHeader) {
      fail("damaged ZIP file: member '" + entry.name + "' is not where it should be");
    }
    const std::uint64_t begin = entry.offset + kLocalBytes +
                                number<std::uint16_t>(entry.offset + 26) +
                                number<std::uint16_t>(entry.offset + 28);
    if (begin > file_.size() || entry.packed > file_.size() - begin) {
      fail("member '" + entry.name + "' ends after the file");
    }
    wanted = std::min(wanted, entry.size);
    if (entry.method == kStored && entry.size == entry.packed) return text(begin, wanted);
    if (entry.method == kDeflated && entry.size / kMostInflation <= entry.packed) {
      return inflated(entry, begin, wanted);
    }
    fail("member '" + entry.name + "' is damaged, or packed by another method than deflate");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw runtime_error(place_, what); }

  /// A little-endian number. Throws where the file ends before it.
  template <typename T>
  T number(std::uint64_t at) const {
    if (at > file_.size() || sizeof(T) > file_.size() - at) fail("the ZIP file ends too early");
    T value;
    std::memcpy(&value, file_.data() + at, sizeof(T));
    return value;
  }

  std::string text(std::uint64_t at, std::size_t size) const {
    if (at > file_.size() || size > file_.size() - at) fail("the ZIP file ends too early");
    return {reinterpret_cast<const char*>(file_.data()) + at, size};
  }

  /// -> number of members; at: where the first one is described.
  std::uint64_t find_directory(std::uint64_t& at) const {
    if (file_.size() < kEndBytes) fail("is no ZIP file");
    const std::uint64_t last = file_.size() - kEndBytes;
    const std::uint64_t first = last - std::min<std::uint64_t>(last, kLongestComment);
    for (std::uint64_t end = last + 1; end-- > first;) {
      if (number<std::uint32_t>(end) != kEnd) continue;
      at = number<std::uint32_t>(end + 16);
      const auto count = number<std::uint16_t>(end + 10);
      if (at != kIn64 && count != 0xffff) return count;
      if (end < kLocatorBytes || number<std::uint32_t>(end - kLocatorBytes) != kEnd64Locator) {
        fail("damaged ZIP file: the directory is not found");
      }
      const auto end64 = number<std::uint64_t>(end - kLocatorBytes + 8);
      if (number<std::uint32_t>(end64) != kEnd64 || end64 + kEnd64Bytes > file_.size()) {
        fail("damaged ZIP file: the directory is not found");
      }
      at = number<std::uint64_t>(end64 + 48);
      return number<std::uint64_t>(end64 + 32);
    }
    fail("is no ZIP file");
  }

  /// at: moves on to the next description.
  Entry read_entry(std::uint64_t& at) const {
    if (number<std::uint32_t>(at) != kCentralHeader) fail("damaged ZIP file: a member is missing");
    Entry entry;
    const auto flags = number<std::uint16_t>(at + 8);
    entry.method = number<std::uint16_t>(at + 10);
    entry.checksum = number<std::uint32_t>(at + 16);
    entry.packed = number<std::uint32_t>(at + 20);
    entry.size = number<std::uint32_t>(at + 24);
    const auto name = number<std::uint16_t>(at + 28), extra = number<std::uint16_t>(at + 30),
               comment = number<std::uint16_t>(at + 32);
    entry.offset = number<std::uint32_t>(at + 42);
    entry.name = text(at + kCentralBytes, name);
    entry.encrypted = (flags & kEncrypted) != 0;
    read_zip64(entry, at + kCentralBytes + name, extra);
    at += kCentralBytes + name + extra + comment;
    return entry;
  }

  /// Sizes beyond 4 GB stand in a field of their own, only those that need it.
  void read_zip64(Entry& entry, std::uint64_t at, std::uint16_t bytes) const {
    const std::uint64_t end = at + bytes;
    while (at + 4 <= end) {
      const auto kind = number<std::uint16_t>(at), size = number<std::uint16_t>(at + 2);
      std::uint64_t value = at + 4;
      at = value + size;
      if (kind != kZip64) continue;
      for (std::uint64_t* field : {&entry.size, &entry.packed, &entry.offset}) {
        if (*field != kIn64 || value + 8 > at) continue;
        *field = number<std::uint64_t>(value);
        value += 8;
      }
    }
  }

  std::string inflated(const Entry& entry, std::uint64_t begin, std::uint64_t wanted) const {
    std::string bytes(wanted, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    std::uint64_t read = 0, written = 0;
    int state = Z_OK;
    while (state == Z_OK && (wanted == entry.size || written < wanted)) {
      constexpr std::uint64_t kPiece = std::numeric_limits<uInt>::max() / 2;
      stream.next_in = const_cast<Bytef*>(file_.data() + begin + read);
      stream.avail_in = static_cast<uInt>(std::min(kPiece, entry.packed - read));
      stream.next_out = reinterpret_cast<Bytef*>(bytes.data()) + written;
      stream.avail_out = static_cast<uInt>(std::min(kPiece, wanted - written));
      const uInt in = stream.avail_in, out = stream.avail_out;
      state = inflate(&stream, Z_NO_FLUSH);
      read += in - stream.avail_in;
      written += out - stream.avail_out;
    }
    inflateEnd(&stream);
    const bool ended = state == Z_STREAM_END || (state == Z_OK && wanted < entry.size);
    if (!ended || written != wanted) {
      fail("member '" + entry.name + "' is damaged");
    }
    return bytes;
  }

  Place place_;
  FileMapping file_;
  std::vector<Entry> entries_;
};

namespace {

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// What local and central header share, from the version on.
std::string description(const ZipMember& member) {
  const auto sum = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(member.bytes.data()), member.bytes.size()));
  const auto size = static_cast<std::uint32_t>(member.bytes.size());
  std::string bytes;
  append(bytes, kVersion);
  // Flags
  append(bytes, std::uint16_t{0});
  append(bytes, kStored);
  // 1 January 1980
  append(bytes, std::uint32_t{0x00210000});
  append(bytes, sum);
  append(bytes, size);
  append(bytes, size);
  append(bytes, static_cast<std::uint16_t>(member.name.size()));
  // Extra fields.
  append(bytes, std::uint16_t{0});
  return bytes;
}

}  // namespace

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : reader_(std::make_unique<Reader>(path)) {}

ZipArchive::~ZipArchive() = default;
ZipArchive::ZipArchive(ZipArchive&&) noexcept = default;

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : reader_->entries()) names.push_back(entry.name);
  return names;
}

std::string ZipArchive::read(const std::string& name) const {
  return reader_->read(reader_->entry(name));
}

std::string ZipArchive::first_bytes(const std::string& name, std::uint64_t count) const {
  return reader_->unpack(reader_->entry(name), count);
}

void write_zip(const std::filesystem::path& path, const std::vector<ZipMember>& members) {
  std::uint64_t total = 0;
  for (const ZipMember& member : members) total += member.bytes.size() + 2 * kCentralBytes;
  if (total >= kIn64) throw runtime_error({path.string()}, "would be larger than 4 GB");
  AtomicFile file(path);
  std::string directory;
  std::uint32_t offset = 0;
  for (const ZipMember& member : members) {
    const std::string shared = description(member);
    std::string header;
    append(header, kLocalHeader);
    header += shared + member.name;
    file.write(header.data(), header.size());
    file.write(member.bytes.data(), member.bytes.size());
    append(directory, kCentralHeader);
    append(directory, kVersion);
    directory += shared;
    // Comment
    append(directory, std::uint16_t{0});
    // Disk
    append(directory, std::uint16_t{0});
    // Internal attributes.
    append(directory, std::uint16_t{0});
    // External attributes.
    append(directory, std::uint32_t{0});
    append(directory, offset);
    directory += member.name;
    offset += static_cast<std::uint32_t>(header.size() + member.bytes.size());
  }
  const auto count = static_cast<std::uint16_t>(members.size());
  const auto size = static_cast<std::uint32_t>(directory.size());
  append(directory, kEnd);
  // Disks
  append(directory, std::uint32_t{0});
  append(directory, count);
  append(directory, count);
  append(directory, size);
  append(directory, offset);
  // Comment
  append(directory, std::uint16_t{0});
  file.write(directory.data(), directory.size());
  file.commit();
}

}  // namespace fdbench
