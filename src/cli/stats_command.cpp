#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/judged_pictures.h"
#include "core/error.h"

namespace fdbench {
namespace {

struct StatsOptions {
  std::filesystem::path pictures, output;
  bool keep_features = false;
  JudgeNetworkOptions network;
};

void run_stats(const StatsOptions& options) {
  JudgedPictures pictures(options.network);
  const JudgedSet set = pictures.open(options.pictures).set;
  if (!set.moments) {
    throw usage_error({set.name}, "statistics need at least 2 pictures, there is 1");
  }
  save_judged_set(options.output, set, options.keep_features);
  std::printf("%s: mean and covariance of %lld pictures in %lld dimensions%s\n",
              options.output.string().c_str(), static_cast<long long>(set.moments->count),
              static_cast<long long>(set.moments->mean.numel()),
              options.keep_features ? ", with the features" : "");
}

}  // namespace

void add_stats_command(CLI::App& app) {
  const auto options = std::make_shared<StatsOptions>();
  CLI::App* command =
      app.add_subcommand("stats", "Reference statistics of pictures, for `fdbench judge`");
  command
      ->add_option("PICTURES", options->pictures,
                   "Folder of PNG or JPEG files, or .npz with features")
      ->required();
  command->add_option("-o,--output", options->output, "File to write (.npz: mu, sigma)")
      ->required();
  command->add_flag("--keep-features", options->keep_features,
                    "Write the features, too: kid, precision and recall need them");
  add_options(*command, options->network);
  command->footer("Example: fdbench stats real/ --features inception-2015-12-05.pt -o ref.npz");
  command->callback([options] { run_stats(*options); });
}

}  // namespace fdbench
