#include "plan/control_use.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace fdbench {
namespace {

/// In the order of ControlUse.
constexpr std::array kWords = {"hold", "compute", "drop"};

Cell cell_of(ControlUse use) {
  switch (use) {
    case ControlUse::kHold:
      return Cell::kReuse;
    case ControlUse::kCompute:
      return Cell::kCompute;
    case ControlUse::kDrop:
      return Cell::kDrop;
  }
  return Cell::kCompute;
}

}  // namespace

Option control_option(ControlUse usual) {
  return {.name = kControlOption,
          .type = OptionType::kChoice,
          .help =
              "control networks between key steps: hold what they made, compute it anew or drop "
              "it (as a rule " +
              std::string(kWords[static_cast<std::size_t>(usual)]) + ")",
          .words = {kWords.begin(), kWords.end()},
          .flag = "--control-use"};
}

ControlUse control_use_of(const OptionSet& values, ControlUse usual,
                          std::span<const LayerInfo> layers) {
  const auto word = values.find<std::string>(kControlOption);
  if (!word) return usual;
  const bool has_control = std::any_of(layers.begin(), layers.end(), [](const LayerInfo& layer) {
    return layer.part == parts::kControl;
  });
  if (!has_control) {
    throw usage_error("control: " + *word +
                      " is for models with a control network; this one has none")
        .about(kControlOption);
  }
  return static_cast<ControlUse>(std::find(kWords.begin(), kWords.end(), *word) - kWords.begin());
}

std::vector<bool> residual_sums(std::span<const LayerInfo> layers) {
  std::vector<bool> is_sum = optional_layers(layers);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    is_sum[i] = !is_sum[i] && layers[i].part == parts::kControl;
  }
  return is_sum;
}

int without_residuals(int layer, std::span<const LayerInfo> layers) {
  const std::vector<bool> is_sum = residual_sums(layers);
  while (layer != kSample && is_sum[static_cast<std::size_t>(layer)]) {
    layer = layers[static_cast<std::size_t>(layer)].inputs.front().layer;
  }
  return layer;
}

void set_networks(Plan& plan, const KeySteps& key_steps, std::span<const LayerInfo> layers,
                  ControlUse use) {
  const std::vector<bool> is_optional = optional_layers(layers);
  for (int step = 0; step < plan.num_steps(); ++step) {
    if (key_steps[step]) continue;
    for (int layer = 0; layer < plan.num_layers(); ++layer) {
      const auto index = static_cast<std::size_t>(layer);
      if (is_optional[index] && layers[index].part == parts::kControl) {
        plan.set(step, layer, cell_of(use));
      }
    }
  }
}

}  // namespace fdbench
