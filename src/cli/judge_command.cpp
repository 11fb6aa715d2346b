#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/judge_network_options.h"
#include "cli/judge_report.h"
#include "cli/plain_options.h"
#include "cli/terminal.h"
#include "core/notes.h"
#include "judging/control_judge.h"
#include "judging/judgement.h"
#include "judging/paired_scores.h"
#include "judging/prompt_scores.h"

namespace fdbench {
namespace {

struct CommandOptions {
  JudgeOptions judge;
  std::string format = "table";
  std::optional<double> control_low, control_high;
  std::optional<std::int64_t> control_tolerance;
  /// Order of the pictures in the splits of the Inception score.
  std::uint32_t inception_seed = kInceptionSeed;
  bool inception_in_order = false;
};

void read_edges(CommandOptions& options) {
  const bool given = options.control_low || options.control_high || options.control_tolerance;
  if (given && options.judge.controls.empty()) {
    throw usage_error(
        "--control-low, --control-high and --control-tolerance need --controls PICTURES");
  }
  EdgeOptions& edges = options.judge.edges;
  edges.canny.low = options.control_low.value_or(edges.canny.low);
  edges.canny.high = options.control_high.value_or(edges.canny.high);
  edges.tolerance = options.control_tolerance.value_or(edges.tolerance);
}

void run_judge(CommandOptions options) {
  read_edges(options);
  options.judge.score.inception_seed = options.inception_seed;
  if (options.inception_in_order) options.judge.score.inception_seed.reset();
  const JudgeReport report = judge(options.judge, terminal_progress());
  for (const std::string& warning : report.warnings) say_warning(warning);
  options.format == "json" ? print_json(report) : print_table(report);
}

std::string joined_score_names() {
  std::string joined;
  for (const auto& names :
       {score_names(), prompt_score_names(), paired_score_names(), control_score_names()}) {
    for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  }
  return joined;
}

/// Where the pictures are, what they are compared with, and their prompts.
void add_set_options(CLI::App& command, JudgeOptions& options) {
  command
      .add_option("PICTURES", options.judged,
                  "Folder of PNG, JPEG, WebP or TIFF files, a result file (.h5), or .npz or .npy "
                  "with features or pictures")
      ->required();
  command.add_option("--run", options.run, "Of a result file: the run whose pictures are judged");
  command.add_option("--reference-run", options.reference_run,
                     "Of a result file as reference: the run to compare with");
  command.add_option("--reference", options.reference,
                     "What to compare with: a folder, a result file, features, or statistics (mu, "
                     "sigma)");
  command.add_option("--pairs", options.pairs,
                     "Another method's pictures of the same prompts and seeds, under the same "
                     "names: for psnr, ssim and perceptual");
  command.add_option("--pairs-run", options.pairs_run, "Of a result file in --pairs: its run");
  command.add_option("--controls", options.controls,
                     "What the pictures were controlled by, white edges on black, under the same "
                     "names: for control_f1, control_precision and control_recall");
  command.add_option("--prompts", options.prompts,
                     "Prompts of the pictures in the order of their names (2.png before 10.png), "
                     "for clip_score and pick_score: .json as in configs/prompts, or .txt with a "
                     "line each");
}

/// Which scores, how they are computed and how they are printed.
void add_score_options(CLI::App& command, CommandOptions& options) {
  command
      .add_option("--metrics", options.judge.metrics,
                  "Separated by commas: " + joined_score_names() +
                      " (default: fid,kid,precision,recall; with --pairs: "
                      "psnr,ssim and, with --clip, perceptual; with --controls alone: "
                      "control_f1,control_precision,control_recall)")
      ->delimiter(',');
  add_number(command, "--control-low", options.control_low,
             "Of --controls: Canny's low threshold for the pictures (default: 100)", 0);
  add_number(command, "--control-high", options.control_high,
             "Canny's high threshold (default: 200)", 0);
  add_whole_number(command, "--control-tolerance", options.control_tolerance,
                   "Pixels along both axes within which edges are the same (default: 1)", 0, 64);
  command.add_option("--format", options.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  add_whole_number(command, "--bootstrap", options.judge.score.bootstrap,
                   "Resamples for a 95% interval of each score; 0: none", 0, 100'000)
      ->capture_default_str();
  add_whole_number(command, "--seed", options.judge.score.seed, "Of subsets and resamples", 0,
                   kLargestSeed)
      ->capture_default_str();
  add_whole_number(command, "--is-seed", options.inception_seed,
                   "Of the order of the pictures in the splits of `is`, as torch-fidelity draws "
                   "it",
                   0, std::numeric_limits<std::uint32_t>::max())
      ->capture_default_str();
  command.add_flag("--is-in-order", options.inception_in_order,
                   "Split the pictures for `is` in their own order");
}

}  // namespace

void add_judge_command(CLI::App& app) {
  const auto options = std::make_shared<CommandOptions>();
  CLI::App* command =
      app.add_subcommand("judge", "Scores of pictures or features that anything made");
  add_set_options(*command, options->judge);
  add_score_options(*command, *options);
  add_options(*command, options->judge.network);
  command->footer(
      "Examples: fdbench judge fake.npz --reference real.npz --metrics fid,kid --format json\n"
      "          fdbench judge pictures/ --reference real/ --features inception-2015-12-05.pt\n"
      "          fdbench judge pictures/ --clip clip-vit-base-patch16 --prompts prompts.txt "
      "--metrics clip_score\n"
      "          fdbench judge fast/ --pairs full/ --clip clip-vit-base-patch16\n"
      "          fdbench judge pictures/ --controls edges/");
  command->callback([options] { run_judge(*options); });
}

}  // namespace fdbench
