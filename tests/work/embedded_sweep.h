// Small sweeps over the embedded model, as a config file states them.
#pragma once

#include <ATen/Parallel.h>

#include <filesystem>
#include <string>

#include "config/experiment.h"

namespace fdbench {

/// Two prompts, three steps, smallest pictures. runs: YAML, one entry a line.
inline Experiment embedded_sweep(const std::string& runs, const std::string& more = "") {
  at::set_num_threads(1);
  const std::string model = (std::filesystem::path(FDBENCH_SOURCE_DIR) / "models/mini").string();
  return experiment_of_text("name: small\nmodel: " + model +
                                "\nprompts: [a red circle, a green square]\nsteps: 3\nlatent: 8\n"
                                "guidance_scale: 4\npictures: {chunk: 1}\n" +
                                more + "runs:\n" + runs,
                            "small.yaml");
}

inline const std::string kTwoRuns =
    "  - {strategy: full}\n  - {strategy: encoder, key_steps: [3, 1]}\n";

}  // namespace fdbench
