#include "io/recycled_memory.h"

#include <c10/util/Exception.h>
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace fdbench {
namespace {

/// [bytes]
constexpr std::size_t kSmall = std::size_t{1} << 20;
constexpr std::size_t kMostKept = std::size_t{128} << 20;
constexpr std::size_t kBetweenTrims = std::size_t{128} << 20;

/// Pages straight from the system, so that no holes are left in the heap.
class Block {
 public:
  explicit Block(std::size_t size)
      : size_(size),
        data_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (data_ != MAP_FAILED) return;
    C10_THROW_ERROR(OutOfMemoryError, "you tried to allocate " + std::to_string(size) + " bytes");
  }
  ~Block() {
    if (data_ != MAP_FAILED) ::munmap(data_, size_);
  }
  Block(Block&& other) noexcept
      : size_(other.size_), data_(std::exchange(other.data_, MAP_FAILED)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }

  std::size_t size() const { return size_; }
  void* data() const { return data_; }

 private:
  /// [bytes]
  std::size_t size_;
  void* data_;
};

}  // namespace

/// Blocks that no tensor uses. Outlives the tensors, which return their blocks from any thread.
struct RecycledMemory::Shelf {
  std::mutex mutex;
  std::vector<Block> blocks;
  /// [bytes]
  std::size_t kept = 0;
  /// [bytes] since the last trim.
  std::size_t handed = 0;
  bool closed = false;

  /// Gives holes in the heap back to the system now and then: LibTorch's repacking leaves them
  /// between the tensors that stay, by as much as a third of a model in all.
  void trim(std::size_t taken) {
    const std::lock_guard lock(mutex);
    handed += taken;
    if (handed < kBetweenTrims) return;
    handed = 0;
    ::malloc_trim(0);
  }

  /// The smallest kept block of at least `size` and at most twice as much, else a new one.
  Block take(std::size_t size) {
    const std::lock_guard lock(mutex);
    auto best = blocks.end();
    for (auto block = blocks.begin(); block != blocks.end(); ++block) {
      const bool fits = block->size() >= size && block->size() <= 2 * size;
      if (fits && (best == blocks.end() || block->size() < best->size())) best = block;
    }
    if (best == blocks.end()) return Block(size);
    Block found = std::move(*best);
    blocks.erase(best);
    kept -= found.size();
    return found;
  }

  void give(Block block) {
    const std::lock_guard lock(mutex);
    if (closed) return;
    kept += block.size();
    blocks.push_back(std::move(block));
    while (kept > kMostKept) {  // the oldest goes first
      kept -= blocks.front().size();
      blocks.erase(blocks.begin());
    }
  }

  void close() {
    const std::lock_guard lock(mutex);
    closed = true;
    blocks.clear();
  }
};

RecycledMemory::RecycledMemory() : shelf_(std::make_shared<Shelf>()) {}

RecycledMemory::~RecycledMemory() { shelf_->close(); }

at::Tensor RecycledMemory::empty(at::IntArrayRef shape, at::ScalarType dtype) {
  const auto options = at::TensorOptions().dtype(dtype);
  const std::size_t size =
      static_cast<std::size_t>(c10::multiply_integers(shape)) * c10::elementSize(dtype);
  if (size < kSmall) return at::empty(shape, options);
  shelf_->trim(size);
  auto block = std::make_shared<Block>(shelf_->take(size));
  void* const data = block->data();
  return at::from_blob(
      data, shape, [shelf = shelf_, block](void*) { shelf->give(std::move(*block)); }, options);
}

}  // namespace fdbench
