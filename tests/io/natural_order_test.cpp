#include "io/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace fdbench {
namespace {

TEST(NaturalOrder, CountsAsPeopleDo) {
  const std::vector<std::string> right = {"",
                                          "0.png",
                                          "1.png",
                                          "2.png",
                                          "02.png",
                                          "10.png",
                                          "a1b9.png",
                                          "a1b10.png",
                                          "a2.png",
                                          "b/9.png",
                                          "b/10.png",
                                          "c99999999999999999999999.png",
                                          "c100000000000000000000000.png",
                                          "d"};
  std::vector<std::string> names = right;
  std::reverse(names.begin(), names.end());
  std::sort(names.begin(), names.end(), naturally_before);
  std::vector<std::string> expected = right;
  std::swap(expected[3], expected[4]);  // the same number: by bytes, 02 before 2
  EXPECT_EQ(names, expected);
}

TEST(NaturalOrder, IsAnOrder) {
  const std::vector<std::string> names = {"1", "01", "1a", "01b", "001", "a", "10", "1.5", "1-5"};
  for (const std::string& a : names) {
    EXPECT_FALSE(naturally_before(a, a));
    for (const std::string& b : names) {
      if (a != b) EXPECT_NE(naturally_before(a, b), naturally_before(b, a)) << a << " " << b;
      for (const std::string& c : names) {
        if (naturally_before(a, b) && naturally_before(b, c)) EXPECT_TRUE(naturally_before(a, c));
      }
    }
  }
}

}  // namespace
}  // namespace fdbench
