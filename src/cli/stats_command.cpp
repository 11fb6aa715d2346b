#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/judge_network_options.h"
#include "cli/terminal.h"
#include "core/error.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

struct StatsOptions {
  PicturePath pictures;
  fs::path output;
  bool keep_features = false;
  JudgeNetworkOptions network;
};

/// Throws where the output cannot be written, before hours of work.
void check_output(const fs::path& output) {
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  std::error_code error;
  if (fs::is_directory(output)) throw usage_error({output.string()}, "is a folder");
  if (!fs::is_directory(folder)) {
    throw usage_error({output.string()},
                      "cannot be written: there is no folder " + folder.string());
  }
  if (fs::is_character_file(output)) return;
  if (::access(folder.c_str(), W_OK) != 0) {
    throw usage_error({output.string()}, std::string("cannot be written: ") + strerror(errno));
  }
  // [bytes] of the smallest statistics.
  constexpr std::uintmax_t kLeast = 1 << 16;
  if (fs::space(folder, error).available < kLeast && !error) {
    throw runtime_error({output.string()}, "cannot be written: the disk is full");
  }
}

void run_stats(StatsOptions options) {
  check_output(options.output);
  options.pictures.recursive = options.network.recursive;
  JudgeInput input(options.pictures);
  const NpzFile* file = input.arrays();
  const bool has_logits = file != nullptr && file->contains("logits");
  WantedArrays wanted{.features = options.keep_features,
                      .moments = true,
                      .spatial = file != nullptr,
                      .logits = has_logits};
  if (file == nullptr) wanted.features = true;
  const auto check_count = [&](std::int64_t count) {
    if (count >= 2) return;
    throw usage_error({input.path().string()},
                      "statistics need at least 2 pictures, there is " + std::to_string(count));
  };
  if (input.needs_network(wanted)) check_count(input.pictures().count());
  const JudgedSet set =
      JudgedPictures(options.network, terminal_progress()).extract(input, wanted).set;
  if (!set.moments) check_count(set.features.pooled.defined() ? set.features.pooled.size(0) : 0);
  if (options.keep_features && !set.features.pooled.defined()) {
    throw usage_error({set.name}, "holds no features of single pictures for --keep-features");
  }
  save_judged_set(options.output, set, options.keep_features);
  const std::int64_t count = set.moments->count;
  std::printf("%s: mean and covariance of %s pictures in %lld dimensions%s\n",
              options.output.string().c_str(),
              count > 0 ? std::to_string(count).c_str() : "an unknown number of",
              static_cast<long long>(set.moments->mean.numel()),
              options.keep_features ? ", with the features" : "");
}

}  // namespace

void add_stats_command(CLI::App& app) {
  const auto options = std::make_shared<StatsOptions>();
  CLI::App* command =
      app.add_subcommand("stats", "Reference statistics of pictures, for `fdbench judge`");
  command
      ->add_option("PICTURES", options->pictures.path,
                   "Folder of PNG, JPEG, WebP or TIFF files, a result file (.h5), or .npz or .npy "
                   "with features or pictures")
      ->required();
  command->add_option("--run", options->pictures.run, "Of a result file: the run");
  command->add_option("-o,--output", options->output, "File to write (.npz: mu, sigma)")
      ->required();
  command->add_flag("--keep-features", options->keep_features,
                    "Write the features, too: kid, precision and recall need them");
  add_options(*command, options->network);
  command->footer("Example: fdbench stats real/ --features inception-2015-12-05.pt -o ref.npz");
  command->callback([options] { run_stats(*options); });
}

}  // namespace fdbench
