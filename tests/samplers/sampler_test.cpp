#include "samplers/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string message_of(const std::string& name, const json& config, const json& overrides,
                       int num_steps = 10) {
  try {
    make_sampler(name, config, overrides, num_steps);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

json pndm() {
  return {{"_class_name", "PNDMScheduler"}, {"_diffusers_version", "0.6.0"},
          {"skip_prk_steps", true},         {"steps_offset", 1},
          {"clip_sample", false},           {"an_option_of_pndm", 3}};
}

TEST(MakeSampler, TakesTheFoldersClass) {
  const auto sampler =
      make_sampler("", {{"_class_name", "DDIMScheduler"}, {"steps_offset", 1}}, {}, 10);
  EXPECT_EQ(sampler->name(), "ddim");
  EXPECT_EQ(sampler->timesteps().front(), 901);
}

TEST(MakeSampler, AnotherClassNeedsAChoice) {
  EXPECT_THAT(message_of("", pndm(), {}),
              testing::AllOf(HasSubstr("PNDMScheduler"), HasSubstr("--sampler ddim")));
  EXPECT_THAT(message_of("", json::object(), {}), HasSubstr("names no class"));
}

TEST(MakeSampler, IgnoresWhatOtherSchedulersKnow) {
  EXPECT_EQ(make_sampler("ddim", pndm(), {}, 10)->timesteps().back(), 1);
  const json stable_diffusion_2 = {{"_class_name", "DDIMScheduler"}, {"skip_prk_steps", true}};
  EXPECT_EQ(message_of("DDIMScheduler", stable_diffusion_2, {}), "");
}

TEST(MakeSampler, ATypoInTheFoldersFileIsAnError) {
  EXPECT_THAT(message_of("", {{"_class_name", "DDIMScheduler"}, {"step_offset", 1}}, {}),
              HasSubstr("'step_offset', did you mean 'steps_offset'?"));
}

TEST(MakeSampler, OverridesWinAndAreStrict) {
  const auto sampler = make_sampler("ddim", pndm(), {{"steps_offset", 0}}, 10);
  EXPECT_EQ(sampler->timesteps().back(), 0);
  EXPECT_THAT(message_of("ddim", pndm(), {{"skip_prk_steps", true}}), HasSubstr("skip_prk_steps"));
  EXPECT_THAT(message_of("ddim", pndm(), {{"etta", 0.5}}), HasSubstr("did you mean 'eta'?"));
}

TEST(MakeSampler, UnknownNamesAndStepCountsAreErrors) {
  EXPECT_THAT(message_of("ddmi", pndm(), {}), HasSubstr("'ddmi'"));
  EXPECT_THAT(message_of("ddim", pndm(), {}, 0), HasSubstr("1..1000"));
  EXPECT_THAT(message_of("ddim", pndm(), {}, 1001), HasSubstr("1..1000"));
}

}  // namespace
}  // namespace fdbench
