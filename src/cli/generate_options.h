// What `fdbench generate` takes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/control_options.h"
#include "cli/strategy_options.h"
#include "cli/weight_options.h"
#include "execution/network_pass.h"
#include "execution/noise_injection.h"
#include "folders/model_folder.h"
#include "nn/token_merging.h"

namespace fdbench {

struct GenerateOptions {
  std::filesystem::path model, inputs, output, save_latents;
  std::vector<std::string> prompts;
  /// By number or name, of models that draw classes.
  std::vector<std::string> classes;
  std::optional<std::string> negative_prompt;
  /// key=value.
  std::vector<std::string> sampler_options;
  std::string variant;
  WeightOptions weights;
  std::string architecture, sampler, savings = "all", strategy = kPlainStrategy;
  StrategyChoice strategy_choice;
  std::string execution = "sequential", dtype = "float32", device = "cpu";
  int steps = 50, max_parallel = 0, threads = 0;
  double guidance = 7.5, guidance_rescale = 0, eta = 0;
  std::int64_t clip_skip = 0;
  /// 0: all.
  std::int64_t guidance_channels = 0;
  std::uint64_t seed = 0;
  TokenMerging tome;
  ControlOptions control;
  /// Alpha.
  double noise_injection = 0;
  /// 0: half of the steps.
  int noise_injection_tau = 0;
  std::string noise_injection_placement;
  /// [picture pixels], 0: the model's.
  std::int64_t height = 0, width = 0;
};

void add_options(CLI::App& command, GenerateOptions& options);

/// --sampler-option and --eta, for make_sampler.
nlohmann::json sampler_overrides(const GenerateOptions& options);

/// --savings: all or none.
ExactSavings exact_savings(const GenerateOptions& options);

/// --guidance-channels. Throws a usage error for more than latents have.
std::int64_t guidance_channels(const GenerateOptions& options, std::int64_t latent_channels);

/// --noise-injection and its --noise-injection-tau and -placement, resolved. Throws usage errors.
NoiseInjection noise_injection(const GenerateOptions& options);

/// What can be wrong without loading the model. Throws usage errors.
void check_options(const GenerateOptions& options, const ModelFolder& folder);

/// Says of options that only a guidance batch obeys that they do nothing. guided: there is one.
void warn_of_idle_guidance(const GenerateOptions& options, bool guided);

}  // namespace fdbench
