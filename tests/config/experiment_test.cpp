#include "config/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kHead = "name: test\nmodel: somewhere\nprompts: [a, b]\n";

Experiment load(const std::string& text, const std::vector<std::string>& assignments = {}) {
  const TemporaryFolder folder;
  return load_experiment(folder.write("c.yaml", text), assignments);
}

std::string fault(const std::string& text) {
  return message_of([&] { load(text); });
}

std::vector<std::string> names(const Experiment& experiment) {
  std::vector<std::string> result;
  for (const RunSpec& run : experiment.runs) result.push_back(run.name);
  return result;
}

TEST(Experiment, FillsInDefaults) {
  const Experiment experiment = load(kHead + "runs: [{strategy: full}]\n");
  EXPECT_EQ(experiment.captions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(experiment.dtype, "float32");
  EXPECT_EQ(experiment.runs[0].num_steps, 50);
  EXPECT_TRUE(experiment.features.enabled);
  EXPECT_EQ(experiment.pictures.batch, 1);
  EXPECT_EQ(experiment.baseline(), 0);
}

TEST(Experiment, ARunIsComparedWithThePlainRunOfItsSampler) {
  const Experiment experiment =
      load(kHead +
           "sampler: ddim\n"
           "runs:\n"
           "  - {strategy: full, tome: 0.5, name: merged}\n"
           "  - {strategy: full}\n"
           "  - {strategy: full, steps: 25}\n"
           "  - {strategy: full, sampler: dpm_solver, steps: 20, name: dpm}\n"
           "  - {strategy: encoder, key_steps: all, sampler: dpm_solver, name: dpm_keys}\n"
           "  - {strategy: full, sampler: {name: ddim, eta: 1}, noise_injection: true, name: eta}\n"
           "  - {strategy: drop, key_steps: all, baseline: dpm}\n");
  std::vector<int> baselines;
  for (int run = 0; run < 7; ++run) baselines.push_back(experiment.baseline_of(run));
  EXPECT_THAT(baselines, ElementsAre(1, 1, 1, 3, 3, 1, 3));
  EXPECT_EQ(experiment.baseline(), 1);
  EXPECT_EQ(load(kHead + "runs: [{strategy: drop, key_steps: all}]\n").baseline_of(0), -1);
}

TEST(Experiment, ReuseIsReadAndNamed) {
  const Experiment experiment =
      load(kHead +
           "reuse: linear\nruns:\n  - {strategy: encoder, key_steps: sd_ddim}\n"
           "  - {strategy: encoder, key_steps: sd_ddim, reuse: taylor2}\n");
  EXPECT_THAT(names(experiment), ElementsAre("encoder/sd_ddim", "encoder/sd_ddim/taylor2"));
  EXPECT_EQ(experiment.runs[0].strategy.reuse, Reuse::kLinear);
  EXPECT_EQ(experiment.runs[1].strategy.reuse, Reuse::kTaylor2);
  EXPECT_THAT(fault(kHead + "runs: [{strategy: full, reuse: tailor2}]\n"),
              HasSubstr("did you mean 'taylor2'?"));
}

TEST(Experiment, ABaselineThatIsNoRunIsRefused) {
  EXPECT_THAT(fault(kHead + "runs: [{strategy: full}, {strategy: drop, key_steps: all, baseline: "
                            "ful}]\n"),
              HasSubstr("no run is named 'ful', did you mean 'full'?"));
}

TEST(Experiment, ExpandsExecutionsAndNamesRuns) {
  const Experiment experiment =
      load(kHead +
           "runs:\n"
           "  - {strategy: full}\n"
           "  - {strategy: encoder, key_steps: {uniform: 5}, execution: [sequential, parallel]}\n"
           "  - {strategy: encoder, key_steps: {preset: non_uniform_IV}, execution: parallel}\n"
           "  - {strategy: drop, key_steps: [25, 3], steps: 25}\n"
           "  - {name: mine, strategy: decoder, key_steps: all}\n");
  EXPECT_THAT(names(experiment),
              ElementsAre("full", "encoder/uniform_5/sequential", "encoder/uniform_5/parallel",
                          "encoder/non_uniform_IV/parallel", "drop/2_keys/25_steps", "mine"));
  EXPECT_EQ(experiment.runs[2].execution, Execution::kParallel);
  EXPECT_EQ(key_steps_text(experiment.runs[4].strategy.key_steps), "25 3");
}

TEST(Experiment, AutoIsAnExecution) {
  const Experiment experiment =
      load(kHead +
           "max_parallel: 6\nruns:\n"
           "  - {strategy: encoder, key_steps: {uniform: 4}, execution: auto}\n"
           "  - {strategy: encoder, key_steps: {uniform: 5}, execution: [sequential, auto]}\n");
  EXPECT_THAT(names(experiment),
              ElementsAre("encoder/uniform_4/auto", "encoder/uniform_5/sequential",
                          "encoder/uniform_5/auto"));
  EXPECT_EQ(experiment.runs[0].execution, Execution::kAuto);
  EXPECT_EQ(experiment.runs[0].max_parallel, 6);
  EXPECT_FALSE(experiment.runs[0].auto_execution) << "nothing was measured yet";
}

TEST(Experiment, ReadsKeyStepsInAllForms) {
  for (const char* form : {"[6, 5, 2]", "{list: [6, 5, 2]}", "{mask: [1, 1, 0, 0, 1, 0]}"}) {
    const Experiment experiment = load(
        kHead + "steps: 6\nruns: [{strategy: encoder, key_steps: " + std::string(form) + "}]\n");
    EXPECT_EQ(key_steps_text(experiment.runs[0].strategy.key_steps), "6 5 2") << form;
  }
}

TEST(Experiment, ReadsTheCustomStrategy) {
  const Experiment experiment =
      load(kHead +
           "steps: 4\nruns: [{strategy: custom, blocks: {encoder: [4, 2], up_blocks.1: all}}]\n");
  const auto& custom = experiment.runs[0].strategy.options.get<KeyStepsByPart>("blocks");
  EXPECT_EQ(key_steps_text(custom.at("encoder")), "4 2");
  EXPECT_EQ(key_steps_text(custom.at("up_blocks.1")), "4 3 2 1");
  EXPECT_EQ(experiment.baseline(), -1);
}

TEST(Experiment, CustomTakesRolesBlocksLayersAndEveryFormOfKeySteps) {
  const Experiment experiment =
      load(kHead +
           "steps: 10\nruns:\n  - strategy: custom\n    blocks:\n"
           "      encoder: {uniform: 5}\n"
           "      bottleneck: non_uniform_IV\n"
           "      up_blocks.1: {start: 0.2, end: 0.8, max_run: 2}\n"
           "      up_blocks.1.resnets.0: {mask: [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]}\n"
           "      up_blocks.2.attentions.1: [10, 3]\n");
  const auto& custom = experiment.runs[0].strategy.options.get<KeyStepsByPart>("blocks");
  ASSERT_EQ(custom.size(), 5U);
  EXPECT_EQ(key_steps_text(custom.at("encoder")), "10 5");
  EXPECT_EQ(key_steps_text(custom.at("bottleneck")), "10 9 8 7 5 3");
  EXPECT_EQ(key_steps_text(custom.at("up_blocks.1")), "10 9 6 3 2 1");
  EXPECT_EQ(key_steps_text(custom.at("up_blocks.1.resnets.0")), "10 1");
  EXPECT_EQ(key_steps_text(custom.at("up_blocks.2.attentions.1")), "10 3");
}

TEST(Experiment, ReadsKeyStepsAsFractions) {
  const Experiment experiment = load(
      kHead +
      "runs: [{strategy: encoder, key_steps: {start: 0.1, end: 0.9, max_run: 4}, steps: 20}]\n");
  EXPECT_EQ(key_steps_text(experiment.runs[0].strategy.key_steps), "20 19 14 9 4 2 1");
  EXPECT_EQ(experiment.runs[0].name, "encoder/fraction_0.1_0.9_4/20_steps");
}

TEST(Experiment, ReadsDeepCacheAndNamesItsRuns) {
  const Experiment experiment = load(
      kHead + "steps: 20\nruns:\n" +
      "  - {strategy: deepcache, cache_interval: 3}\n"
      "  - {strategy: deepcache, cache_interval: 5, cache_branch: 2, skip_mode: uniform}\n"
      "  - {strategy: deepcache, cache_interval: 5, cache_block_id: 1, cache_layer_id: 2}\n"
      "  - {strategy: deepcache, cache_interval: 5, skip_mode: non_uniform, center: 8, pow: 1.4}\n"
      "  - {strategy: deepcache, key_steps: non_uniform_IV, cache_branch: 1, steps: 50}\n");
  EXPECT_THAT(
      names(experiment),
      ElementsAre("deepcache/interval_3", "deepcache/interval_5/branch_2",
                  "deepcache/interval_5/block_1_layer_2", "deepcache/interval_5_center_8_pow_1.4",
                  "deepcache/non_uniform_IV/branch_1/50_steps"));
  EXPECT_EQ(key_steps_text(experiment.runs[0].strategy.key_steps), "20 17 14 11 8 5 2");
  EXPECT_EQ(experiment.runs[1].strategy.options.get<int>("cache_branch"), 2);
  EXPECT_EQ(experiment.runs[2].strategy.options.get<int>("cache_block_id"), 1);
  EXPECT_EQ(experiment.runs[2].strategy.options.get<int>("cache_layer_id"), 2);
  EXPECT_EQ(num_key_steps(experiment.runs[3].strategy.key_steps), 4);
  EXPECT_EQ(key_steps_text(experiment.runs[4].strategy.key_steps), "50 49 48 47 45 40 35 25 15");
}

TEST(Experiment, TakesSamplerOptionsWithTheirTypes) {
  const Experiment experiment = load(
      kHead + "sampler: {name: ddim, eta: 0.5, clip_sample: false, prediction_type: epsilon}\n" +
      "runs: [{strategy: full}, {strategy: full, name: other, sampler: ddim}]\n");
  const nlohmann::json& options = experiment.runs[0].sampler.options;
  EXPECT_EQ(options["eta"], 0.5);
  EXPECT_EQ(options["clip_sample"], false);
  EXPECT_EQ(options["prediction_type"], "epsilon");
  EXPECT_TRUE(experiment.runs[1].sampler.options.empty());
}

TEST(Experiment, TakesPromptsFromAFileBesideTheConfig) {
  const TemporaryFolder folder;
  folder.write("prompts.json", R"({"prompts": [{"caption": "x"}, "y", {"caption": "z"}]})");
  const auto config = folder.write("c.yaml",
                                   "name: a\nmodel: m\nprompts: {file: prompts.json, count: 2}\n"
                                   "runs: [{strategy: full}]\n");
  EXPECT_THAT(load_experiment(config, {}).captions, ElementsAre("x", "y"));
}

TEST(Experiment, FindsPathsInAFolderAboveTheConfig) {
  const TemporaryFolder folder;
  folder.write("prompts/few.json", R"({"prompts": ["x"]})");
  const auto config = folder.write("configs/c.yaml",
                                   "name: a\nmodel: nowhere\nprompts: {file: prompts/few.json}\n"
                                   "runs: [{strategy: full}]\n");
  const Experiment experiment = load_experiment(config, {});
  EXPECT_THAT(experiment.captions, ElementsAre("x"));
  EXPECT_EQ(experiment.stages.at(0).model.folder,
            "nowhere");  // as written, for the message that it is not there
}

TEST(Experiment, TakesWeightsOverTheModel) {
  const std::string runs = "prompts: [a]\nruns: [{strategy: full}]\n";
  const std::string head = "name: a\nmodel: {folder: m, lora: in.safetensors}\n";
  const Experiment experiment =
      load(head +
               "lora: [a.safetensors, {file: b.safetensors, scale: -0.5}]\n"
               "custom_diffusion: c.safetensors\n"
               "embeddings: [{token: <cat>, file: d.safetensors}]\nunet: trained\n" +
               runs,
           {"lora.1.scale=0.25"});
  const WeightAdditions& additions = experiment.stages[0].model.additions;
  EXPECT_EQ(additions_json(additions),
            R"([{"unet":"trained"},{"lora":"in.safetensors","scale":1.0},)"
            R"({"custom_diffusion":"c.safetensors"},{"lora":"a.safetensors","scale":1.0},)"
            R"({"lora":"b.safetensors","scale":0.25},)"
            R"({"embedding":"d.safetensors","token":"<cat>"}])");
  EXPECT_THAT(fault(head + "lora: [{file: b, scale: .nan}]\n" + runs), HasSubstr("lora.0.scale"));
  EXPECT_THAT(fault(head + "lora: [{file: b, scales: 1}]\n" + runs), HasSubstr("scales"));
  EXPECT_THAT(fault(head + "embeddings: [{token: <cat>}]\n" + runs), HasSubstr("file"));
}

TEST(Experiment, TakesAnArchitectureForAModel) {
  const std::string rest = "\nprompts: [a]\nlatent: [32, 48]\nruns: [{strategy: full}]\n";
  const Experiment experiment =
      load("name: a\nmodel: {architecture: sd15, weights: random, seed: 3}" + rest);
  EXPECT_EQ(experiment.stages.at(0).model.architecture, "sd15");
  EXPECT_EQ(experiment.stages.at(0).model.seed, 3U);
  EXPECT_EQ(experiment.latent_height, 32);
  EXPECT_EQ(experiment.latent_width, 48);
  EXPECT_EQ(load(kHead + "latent: 64\nruns: [{strategy: full}]\n").latent_width, 64);
  EXPECT_THAT(fault("name: a\nmodel: {architecture: sd15, weights: mine}" + rest),
              HasSubstr("c.yaml:2:"));
  EXPECT_THAT(fault("name: a\nmodel: {weights: random}" + rest), HasSubstr("architecture"));
  EXPECT_THAT(fault(kHead + "latent: [1, 2, 3]\nruns: [{strategy: full}]\n"),
              HasSubstr("one side, [height, width] or HEIGHTxWIDTH"));
  EXPECT_THAT(fault(kHead + "latent: 0\nruns: [{strategy: full}]\n"), HasSubstr("'latent'"));
}

TEST(Experiment, AppliesAssignmentsBeforeTheCheck) {
  const Experiment experiment =
      load(kHead + "runs: [{strategy: ful}]\n", {"runs.0.strategy=full", "timing={rounds: 3}"});
  EXPECT_EQ(experiment.timing.rounds, 3);
  EXPECT_THAT(experiment.config_text, HasSubstr("strategy: full"));
}

TEST(Experiment, KeepsTheFilesTextWithItsComments) {
  const std::string text = "# why\n" + kHead + "runs: [{strategy: full}]\n";
  EXPECT_EQ(load(text).config_text, text);
}

TEST(Experiment, RefusesWhatMakesNoSense) {
  EXPECT_THAT(fault(kHead + "runs: [{strategy: encoder}]\n"), HasSubstr("needs key_steps"));
  EXPECT_THAT(fault(kHead + "runs: [{strategy: full, key_steps: all}]\n"),
              HasSubstr("takes no key_steps"));
  EXPECT_THAT(fault(kHead + "runs: [{strategy: custom}]\n"), HasSubstr("needs 'blocks'"));
  EXPECT_THAT(fault(kHead + "runs: [{strategy: full, blocks: {encoder: all}}]\n"),
              HasSubstr("belongs to the strategy custom"));
  EXPECT_THAT(fault("name: a/b\nmodel: m\nprompts: [a]\nruns: [{strategy: full}]\n"),
              HasSubstr("no '/'"));
  EXPECT_THAT(fault("name: a\nmodel: m\nprompts: {count: 1}\nruns: [{strategy: full}]\n"),
              HasSubstr("either 'file' or 'list'"));
}

TEST(Experiment, ReadsHowOftenRunsAreTimed) {
  const std::string runs = "runs: [{strategy: full}]\n";
  const TimingSettings fixed =
      load(kHead + "timing: {warmup: 2, rounds: 20, rounds_per_process: 5}\n" + runs).timing;
  EXPECT_EQ(fixed.warmup, 2);
  EXPECT_EQ(fixed.rounds, 20);
  EXPECT_EQ(fixed.rounds_per_process, 5);
  EXPECT_FALSE(fixed.is_open());
  const TimingSettings open =
      load(kHead + "timing: {repeats: {min: 5, max: 40, until: 1%}}\n" + runs).timing;
  EXPECT_TRUE(open.is_open());
  EXPECT_EQ(open.fewest_rounds, 5);
  EXPECT_EQ(open.rounds, 40);
  EXPECT_DOUBLE_EQ(open.until, 0.01);
  EXPECT_DOUBLE_EQ(load(kHead + "timing: {repeats: {until: 0.02}}\n" + runs).timing.until, 0.02);
}

TEST(Experiment, RefusesTimingThatCannotEnd) {
  const auto of = [](const std::string& timing) {
    return fault(kHead + "timing: " + timing + "\nruns: [{strategy: full}]\n");
  };
  EXPECT_THAT(of("{rounds: 4, repeats: {until: 1%}}"), HasSubstr("either 'rounds' or 'repeats'"));
  EXPECT_THAT(of("{repeats: {min: 5, max: 4, until: 1%}}"), HasSubstr("'max' (4) is below"));
  EXPECT_THAT(of("{repeats: {min: 5, max: 9}}"), HasSubstr("until"));
  for (const char* share : {"0", "3", "100%", "-1%", "often", "'1%'"}) {
    EXPECT_THAT(of(std::string("{repeats: {until: ") + share + "}}"),
                HasSubstr("a share such as 1%"));
  }
}

TEST(Experiment, ReadsTheProcessors) {
  EXPECT_EQ(load(kHead + "cpus: [0, 2]\nruns: [{strategy: full}]\n").cpus,
            (std::vector<int>{0, 2}));
  EXPECT_THAT(fault(kHead + "cpus: [-1]\nruns: [{strategy: full}]\n"), HasSubstr("at least 0"));
}

TEST(Experiment, JudgesCanBeSwitchedOff) {
  EXPECT_FALSE(load(kHead + "judges: false\nruns: [{strategy: full}]\n").judges.wanted());
  EXPECT_THAT(fault(kHead + "judges: true\nruns: [{strategy: full}]\n"), HasSubstr("a map"));
}

TEST(Experiment, TheShippedConfigsAreRight) {
  for (const char* name : {"ablation", "quick"}) {
    const Experiment experiment =
        load_experiment(std::string(FDBENCH_SOURCE_DIR) + "/configs/" + name + ".yaml", {});
    EXPECT_EQ(experiment.name, name);
    EXPECT_EQ(experiment.baseline(), 0);
  }
}

}  // namespace
}  // namespace fdbench
