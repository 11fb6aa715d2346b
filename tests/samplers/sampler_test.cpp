#include "samplers/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/error.h"
#include "core/notes.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

std::string message_of(const std::string& name, const json& config, const json& overrides,
                       int num_steps = 10, const std::string& file = "") {
  try {
    make_sampler(name, config, overrides, num_steps, file);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

json pndm() {
  return {{"_class_name", "PNDMScheduler"},
          {"_diffusers_version", "0.6.0"},
          {"skip_prk_steps", true},
          {"steps_offset", 1},
          {"clip_sample", false}};
}

TEST(MakeSampler, TakesTheFoldersClass) {
  const auto sampler =
      make_sampler("", {{"_class_name", "DDIMScheduler"}, {"steps_offset", 1}}, {}, 10);
  EXPECT_EQ(sampler->name(), "ddim");
  EXPECT_EQ(sampler->timesteps().front(), 901);
}

TEST(MakeSampler, EveryClassIsTakenFromItsFolder) {
  for (const auto& [class_name, name] :
       std::map<std::string, std::string>{{"DDPMScheduler", "ddpm"},
                                          {"DPMSolverMultistepScheduler", "dpm_solver++"},
                                          {"DPMSolverSinglestepScheduler", "dpm_solver_singlestep"},
                                          {"EulerDiscreteScheduler", "euler"},
                                          {"EulerAncestralDiscreteScheduler", "euler_ancestral"},
                                          {"PNDMScheduler", "pndm"},
                                          {"UniPCMultistepScheduler", "unipc"},
                                          {"LCMScheduler", "lcm"}}) {
    EXPECT_EQ(make_sampler("", {{"_class_name", class_name}}, {}, 10)->name(), name);
    EXPECT_EQ(make_sampler(class_name, json::object(), {}, 10)->name(), name);
  }
}

TEST(MakeSampler, AnUnsupportedClassNeedsAChoice) {
  EXPECT_THAT(message_of("", {{"_class_name", "HeunDiscreteScheduler"}}, {}),
              testing::AllOf(HasSubstr("HeunDiscreteScheduler"), HasSubstr("--sampler euler")));
  EXPECT_THAT(message_of("", json::object(), {}), HasSubstr("names no class"));
}

TEST(MakeSampler, ShortNamesImplyOptionsThatOverridesMayChange) {
  const json folder = {{"_class_name", "DPMSolverMultistepScheduler"},
                       {"algorithm_type", "dpmsolver++"},
                       {"final_sigmas_type", "zero"}};
  for (const char* name : {"dpm_solver++", "dpm_solver", "dpm_solver++_sde", "dpm_solver_sde"}) {
    EXPECT_EQ(make_sampler(name, folder, {}, 10)->name(), name);
  }
  const json overrides = {{"algorithm_type", "sde-dpmsolver++"}};
  EXPECT_EQ(make_sampler("dpm_solver", folder, overrides, 10)->name(), "dpm_solver++_sde");
  EXPECT_EQ(make_sampler("DPMSolverMultistepScheduler", folder, {}, 10)->name(), "dpm_solver++");
}

TEST(MakeSampler, IgnoresWhatOtherSchedulersKnow) {
  EXPECT_EQ(make_sampler("ddim", pndm(), {}, 10)->timesteps().back(), 1);
  const json stable_diffusion_2 = {{"_class_name", "DDIMScheduler"}, {"skip_prk_steps", true}};
  EXPECT_EQ(message_of("DDIMScheduler", stable_diffusion_2, {}), "");
  for (const std::string& name : sampler_names()) EXPECT_EQ(message_of(name, pndm(), {}), "");
}

TEST(MakeSampler, ATypoInTheFoldersFileIsPointedOut) {
  const json typo = {{"_class_name", "DDIMScheduler"}, {"step_offset", 1}};
  for (const std::string& name : sampler_names()) {
    if (name == "dpm_solver_singlestep") continue;  // has no steps_offset to mean
    std::string said;
    const NoteSink before = set_note_sink([&](Urgency, const std::string& line) { said = line; });
    make_sampler(name, typo, {}, 10, "s.json");
    set_note_sink(before);
    EXPECT_THAT(said, HasSubstr("s.json: sampler ")) << name;
    EXPECT_THAT(said, HasSubstr("did you mean 'steps_offset' by 'step_offset'?")) << name;
  }
}

TEST(MakeSampler, NetworksTrainedForSomethingElseAreRefusedUnderAnyName) {
  for (const char* class_name : {"EDMEulerScheduler", "FlowMatchEulerDiscreteScheduler",
                                 "CMStochasticIterativeScheduler", "NobodysScheduler"}) {
    for (const std::string& name : {std::string(), std::string("ddim"), std::string("euler")}) {
      EXPECT_THAT(message_of(name, {{"_class_name", class_name}}, {}), HasSubstr(class_name));
    }
  }
  const json continuous = {{"_class_name", "EulerDiscreteScheduler"},
                           {"timestep_type", "continuous"}};
  EXPECT_EQ(message_of("", continuous, {}), "");
  EXPECT_THAT(message_of("ddim", continuous, {}), HasSubstr("continuous"));
}

TEST(MakeSampler, FaultsOfTheFolderNameItsFile) {
  const json config = {{"_class_name", "DDIMScheduler"}, {"beta_start", "x"}};
  EXPECT_THAT(message_of("", config, {}, 10, "s.json"),
              StartsWith("s.json: sampler ddim: 'beta_start'"));
  EXPECT_THAT(message_of("", config, {{"beta_start", "x"}}, 10, "s.json"),
              StartsWith("sampler ddim: 'beta_start'"));
}

TEST(MakeSampler, OverridesWinAndAreStrict) {
  const auto sampler = make_sampler("ddim", pndm(), {{"steps_offset", 0}}, 10);
  EXPECT_EQ(sampler->timesteps().back(), 0);
  EXPECT_THAT(message_of("ddim", pndm(), {{"skip_prk_steps", true}}), HasSubstr("skip_prk_steps"));
  EXPECT_THAT(message_of("ddim", pndm(), {{"etta", 0.5}}), HasSubstr("did you mean 'eta'?"));
}

TEST(MakeSampler, UnknownNamesAndStepCountsAreErrors) {
  EXPECT_THAT(message_of("ddmi", pndm(), {}), HasSubstr("'ddmi'"));
  EXPECT_THAT(message_of("dpm_solver+", pndm(), {}), HasSubstr("did you mean 'dpm_solver"));
  for (const std::string& name : sampler_names()) {
    EXPECT_THAT(message_of(name, pndm(), {}, 0), HasSubstr("1..1000")) << name;
    EXPECT_THAT(message_of(name, pndm(), {}, 1001), HasSubstr("1..1000")) << name;
  }
}

SamplerOption option_of(const std::vector<SamplerOption>& options, const std::string& name) {
  for (const SamplerOption& option : options) {
    if (option.name == name) return option;
  }
  ADD_FAILURE() << "no option " << name;
  return {};
}

TEST(SamplerOptions, EverySamplerTakesWhatItDeclares) {
  for (const std::string& name : sampler_names()) {
    const std::vector<SamplerOption> options = sampler_options(name);
    EXPECT_GT(options.size(), 8U) << name;
    for (const SamplerOption& option : options) {
      EXPECT_NE(option.help, "") << option.name;
      EXPECT_EQ(message_of(name, json::object(), {{option.name, option.initial}}), "")
          << name << " " << option.name;
      // No option takes a map.
      EXPECT_THAT(message_of(name, json::object(), {{option.name, json::object()}}),
                  HasSubstr(option.name))
          << name << " " << option.name;
    }
  }
}

TEST(SamplerOptions, SayWhatIsRead) {
  const SamplerOption eta = option_of(sampler_options("ddim"), "eta");
  EXPECT_EQ(eta.value, "number, 0 to 1");
  EXPECT_EQ(eta.initial, 0.0);
  const SamplerOption spacing = option_of(sampler_options("euler"), "timestep_spacing");
  EXPECT_EQ(spacing.value, "leading, trailing or linspace");
  EXPECT_EQ(spacing.initial, "linspace");
  EXPECT_EQ(option_of(sampler_options("pndm"), "skip_prk_steps").initial, false);
}

TEST(SamplerOptions, ANameImpliesItsAlgorithm) {
  EXPECT_EQ(option_of(sampler_options("dpm_solver++_sde"), "algorithm_type").initial,
            "sde-dpmsolver++");
  EXPECT_EQ(option_of(sampler_options("dpm_solver"), "final_sigmas_type").initial, "sigma_min");
}

}  // namespace
}  // namespace fdbench
