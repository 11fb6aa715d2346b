#include "pictures/inks.h"

namespace fdbench {

at::Tensor rgb_of_inks(const at::Tensor& inks) {
  const at::Tensor values = inks.to(at::kInt);
  const at::Tensor light = 255 - values.narrow(2, 3, 1);
  // Division by 255 as Pillow rounds it.
  const at::Tensor product = values.narrow(2, 0, 3) * light + 128;
  const at::Tensor absorbed = ((product.bitwise_right_shift(8)) + product).bitwise_right_shift(8);
  return (light - absorbed).clamp(0, 255).to(at::kByte);
}

}  // namespace fdbench
