// The one table of run fields. The record, the HDF5 table /runs, the terminal table, CSV, JSON,
// Markdown and `fdbench schema` all follow from it: a field is spelled here and nowhere else.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <variant>

#include "results/record_table.h"

namespace fdbench {

inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::int64_t kNotCounted = -1;

/// How the terminal table shows a field; fields with kHidden are in the files only.
enum class Display {
  kHidden,
  kText,
  kCount,
  kSeconds,
  /// A ratio with the two fields that follow as its interval.
  kSpeedup,
  /// "1.35x fewer".
  kFewer,
  kDecibel,
  /// Three significant digits.
  kSmall,
  /// The same, with the five fields that follow: its interval, the change and its interval.
  kScore,
};

// clang-format off
// FIELD(type, name, default, unit, display, heading, help)
#define FDBENCH_RUN_FIELDS(FIELD) \
  FIELD(std::string, name, {}, "", kText, "run", \
        "name of the run, unique in the sweep") \
  FIELD(std::string, strategy, {}, "", kHidden, "", \
        "what the plan propagates: full, encoder, decoder, ...") \
  FIELD(std::string, execution, {}, "", kHidden, "", \
        "sequential, or parallel: steps that need no latent of their own share a batch") \
  FIELD(std::string, key_steps, {}, "", kHidden, "", \
        "steps at which everything is computed, counted downward as in the paper") \
  FIELD(std::int64_t, num_key_steps, kNotCounted, "", kCount, "keys", \
        "number of key steps") \
  FIELD(std::int64_t, cache_interval, kNotCounted, "", kHidden, "", \
        "deepcache: the interval that the key steps were made of, -1: none") \
  FIELD(std::int64_t, cache_block_id, kNotCounted, "", kHidden, "", \
        "deepcache: up block, counted from the output, at which the deep path is held, -1: another strategy") \
  FIELD(std::int64_t, cache_layer_id, kNotCounted, "", kHidden, "", \
        "deepcache: resnet of that block, counted from the output, -1: another strategy") \
  FIELD(double, cache_threshold, kNotMeasured, "", kHidden, "", \
        "first_block_cache: relative change of the first block above which a step computes everything") \
  FIELD(std::int64_t, cache_warmup, kNotCounted, "", kHidden, "", \
        "first_block_cache: first steps that always compute everything, -1: another strategy") \
  FIELD(std::int64_t, cache_max_run, kNotCounted, "", kHidden, "", \
        "first_block_cache: most steps in a row that reuse, 0: no limit, -1: another strategy") \
  FIELD(std::string, strategy_options, {}, "", kHidden, "", \
        "options of the strategy as they took effect, JSON; of a grid the plan's cells tell") \
  FIELD(std::int64_t, num_steps, kNotCounted, "", kCount, "steps", \
        "sampling steps") \
  FIELD(std::int64_t, max_parallel, 0, "", kHidden, "", \
        "most steps in one batch of the parallel execution, 0: no cap") \
  FIELD(bool, auto_execution, false, "", kHidden, "", \
        "true where execution: auto took execution and max_parallel, by measurement") \
  FIELD(bool, skip_hoisting, true, "", kHidden, "", \
        "the part of an up block's convolution that depends on the skip alone was computed once for as long as the skip was held") \
  FIELD(bool, prefix_sharing, true, "", kHidden, "", \
        "both halves of the guidance batch shared what comes before the first text") \
  FIELD(bool, text_caching, true, "", kHidden, "", \
        "keys and values of the text were computed once for all steps") \
  FIELD(double, tome_ratio, 0, "", kHidden, "", \
        "token merging: share of a feature map's tokens that others took in, 0: off") \
  FIELD(std::string, tome_options, {}, "", kHidden, "", \
        "token merging: its other options by tomesd's names, JSON") \
  FIELD(std::string, sampler, {}, "", kHidden, "", \
        "name of the sampler") \
  FIELD(std::string, sampler_options, {}, "", kHidden, "", \
        "options that differ from the model folder's scheduler, JSON") \
  FIELD(double, noise_injection_alpha, 0, "", kHidden, "", \
        "share of the starting noise that was added to the latent at steps below noise_injection_tau, 0: none") \
  FIELD(std::int64_t, noise_injection_tau, 0, "", kHidden, "", \
        "steps below it, counted downward, got the noise; 0 without injection") \
  FIELD(std::string, noise_injection_placement, {}, "", kHidden, "", \
        "before_unet: the network of the step saw the noise; before_step: the sampler's update alone") \
  FIELD(std::string, variant, {}, "", kHidden, "", \
        "whose reading of the method: paper or authors (their code); it chose key steps by name and where noise is injected") \
  FIELD(std::string, reuse, {}, "", kHidden, "", \
        "what a reused output is: hold, or the forecasts linear or taylor2") \
  FIELD(bool, baseline, false, "", kHidden, "", \
        "true for a run that is compared with itself: what others of its sampler refer to") \
  FIELD(std::string, compared_with, {}, "", kHidden, "", \
        "name of the run that speedup and distances refer to") \
  FIELD(bool, reused, false, "", kHidden, "", \
        "false when every layer ran at every step: then the plan saved nothing, whatever the name") \
  FIELD(std::int64_t, num_pictures, 0, "", kHidden, "", \
        "pictures made") \
  FIELD(std::int64_t, unet_calls, kNotCounted, "", kHidden, "", \
        "network calls per picture (batches of steps), counted") \
  FIELD(std::int64_t, step_calls, kNotCounted, "", kHidden, "", \
        "steps per picture at which at least one layer ran") \
  FIELD(std::int64_t, layers_run, kNotCounted, "", kHidden, "", \
        "layer runs per picture over all steps") \
  FIELD(std::int64_t, layers_total, kNotCounted, "", kHidden, "", \
        "layer runs per picture when every layer runs at every step") \
  FIELD(double, unet_s, kNotMeasured, "s", kSeconds, "UNet s/picture", \
        "time in the network per picture, median over the rounds") \
  FIELD(double, unet_speedup, kNotMeasured, "", kSpeedup, "speedup [95% interval]", \
        "baseline / this run in unet_s, median of the rounds' ratios") \
  FIELD(double, unet_speedup_low, kNotMeasured, "", kHidden, "", \
        "lower end of the 95% bootstrap interval of unet_speedup") \
  FIELD(double, unet_speedup_high, kNotMeasured, "", kHidden, "", \
        "upper end of the 95% bootstrap interval of unet_speedup") \
  FIELD(double, total_s, kNotMeasured, "s", kSeconds, "total s/picture", \
        "time of a whole picture, median over the rounds") \
  FIELD(double, total_speedup, kNotMeasured, "", kHidden, "", \
        "baseline / this run in total_s, median of the rounds' ratios") \
  FIELD(double, total_speedup_low, kNotMeasured, "", kHidden, "", \
        "lower end of the 95% bootstrap interval of total_speedup") \
  FIELD(double, total_speedup_high, kNotMeasured, "", kHidden, "", \
        "upper end of the 95% bootstrap interval of total_speedup") \
  FIELD(double, text_encoder_s, kNotMeasured, "s", kHidden, "", \
        "time in the text encoder per picture, median over the rounds") \
  FIELD(double, vae_s, kNotMeasured, "s", kHidden, "", \
        "time in the VAE's decoder per picture, median over the rounds") \
  FIELD(std::int64_t, num_rounds, 0, "", kHidden, "", \
        "timing rounds that times and speedups come from") \
  FIELD(std::int64_t, multiply_adds, kNotCounted, "multiply-adds", kHidden, "", \
        "of the network per picture, over all steps, guidance included, as the plan and the savings have it") \
  FIELD(double, multiply_adds_ratio, kNotMeasured, "", kFewer, "multiply-adds", \
        "baseline / this run in multiply_adds") \
  FIELD(double, predicted_speedup, kNotMeasured, "", kHidden, "", \
        "baseline / this run in unet_s as the times of single layers promise it: no batching gain, no overhead") \
  FIELD(std::int64_t, peak_memory, kNotCounted, "bytes", kHidden, "", \
        "most memory in use above what the loaded model needs, while one picture was made, median over the rounds") \
  FIELD(std::int64_t, held_memory, kNotCounted, "bytes", kHidden, "", \
        "most that was held from one network call to the next: outputs to be reused, and what the savings keep") \
  FIELD(double, psnr_to_full, kNotMeasured, "dB", kDecibel, "PSNR to full", \
        "to the baseline's pictures, mean over those that differ (inf: all identical)") \
  FIELD(std::int64_t, num_identical, kNotCounted, "", kHidden, "", \
        "pictures identical to the baseline's") \
  FIELD(double, ssim_to_full, kNotMeasured, "", kHidden, "", \
        "structural similarity to the baseline's pictures, mean (1: identical)") \
  FIELD(double, ssim_to_full_low, kNotMeasured, "", kHidden, "", \
        "lower end of its 95% bootstrap interval") \
  FIELD(double, ssim_to_full_high, kNotMeasured, "", kHidden, "", \
        "upper end of its 95% bootstrap interval") \
  FIELD(double, perceptual_to_full, kNotMeasured, "", kHidden, "", \
        "LPIPS's distance, all channels weighing the same, on the patch states of the judge's CLIP, mean") \
  FIELD(double, perceptual_to_full_low, kNotMeasured, "", kHidden, "", \
        "lower end of its 95% bootstrap interval") \
  FIELD(double, perceptual_to_full_high, kNotMeasured, "", kHidden, "", \
        "upper end of its 95% bootstrap interval") \
  FIELD(double, latent_mse_to_full, kNotMeasured, "", kSmall, "latent MSE", \
        "squared distance of the final latents from the baseline's, mean") \
  FIELD(double, fid, kNotMeasured, "", kScore, "FID", \
        "Frechet distance of the judge's features to the reference, at num_pictures pictures") \
  FIELD(double, fid_low, kNotMeasured, "", kHidden, "", \
        "lower end of the 95% bootstrap interval of fid") \
  FIELD(double, fid_high, kNotMeasured, "", kHidden, "", \
        "upper end of the 95% bootstrap interval of fid") \
  FIELD(double, fid_change, kNotMeasured, "", kHidden, "", \
        "fid minus that of compared_with, on the same prompts and seeds") \
  FIELD(double, fid_change_low, kNotMeasured, "", kHidden, "", \
        "lower end of its 95% interval by paired bootstrap: a difference is there where 0 lies outside") \
  FIELD(double, fid_change_high, kNotMeasured, "", kHidden, "", \
        "upper end of that interval") \
  FIELD(double, kid, kNotMeasured, "", kHidden, "", \
        "unbiased squared kernel distance of the features to the reference's") \
  FIELD(double, precision, kNotMeasured, "", kHidden, "", \
        "share of pictures within the reference's manifold (k = 3)") \
  FIELD(double, recall, kNotMeasured, "", kHidden, "", \
        "share of the reference's pictures within the run's manifold (k = 3)") \
  FIELD(double, clip_score, kNotMeasured, "", kScore, "CLIPScore", \
        "2.5 max(0, cosine) of pictures and captions by the judge's CLIP, mean") \
  FIELD(double, clip_score_low, kNotMeasured, "", kHidden, "", \
        "lower end of the 95% bootstrap interval of clip_score") \
  FIELD(double, clip_score_high, kNotMeasured, "", kHidden, "", \
        "upper end of the 95% bootstrap interval of clip_score") \
  FIELD(double, clip_score_change, kNotMeasured, "", kHidden, "", \
        "clip_score minus that of compared_with, on the same prompts and seeds") \
  FIELD(double, clip_score_change_low, kNotMeasured, "", kHidden, "", \
        "lower end of its 95% interval by paired bootstrap: a difference is there where 0 lies outside") \
  FIELD(double, clip_score_change_high, kNotMeasured, "", kHidden, "", \
        "upper end of that interval") \
  FIELD(double, objects_right, kNotMeasured, "", kScore, "objects right", \
        "share of the captions' objects that are there, right in colour, shape, size and place") \
  FIELD(double, objects_right_low, kNotMeasured, "", kHidden, "", \
        "lower end of the 95% bootstrap interval of objects_right") \
  FIELD(double, objects_right_high, kNotMeasured, "", kHidden, "", \
        "upper end of the 95% bootstrap interval of objects_right") \
  FIELD(double, objects_right_change, kNotMeasured, "", kHidden, "", \
        "objects_right minus that of compared_with, on the same prompts and seeds") \
  FIELD(double, objects_right_change_low, kNotMeasured, "", kHidden, "", \
        "lower end of its 95% interval by paired bootstrap: a difference is there where 0 lies outside") \
  FIELD(double, objects_right_change_high, kNotMeasured, "", kHidden, "", \
        "upper end of that interval") \
  FIELD(double, pictures_right, kNotMeasured, "", kHidden, "", \
        "share of pictures of which all objects and the background are right") \
  FIELD(double, control_f1, kNotMeasured, "", kScore, "control F1", \
        "harmonic mean of control_precision and control_recall, of each picture, mean") \
  FIELD(double, control_f1_low, kNotMeasured, "", kHidden, "", \
        "lower end of the 95% bootstrap interval of control_f1") \
  FIELD(double, control_f1_high, kNotMeasured, "", kHidden, "", \
        "upper end of the 95% bootstrap interval of control_f1") \
  FIELD(double, control_f1_change, kNotMeasured, "", kHidden, "", \
        "control_f1 minus that of compared_with, on the same prompts and seeds") \
  FIELD(double, control_f1_change_low, kNotMeasured, "", kHidden, "", \
        "lower end of its 95% interval by paired bootstrap: a difference is there where 0 lies outside") \
  FIELD(double, control_f1_change_high, kNotMeasured, "", kHidden, "", \
        "upper end of that interval") \
  FIELD(double, control_precision, kNotMeasured, "", kHidden, "", \
        "share of a picture's edge pixels near an edge of its control picture, mean") \
  FIELD(double, control_recall, kNotMeasured, "", kHidden, "", \
        "share of a control picture's edge pixels near an edge of the picture, mean") \
  FIELD(double, ftc, kNotMeasured, "s", kHidden, "", \
        "fid x total_s / clip_score, as the paper's FTC: less is better")
// clang-format on

/// One row of /runs.
struct RunRecord {
#define FDBENCH_DECLARE(type, name, initial, unit, display, heading, help) type name = initial;
  FDBENCH_RUN_FIELDS(FDBENCH_DECLARE)
#undef FDBENCH_DECLARE
};

/// One field of RunRecord.
struct RunField {
  Column column;
  Display display;
  /// Of the terminal table.
  const char* heading;
  std::variant<std::string RunRecord::*, std::int64_t RunRecord::*, double RunRecord::*,
               bool RunRecord::*>
      member;

  FieldValue value(const RunRecord& record) const;
  void set(RunRecord& record, const FieldValue& value) const;
};

/// All fields in their order in the files.
std::span<const RunField> run_fields();

/// Records as the table that is stored, and back. Reading takes the columns it knows by name; a
/// field that the table lacks keeps its default.
RecordTable to_table(std::span<const RunRecord> records);
std::vector<RunRecord> run_records(const RecordTable& table);

}  // namespace fdbench
