#include "sweep/file_attributes.h"

#include "core/hash.h"
#include "results/provenance.h"
#include "work/sweep_settings.h"

namespace fdbench {

std::vector<std::pair<std::string, Attribute>> file_attributes(const SweepFacts& facts) {
  const Experiment& experiment = facts.sweep.experiment;
  const Settings hashed = not_of_scope(facts.settings, Scope::kRoundCount);
  std::string weights;
  for (const auto& [key, value] : of_scope(facts.settings, Scope::kModel)) weights += value;
  std::vector<std::pair<std::string, Attribute>> attributes = {
      {"name", experiment.name},
      {"config", experiment.config_text},
      {"config_path", experiment.config_path.string()},
      {"config_hash", content_hash(settings_json(hashed))},
      {"settings", settings_json(facts.settings)},
      {"device", experiment.device},
      {"num_threads", std::int64_t{facts.num_threads}},
      {"model", description(facts.folders)},
      {"synthetic", std::int64_t{facts.sweep.synthetic}},
      {"weights_hash", content_hash(weights)},
      {"num_parameters", facts.sweep.num_parameters()},
      {"guidance_scale", experiment.guidance_scale},
      {"guidance_rescale", experiment.prompt_options.guidance_rescale},
      {"clip_skip", experiment.prompt_options.clip_skip},
      {"seed", static_cast<std::int64_t>(experiment.seed)},
      {"dtype", experiment.dtype},
      {"detail", experiment.features.detail},
      {"created", utc_now()}};
  attributes.insert(attributes.end(), facts.provenance.begin(), facts.provenance.end());
  if (!facts.merged_from.empty()) attributes.emplace_back("merged_from", facts.merged_from);
  return attributes;
}

}  // namespace fdbench
