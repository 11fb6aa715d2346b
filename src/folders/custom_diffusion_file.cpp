#include "folders/custom_diffusion_file.h"

#include <map>
#include <set>

#include "core/error.h"
#include "folders/weight_changes.h"
#include "io/safetensors.h"

namespace fdbench {
namespace {

struct Ending {
  std::string_view text;
  const char *layer, *tensor;
};
constexpr Ending kEndings[] = {
    {"to_k_custom_diffusion.weight", "to_k", "weight"},
    {"to_v_custom_diffusion.weight", "to_v", "weight"},
    {"to_q_custom_diffusion.weight", "to_q", "weight"},
    {"to_out_custom_diffusion.0.weight", "to_out.0", "weight"},
    {"to_out_custom_diffusion.0.bias", "to_out.0", "bias"},
};

/// Endings of what is trained together: keys with values, queries with outputs.
constexpr std::size_t kPairs[][2] = {{0, 1}, {1, 0}, {2, 0}, {2, 3}, {3, 2}, {3, 4}, {4, 3}};

constexpr std::string_view kUnet = "unet.", kProcessor = "processor.";

/// Throws where one of a pair is missing. present: of an attention, by the number of the ending.
void check_complete(const std::string& attention, const std::set<std::size_t>& present,
                    const Place& place) {
  for (const auto& [one, other] : kPairs) {
    if (!present.contains(one) || present.contains(other)) continue;
    throw usage_error(place, "'" + attention + "' has " + std::string(kEndings[one].text) +
                                 " but no " + std::string(kEndings[other].text));
  }
}

}  // namespace

std::vector<ReplacedTensor> read_custom_diffusion(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const Place place{path.string()};
  std::vector<ReplacedTensor> replaced;
  std::map<std::string, std::set<std::size_t>> present;
  for (const std::string& key : file.names()) {
    std::size_t number = 0;
    while (number < std::size(kEndings) && !key.ends_with(kEndings[number].text)) ++number;
    if (number == std::size(kEndings)) {
      throw usage_error(place, "key '" + key +
                                   "' is none of Custom Diffusion; those end in "
                                   "to_k_custom_diffusion.weight, to_v_custom_diffusion.weight, "
                                   "to_q_custom_diffusion.weight, to_out_custom_diffusion.0.weight "
                                   "or to_out_custom_diffusion.0.bias");
    }
    const Ending& ending = kEndings[number];
    std::string attention = key.substr(0, key.size() - ending.text.size());
    if (attention.starts_with(kUnet)) attention.erase(0, kUnet.size());
    if (attention.ends_with(kProcessor)) attention.resize(attention.size() - kProcessor.size());
    present[attention].insert(number);
    replaced.push_back({key, attention + ending.layer, ending.tensor, finite_numbers(file, key)});
  }
  if (replaced.empty()) {
    throw usage_error(place, "holds no tensors, so nothing of it can be applied");
  }
  for (const auto& [attention, endings] : present) check_complete(attention, endings, place);
  return replaced;
}

}  // namespace fdbench
