#include "cli/variant_option.h"

namespace fdbench {

void add_variant_option(CLI::App& command, std::string& variant) {
  command.add_option("--variant", variant,
                     "Weights of this variant (fp16, non_ema, ...) where a part has them; ema also "
                     "takes unet_ema/ in place of unet/");
}

}  // namespace fdbench
