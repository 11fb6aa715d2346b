#include "sweep/sweep_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "core/interrupt.h"
#include "io/temporary_folder.h"
#include "results/hdf5.h"
#include "work/embedded_sweep.h"
#include "work/work_units.h"

namespace fdbench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTimed = "timing: {warmup: 0, rounds: 2}\n";

/// Keeps what it hears.
struct Listener {
  std::vector<std::string> lines;
  std::string progress;
  Reporter reporter{[this](const std::string& line) { lines.push_back(line); },
                    [this](const std::string& text) { progress += text; }};
};

std::vector<std::string> names(const ResultSummary& summary) {
  std::vector<std::string> found;
  for (const RunRecord& record : summary.runs) found.push_back(record.name);
  return found;
}

std::size_t units_in(const std::filesystem::path& output) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(output.string() + ".units")) {
    count += entry.path().extension() == ".h5";
  }
  return count;
}

TEST(SweepRunner, GivesTheRunsBackAndWritesTheFile) {
  const TemporaryFolder folder;
  Listener listener;
  const auto summary =
      run_sweep(embedded_sweep(kTwoRuns, kTimed), {.output = folder / "a.h5"}, listener.reporter);
  ASSERT_TRUE(summary.has_value());
  EXPECT_THAT(names(*summary), ElementsAre("full", "encoder/2_keys"));
  EXPECT_TRUE(summary->runs[0].baseline);
  EXPECT_EQ(summary->runs[1].compared_with, "full");
  EXPECT_EQ(summary->runs[1].num_pictures, 2);
  EXPECT_EQ(summary->runs[1].num_rounds, 2);
  EXPECT_GT(summary->runs[1].multiply_adds_ratio, 1);
  EXPECT_GT(summary->runs[1].latent_mse_to_full, 0);
  EXPECT_THAT(listener.lines, Contains(HasSubstr("6 work units")));
  EXPECT_THAT(listener.progress, HasSubstr("encoder/2_keys"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.h5.units"));
}

TEST(SweepRunner, TheFileHoldsEveryRunPictureAndRound) {
  const TemporaryFolder folder;
  run_sweep(embedded_sweep(kTwoRuns, kTimed), {.output = folder / "a.h5"}, {});
  const Hdf5File file = Hdf5File::open(folder / "a.h5");
  EXPECT_EQ(file.read("/pictures/latents").sizes(), (std::vector<std::int64_t>{2, 2, 4, 8, 8}));
  EXPECT_EQ(file.read("/pictures/images").sizes(), (std::vector<std::int64_t>{2, 2, 32, 32, 3}));
  EXPECT_EQ(file.read("/timesteps").sizes(), (std::vector<std::int64_t>{2, 1, 3}));
  EXPECT_EQ(file.read("/timing/stage_s").sizes(), (std::vector<std::int64_t>{2, 1, 2}));
  const at::Tensor seconds = file.read("/timing/unet_s");
  EXPECT_TRUE((seconds > 0).all().item<bool>());
  EXPECT_TRUE(at::allclose(file.read("/timing/stage_s").sum(1), seconds));
  const at::Tensor ran = file.read("/plan/ran");  // [2, 3, L]
  EXPECT_TRUE(ran[0].all().item<bool>());
  EXPECT_FALSE(ran[1][1].all().item<bool>());
  const at::Tensor mse = file.read("/features/mse");  // [2, 2, 3, B]
  EXPECT_TRUE(at::isfinite(mse.slice(2, 1)).all().item<bool>());
  EXPECT_EQ(file.read_table("/stages").rows.size(), 1U);
}

TEST(SweepRunner, GoesOnFromCompleteUnits) {
  const TemporaryFolder folder;
  const Experiment experiment = embedded_sweep(kTwoRuns, kTimed);
  Listener first;
  bool is_raised = false;
  // A signal while the fourth unit is made.
  first.reporter.write_progress = [&](const std::string&) {
    if (!is_raised && units_in(folder / "a.h5") == 3) std::raise(SIGTERM);
    is_raised = units_in(folder / "a.h5") == 3;
  };
  {
    const InterruptGuard guard;
    EXPECT_THAT(
        message_of([&] { run_sweep(experiment, {.output = folder / "a.h5"}, first.reporter); }),
        HasSubstr("3 of 6 work units are complete"));
  }
  EXPECT_EQ(units_in(folder / "a.h5"), 3U);
  const InterruptGuard fresh;  // forgets the signal
  Listener second;
  const auto resumed = run_sweep(experiment, {.output = folder / "a.h5"}, second.reporter);
  EXPECT_THAT(second.lines, Contains(HasSubstr("3 found complete, going on")));
  const auto whole = run_sweep(experiment, {.output = folder / "b.h5"}, {});
  const Hdf5File a = Hdf5File::open(folder / "a.h5"), b = Hdf5File::open(folder / "b.h5");
  for (const char* name : {"/pictures/latents", "/pictures/images", "/features/mse"}) {
    EXPECT_TRUE(at::allclose(a.read(name), b.read(name), 0, 0, /*equal_nan=*/true)) << name;
  }
  EXPECT_EQ(names(*resumed), names(*whole));
}

TEST(SweepRunner, CompleteOutputsAreLeftAloneAndOthersRefused) {
  const TemporaryFolder folder;
  const std::filesystem::path output = folder / "a.h5";
  run_sweep(embedded_sweep(kTwoRuns), {.output = output}, {});
  const auto written = std::filesystem::last_write_time(output);
  Listener again;
  EXPECT_TRUE(run_sweep(embedded_sweep(kTwoRuns), {.output = output}, again.reporter));
  EXPECT_THAT(again.lines, Contains(HasSubstr("complete already")));
  EXPECT_EQ(std::filesystem::last_write_time(output), written);
  const Experiment other = embedded_sweep("  - {strategy: full, steps: 2}\n");
  EXPECT_THAT(message_of([&] { run_sweep(other, {.output = output}, {}); }),
              HasSubstr("is the result of another configuration"));
  EXPECT_TRUE(run_sweep(other, {.output = output, .fresh = true}, {}));
}

TEST(SweepRunner, ADryRunWritesNothing) {
  const TemporaryFolder folder;
  Listener listener;
  const auto summary = run_sweep(embedded_sweep(kTwoRuns, kTimed),
                                 {.output = folder / "a.h5", .dry_run = true}, listener.reporter);
  EXPECT_FALSE(summary.has_value());
  EXPECT_THAT(listener.lines, Contains(HasSubstr("nothing was computed or written")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SweepRunner, AShardWritesItsPartAlone) {
  const TemporaryFolder folder;
  const Experiment experiment = embedded_sweep(kTwoRuns);
  for (int number : {1, 2}) {
    const auto summary = run_sweep(experiment,
                                   {.output = folder / (std::to_string(number) + ".h5"),
                                    .shard = {.number = number, .count = 2}},
                                   {});
    EXPECT_FALSE(summary.has_value());
  }
  const ShardInfo first = read_shard_info(folder / "1.h5"),
                  second = read_shard_info(folder / "2.h5");
  EXPECT_EQ(first.units.size() + second.units.size(), 4U + 8U);
}

}  // namespace
}  // namespace fdbench
