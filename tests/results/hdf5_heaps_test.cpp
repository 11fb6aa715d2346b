#include "results/hdf5_heaps.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

struct Object {
  std::uint16_t index;
  std::uint64_t size;
};

template <typename Number>
void append(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// A heap of 256 bytes with these objects behind one another.
std::string heap(const std::vector<Object>& objects) {
  std::string bytes("GCOL\1\0\0\0", 8);
  append(bytes, std::uint64_t{256});
  for (const Object& object : objects) {
    append(bytes, object.index);
    bytes.append(6, '\0');
    append(bytes, object.size);
    if (object.index != 0 && object.size <= 64) bytes.append((object.size + 7) / 8 * 8, 'x');
  }
  bytes.resize(256, '\0');
  return "before" + bytes + "behind";
}

TEST(GlobalHeaps, WholeOnesAreLeftAlone) {
  // 16 + (16 + 8) + (16 + 16) bytes, the rest is free
  EXPECT_NO_THROW(check_global_heaps(heap({{1, 5}, {2, 16}, {0, 256 - 72}}), "a.h5"));
  EXPECT_NO_THROW(check_global_heaps("no heap at all", "a.h5"));
  EXPECT_NO_THROW(check_global_heaps(heap({}).substr(0, 20), "a.h5")) << "cut short";
}

TEST(GlobalHeaps, ThoseThatCannotBeWalkedAreNamed) {
  const std::vector<std::vector<Object>> damaged = {
      {{1, 5}, {0, 0}},                        // free space of no length
      {{1, 5}, {0, 1000}},                     // beyond the heap
      {{1, 0xFFFFFFFFFFFFFFF0}},               // with its header: nothing
      {{1, 5}, {2, 0xFFFFFFFFFFFFFFFF}, {}}};  // beyond all numbers
  for (const std::vector<Object>& objects : damaged) {
    try {
      check_global_heaps(heap(objects), "a.h5");
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("a.h5: is a damaged HDF5 file"), 0U) << error.what();
    }
  }
}

}  // namespace
}  // namespace fdbench
