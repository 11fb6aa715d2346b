#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/judged_pictures.h"
#include "cli/paired_scores.h"
#include "cli/plain_options.h"
#include "core/error.h"
#include "metrics/scores.h"
#include "sweep/prompt_file.h"

namespace fdbench {
namespace {

constexpr const char* kClipScore = "clip_score";
constexpr const char* kPickScore = "pick_score";

struct JudgeOptions {
  std::filesystem::path judged, reference, pairs, prompts;
  std::vector<std::string> metrics;
  std::string run, reference_run, pairs_run;  // of result files
  std::string format = "table";
  ScoreOptions score;
  JudgeNetworkOptions network;
};

std::int64_t count_of(const JudgedSet& set) {
  if (set.features.pooled.defined()) return set.features.pooled.size(0);
  return set.moments ? set.moments->count : 0;
}

std::int64_t dimension_of(const JudgedSet& set) {
  return set.moments ? set.moments->mean.numel() : set.features.pooled.size(1);
}

nlohmann::ordered_json described(const JudgedSet& set) {
  nlohmann::ordered_json json = {{"file", set.name},
                                 {"n", count_of(set)},
                                 {"dimension", dimension_of(set)},
                                 {"hash", set.hash}};
  if (!set.network.empty()) json["network"] = set.network;
  return json;
}

/// The scores by name at the top; intervals, deviations and what they are of below.
void print_json(const JudgeOptions& options, const JudgedSet* judged, const JudgedSet* reference,
                const std::vector<Score>& scores, const std::vector<std::string>& warnings) {
  nlohmann::ordered_json json, intervals, deviations;
  for (const Score& score : scores) {
    json[score.name] = score.value;
    if (std::isfinite(score.low)) intervals[score.name] = {score.low, score.high};
    if (std::isfinite(score.std)) deviations[score.name] = score.std;
  }
  if (!intervals.empty()) json["intervals"] = intervals;
  if (!deviations.empty()) json["std"] = deviations;
  json["judged"] = judged != nullptr ? described(*judged)
                                     : nlohmann::ordered_json{{"file", options.judged.string()}};
  if (reference != nullptr) json["reference"] = described(*reference);
  if (!options.pairs.empty()) json["pairs"] = {{"file", options.pairs.string()}};
  if (!options.network.network.empty()) json["protocol"] = options.network.protocol.text();
  json["bootstrap"] = options.score.bootstrap;
  json["seed"] = options.score.seed;
  json["warnings"] = warnings;
  std::printf("%s\n", json.dump(2).c_str());
}

void print_set(const char* role, const JudgedSet& set) {
  const std::int64_t count = count_of(set);
  std::printf("%-10s %s: %s pictures, %lld dimensions%s\n", role, set.name.c_str(),
              count > 0 ? std::to_string(count).c_str() : "an unknown number of",
              static_cast<long long>(dimension_of(set)),
              set.network.empty() ? "" : (", network " + set.network.substr(0, 8)).c_str());
}

void print_table(const JudgeOptions& options, const JudgedSet* judged, const JudgedSet* reference,
                 const std::vector<Score>& scores, const std::vector<std::string>& warnings) {
  if (judged != nullptr) print_set("judged", *judged);
  if (reference != nullptr) print_set("reference", *reference);
  if (!options.pairs.empty()) {
    std::printf("%-10s %s, each with that of the same place in %s\n", "pairs",
                options.judged.c_str(), options.pairs.c_str());
  }
  std::printf("\n");
  for (const Score& score : scores) {
    std::printf("%-14s %12.6g", score.name.c_str(), score.value);
    if (std::isfinite(score.low)) std::printf("  [%.6g, %.6g]", score.low, score.high);
    if (std::isfinite(score.std)) std::printf("  +- %.3g", score.std);
    std::printf("\n");
  }
  for (const std::string& warning : warnings) {
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
}

bool is_prompt_score(const std::string& name) { return name == kClipScore || name == kPickScore; }

/// What each picture has to do with its prompt.
Score prompt_score(const std::string& name, JudgedPictures& pictures, const LookedAt& judged,
                   const JudgeOptions& options) {
  if (options.prompts.empty() && judged.captions.empty()) {
    throw usage_error("metric '" + name + "' needs the prompts of the pictures: --prompts FILE");
  }
  if (!judged.image_embeds.defined()) {
    throw usage_error({judged.set.name}, "metric '" + name +
                                             "' looks at pictures; this file holds features (and "
                                             "--clip names the judge)");
  }
  const std::vector<std::string> prompts =
      options.prompts.empty() ? judged.captions : captions_of_file(options.prompts);
  const std::int64_t count = judged.image_embeds.size(0);
  if (static_cast<std::int64_t>(prompts.size()) != count) {
    throw usage_error({options.prompts.string()}, "holds " + std::to_string(prompts.size()) +
                                                      " prompts for " + std::to_string(count) +
                                                      " pictures (in the order of their names)");
  }
  const ClipJudge& clip = pictures.clip();
  clip.warn_of_cut_prompts(prompts);
  const at::Tensor texts = clip.text_embeds(prompts);
  const at::Tensor values = name == kClipScore ? clip_scores(judged.image_embeds, texts)
                                               : clip.scale() * cosines(judged.image_embeds, texts);
  return mean_score(name, values, options.score);
}

/// Scores of some of the names, each put at its place in the order asked for.
class ScoreTable {
 public:
  explicit ScoreTable(const std::vector<std::string>& names) : names_(names) {}

  /// The names of one kind.
  template <typename IsKind>
  std::vector<std::string> names(const IsKind& is_kind) const {
    std::vector<std::string> found;
    std::copy_if(names_.begin(), names_.end(), std::back_inserter(found), is_kind);
    return found;
  }
  void add(const std::vector<Score>& scores) {
    for (const Score& score : scores) scores_[score.name] = score;
  }
  std::vector<Score> in_order() const {
    std::vector<Score> scores;
    for (const std::string& name : names_) scores.push_back(scores_.at(name));
    return scores;
  }

 private:
  const std::vector<std::string>& names_;
  std::map<std::string, Score> scores_;
};

bool is_set_score(const std::string& name) {
  return !is_prompt_score(name) && !is_paired_score(name);
}

/// Throws a usage error for a metric that is not known or lacks what it compares with.
void check_metrics(const std::vector<std::string>& names, const JudgeOptions& options) {
  for (const std::string& name : names) {
    if (is_prompt_score(name)) continue;
    if (is_paired_score(name)) {
      if (!options.pairs.empty()) continue;
      throw usage_error("metric '" + name +
                        "' compares each picture with another method's of the same prompt and "
                        "seed: add --pairs PICTURES");
    }
    check_score_name(name);
    if (needs_reference(name) && options.reference.empty()) {
      throw usage_error("metric '" + name +
                        "' compares with a reference: add --reference FILE|FOLDER");
    }
  }
}

std::vector<std::string> default_names(const JudgeOptions& options) {
  if (options.pairs.empty()) return default_scores();
  std::vector<std::string> names = paired_score_names();
  if (options.network.clip.empty()) std::erase(names, "perceptual");
  return names;
}

void run_judge(const JudgeOptions& options) {
  std::vector<std::string> names = options.metrics;
  if (names.empty()) names = default_names(options);
  check_metrics(names, options);
  JudgedPictures pictures(options.network);
  ScoreTable table(names);
  std::optional<LookedAt> judged;
  std::optional<JudgedSet> reference;
  const auto set_of = [](const auto& found) { return found ? &*found : nullptr; };
  if (!options.reference.empty()) {
    reference = pictures.open(options.reference, options.reference_run).set;
  }
  const std::vector<std::string> of_pairs = table.names(is_paired_score);
  const bool only_pairs = of_pairs.size() == names.size();
  if (!only_pairs) {
    judged = pictures.open(options.judged, options.run);
    const std::vector<std::string> of_sets = table.names(is_set_score);
    table.add(score(judged->set, set_of(reference), of_sets, options.score));
    for (const std::string& name : table.names(is_prompt_score)) {
      table.add({prompt_score(name, pictures, *judged, options)});
    }
  }
  if (!of_pairs.empty()) {
    table.add(paired_scores(PictureSource::open(options.judged, options.run),
                            PictureSource::open(options.pairs, options.pairs_run), of_pairs,
                            pictures, options.score));
  }
  const JudgedSet* set = judged ? &judged->set : nullptr;
  std::vector<std::string> warnings;
  if (set != nullptr) warnings = score_warnings(*set, set_of(reference), names);
  if (options.format == "json") {
    print_json(options, set, set_of(reference), table.in_order(), warnings);
  } else {
    print_table(options, set, set_of(reference), table.in_order(), warnings);
  }
}

}  // namespace

void add_judge_command(CLI::App& app) {
  const auto options = std::make_shared<JudgeOptions>();
  CLI::App* command =
      app.add_subcommand("judge", "Scores of pictures or features that anything made");
  command
      ->add_option("PICTURES", options->judged,
                   "Folder of PNG or JPEG files, a result file (.h5), or .npz with features")
      ->required();
  command->add_option("--run", options->run, "Of a result file: the run whose pictures are judged");
  command->add_option("--reference-run", options->reference_run,
                      "Of a result file as reference: the run to compare with");
  command->add_option("--reference", options->reference,
                      "What to compare with: a folder, a result file, features, or statistics (mu, "
                      "sigma)");
  command->add_option("--pairs", options->pairs,
                      "Another method's pictures of the same prompts and seeds, in the same order: "
                      "for psnr, ssim and perceptual");
  command->add_option("--pairs-run", options->pairs_run, "Of a result file in --pairs: its run");
  std::string names;
  for (const std::string& name : score_names()) names += name + ", ";
  names += std::string(kClipScore) + ", " + kPickScore;
  for (const std::string& name : paired_score_names()) names += ", " + name;
  command->add_option("--prompts", options->prompts,
                      "Prompts of the pictures in the order of their names, for clip_score and "
                      "pick_score: .json as in configs/prompts, or .txt with a line each");
  command
      ->add_option("--metrics", options->metrics,
                   "Separated by commas: " + names +
                       " (default: fid,kid,precision,recall; with --pairs: "
                       "psnr,ssim and, with --clip, perceptual)")
      ->delimiter(',');
  command->add_option("--format", options->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  add_whole_number(*command, "--bootstrap", options->score.bootstrap,
                   "Resamples for a 95% interval of each score; 0: none", 0, 100'000)
      ->capture_default_str();
  add_whole_number(*command, "--seed", options->score.seed, "Of subsets and resamples", 0,
                   kLargestSeed)
      ->capture_default_str();
  add_options(*command, options->network);
  command->footer(
      "Examples: fdbench judge fake.npz --reference real.npz --metrics fid,kid --format json\n"
      "          fdbench judge pictures/ --reference real/ --features inception-2015-12-05.pt\n"
      "          fdbench judge pictures/ --clip clip-vit-base-patch16 --prompts prompts.txt "
      "--metrics clip_score\n"
      "          fdbench judge fast/ --pairs full/ --clip clip-vit-base-patch16");
  command->callback([options] { run_judge(*options); });
}

}  // namespace fdbench
