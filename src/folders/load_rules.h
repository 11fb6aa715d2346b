// What diffusers makes of a part's config when it loads a folder: the class that model_index.json
// names, and the repairs of old folders.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace fdbench {

/// A part's config as diffusers 0.42.1 takes it, with a note or a warning for each difference:
/// - `_class_name` is what `model_index` names for the part (DiffusionPipeline.from_pretrained);
/// - keys listed in `_use_default_values` are left out (ConfigMixin.extract_init_dict);
/// - for StableDiffusionPipeline (its constructor), the UNet's `sample_size` below 64 of a version
///   before 0.9.0 is 64, the scheduler's `steps_offset` 1 and `clip_sample` false.
/// config: as it stands in the file `path`. model_index: null where the folder has none.
nlohmann::json as_diffusers_loads(const std::string& part, nlohmann::json config,
                                  const nlohmann::json& model_index,
                                  const std::filesystem::path& path);

}  // namespace fdbench
