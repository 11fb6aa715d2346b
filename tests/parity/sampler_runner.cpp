// Runs samplers on a formula in place of a network, for the parity tests in Python.
//   sampler_runner CASES.json INPUTS OUTPUT
// CASES: a list of {"id", "sampler", "config", "overrides", "steps", "channels" (the first ones of
// the inputs), "learned" (twice the channels are predicted)}. INPUTS: latents
// [n, c, h, w], noise [draws, n, c, h, w], mix [2 * c, c]. OUTPUT: for each id its timesteps, its
// trajectory [calls + 1, n, c, h, w], its original_sample [calls, n, c, h, w] and the number of
// noises it drew.
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <string>

#include "core/error.h"
#include "io/safetensors.h"
#include "samplers/sampler.h"

namespace fdbench {
namespace {

/// What the network says: smooth in sample and timestep. With a learned variance its second half of
/// channels is positive.
at::Tensor answer(const at::Tensor& mix, const at::Tensor& sample, double timestep, bool learned) {
  const at::Tensor mixed = at::einsum("oc,bchw->bohw", {mix, sample});
  const at::Tensor both = (0.8 * mixed + 0.5 * std::sin(timestep / 100)).tanh();
  const std::int64_t channels = sample.size(1);
  const at::Tensor prediction = both.narrow(1, 0, channels);
  if (!learned) return prediction;
  return at::cat({prediction, 0.3 + 0.2 * both.narrow(1, channels, channels)}, 1);
}

void run_case(const nlohmann::json& given, const SafetensorsFile& inputs,
              std::map<std::string, at::Tensor>& outputs) {
  const auto sampler = make_sampler(given["sampler"].get<std::string>(), given["config"],
                                    given["overrides"], given["steps"].get<int>());
  const auto channels = given["channels"].get<std::int64_t>();
  const at::Tensor noises = inputs.tensor("noise").narrow(2, 0, channels);
  const at::Tensor mix = inputs.tensor("mix").narrow(0, 0, 2 * channels).narrow(1, 0, channels);
  std::int64_t draws = 0;
  const NoiseSource noise = [&] { return noises[draws++]; };
  at::Tensor latents = inputs.tensor("latents").narrow(1, 0, channels);
  latents = latents * sampler->init_noise_sigma();
  std::vector<at::Tensor> trajectory = {latents}, estimates;
  sampler->reset();
  for (int step = 0; step < static_cast<int>(sampler->timesteps().size()); ++step) {
    const at::Tensor prediction = answer(mix, sampler->scale_model_input(latents, step),
                                         sampler->timesteps()[step], given["learned"].get<bool>());
    estimates.push_back(sampler->original_sample(prediction, step, latents));
    latents = sampler->step(prediction, step, latents, noise);
    trajectory.push_back(latents);
  }
  const std::string id = given["id"].get<std::string>();
  outputs[id + ".timesteps"] = at::tensor(sampler->timesteps(), at::kFloat);
  outputs[id + ".trajectory"] = at::stack(trajectory);
  outputs[id + ".original_sample"] = at::stack(estimates);
  outputs[id + ".draws"] = at::tensor({static_cast<float>(draws)});
}

/// The number of cases that failed, each with a line on stderr; OUTPUT has the others.
int run(const std::string& cases, const std::string& inputs_path, const std::string& output) {
  const c10::InferenceMode inference;
  const SafetensorsFile inputs(inputs_path);
  std::ifstream file(cases);
  std::map<std::string, at::Tensor> outputs;
  int num_failed = 0;
  for (const nlohmann::json& given : nlohmann::json::parse(file)) {
    try {
      run_case(given, inputs, outputs);
    } catch (const Error& error) {
      ++num_failed;
      std::fprintf(stderr, "%s: %s\n", given["id"].get<std::string>().c_str(), error.what());
    }
  }
  save_safetensors(output, outputs);
  return num_failed;
}

}  // namespace
}  // namespace fdbench

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw fdbench::usage_error("sampler_runner CASES.json INPUTS OUTPUT");
    return fdbench::run(argv[1], argv[2], argv[3]) == 0 ? 0 : 2;
  } catch (const fdbench::Error& error) {
    std::fprintf(stderr, "sampler_runner: %s\n", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sampler_runner: %s\n", error.what());
    return 3;
  }
}
