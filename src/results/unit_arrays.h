// Names of the arrays in the files of work units.
#pragma once

namespace fdbench {

/// Names of the arrays of a `pictures` unit; n pictures, S steps of the run.
namespace picture_arrays {
/// [n, c, h, w] float32
inline constexpr const char* kLatents = "/latents";
/// [n, H, W, 3] uint8
inline constexpr const char* kImages = "/images";
/// [S, L] uint8, stages beside each other.
inline constexpr const char* kRan = "/ran";
/// [G, 2]: network calls, steps with a call.
inline constexpr const char* kCalls = "/calls";
/// + mse, frobenius, mean, std: [n, S, B]
inline constexpr const char* kFeatures = "/features/";
/// [m, B, S, S] float64 each, of the first m pictures of the sweep.
inline constexpr const char* kCosine = "/similarity/cosine";
inline constexpr const char* kDistance = "/similarity/distance";
/// [m, C, T, h, w, 3] uint8 and [m, C, 3] float64, of the first m pictures of the sweep.
inline constexpr const char* kPcaImages = "/pca/images";
inline constexpr const char* kPcaExplained = "/pca/explained";
/// [m, T, c, h, w] float32 (NaN at steps that are left out) and [m, T, H, W, 3] uint8, of the first
/// m pictures of the sweep.
inline constexpr const char* kPredictedLatents = "/predicted/latents";
inline constexpr const char* kPredictedImages = "/predicted/images";
}  // namespace picture_arrays

/// Names of the arrays that judges add to a `pictures` unit; n pictures.
namespace judged_arrays {
/// [n, d] for FID and its kin.
inline constexpr const char* kFeatures = "/judged/features";
/// [n] float64
inline constexpr const char* kClipScore = "/judged/clip_score";
/// [n, V] float64, a column a scorer.
inline constexpr const char* kScores = "/judged/scores";
/// [n] float64, share of objects.
inline constexpr const char* kObjects = "/judged/objects_right";
/// [n] float64, 0 or 1
inline constexpr const char* kWhole = "/judged/picture_right";
/// [n] float64, 0 to 1, of edges against the control picture's.
inline constexpr const char* kControlF1 = "/judged/control_f1";
inline constexpr const char* kControlPrecision = "/judged/control_precision";
inline constexpr const char* kControlRecall = "/judged/control_recall";
}  // namespace judged_arrays

/// Names of the arrays of a `timing` unit, one value a run; the seconds are float64, the rest
/// int32.
namespace timing_arrays {
inline constexpr const char* kSeconds[] = {"/text_encoder_s", "/unet_s", "/vae_s", "/total_s"};
inline constexpr const char* kProcessor = "/denoise_cpu_s";
inline constexpr const char* kOrder = "/order";
inline constexpr const char* kCalls = "/unet_calls";
/// int64
inline constexpr const char* kPeakMemory = "/peak_memory";
/// int64
inline constexpr const char* kHeldMemory = "/held_memory";
/// One value a layer.
inline constexpr const char* kLayers = "/layer_s";
/// [R, G]: of each stage's network.
inline constexpr const char* kStages = "/stage_s";
/// int64, one value: who measured the round.
inline constexpr const char* kProcess = "/process";
/// Of the round as a whole: one value.
inline constexpr const char* kSteal = "/steal_share";
inline constexpr const char* kOthers = "/others_share";
inline constexpr const char* kClock = "/processor_mhz";
}  // namespace timing_arrays

}  // namespace fdbench
