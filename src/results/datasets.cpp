#include "results/datasets.h"

#include <limits>
#include <map>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr DatasetInfo kDatasets[] = {
    {"/timesteps", "RGS", at::kDouble, kNan, "timestep", "timestep of each step"},
    {"/plan/num_steps", "RG", at::kInt, -1, "", "sampling steps of each stage"},
    {"/plan/multiply_adds", "RG", at::kLong, -1, "multiply-adds",
     "of each stage's network per picture, as the plan and the savings have it"},
    {"/plan/network_calls", "RG", at::kLong, -1, "", "calls of each stage's network, counted"},
    {"/plan/cells", "RSL", at::kByte, 255, "", "plan: 0 drop, 1 reuse, 2 compute, 255 padding"},
    {"/plan/ran", "RSL", at::kByte, 0, "", "1 where the layer really ran"},
    {"/features/mse", "RPSB", at::kDouble, kNan, "feature^2",
     "mean squared change to the previous step (eq. 2)"},
    {"/features/frobenius", "RPSB", at::kDouble, kNan, "feature",
     "Frobenius norm of the channel mean (figure 3b)"},
    {"/features/mean", "RPSB", at::kDouble, kNan, "feature", "mean of the features"},
    {"/features/std", "RPSB", at::kDouble, kNan, "feature", "standard deviation of the features"},
    {"/features/frobenius_std", "RPB", at::kDouble, kNan, "feature",
     "standard deviation of frobenius over the steps (figure 3c)"},
    {"/similarity/cosine", "RBSS", at::kDouble, kNan, "",
     "cosine of a block's features at every two steps, mean over pictures"},
    {"/similarity/distance", "RBSS", at::kDouble, kNan, "",
     "[s, t]: distance of the features of steps s and t as a share of those of s, mean over "
     "pictures"},
    {"/pca/images", "RQCTHW3", at::kByte, 0, "",
     "three leading principal components of a block's features as RGB (figures 2, 10, 12)"},
    {"/pca/explained", "RQCk", at::kDouble, kNan, "",
     "share of the variance that each of the three components explains"},
    {"/pca/steps", "RGT", at::kInt, -1, "", "steps that are drawn, counted downward"},
    {"/predicted/images", "Rqthw3", at::kByte, 0, "",
     "what the sampler takes the clean picture for (x0) along the steps, decoded (figure 7)"},
    {"/predicted/steps", "Rt", at::kInt, -1, "", "steps that are drawn, counted downward"},
    {"/predicted/latent_mse_to_full", "Rqt", at::kDouble, kNan, "",
     "squared distance of the predicted latents to the baseline's at the same timestep"},
    {"/predicted/psnr_to_full", "Rqt", at::kDouble, kNan, "dB",
     "distance of the predicted pictures to the baseline's at the same timestep (inf: identical)"},
    {"/pictures/images", "RKhw3", at::kByte, 0, "", "decoded pictures, RGB"},
    {"/pictures/latents", "RPcyx", at::kFloat, kNan, "", "final latents"},
    {"/pictures/psnr_to_full", "RP", at::kDouble, kNan, "dB",
     "distance to the baseline's picture of the same seed (inf: identical)"},
    {"/pictures/ssim_to_full", "RP", at::kDouble, kNan, "",
     "structural similarity to the baseline's picture of the same seed (1: identical)"},
    {"/pictures/perceptual_to_full", "RP", at::kDouble, kNan, "",
     "LPIPS's distance on the patch states of the judge's CLIP to the baseline's picture"},
    {"/pictures/latent_mse_to_full", "RP", at::kDouble, kNan, "",
     "squared distance of the final latents"},
    {"/pictures/clip_score", "RP", at::kDouble, kNan, "",
     "2.5 max(0, cosine) of picture and caption by the judge's CLIP"},
    {"/pictures/objects_right", "RP", at::kDouble, kNan, "",
     "share of the caption's objects that are there, right in colour, shape, size and place"},
    {"/pictures/picture_right", "RP", at::kDouble, kNan, "",
     "1 where all objects and the background are right, else 0"},
    {"/pictures/control_f1", "RP", at::kDouble, kNan, "",
     "harmonic mean of control_precision and control_recall"},
    {"/pictures/control_precision", "RP", at::kDouble, kNan, "",
     "share of the picture's edge pixels near an edge of its control picture"},
    {"/pictures/control_recall", "RP", at::kDouble, kNan, "",
     "share of the control picture's edge pixels near an edge of the picture"},
    {"/pictures/scores", "RPV", at::kDouble, kNan, "",
     "what each of the scorers gives the picture"},
    {"/pictures/judged_features", "RPd", at::kFloat, kNan, "",
     "what the judges' network sees in each picture, where they keep it"},
    {"/timing/text_encoder_s", "RN", at::kDouble, kNan, "s", "time in the text encoder, raw"},
    {"/timing/unet_s", "RN", at::kDouble, kNan, "s", "time in the network, raw"},
    {"/timing/stage_s", "RGN", at::kDouble, kNan, "s", "time in each stage's network, raw"},
    {"/timing/vae_s", "RN", at::kDouble, kNan, "s", "time in the VAE's decoder, raw"},
    {"/timing/total_s", "RN", at::kDouble, kNan, "s", "time of the whole picture, raw"},
    {"/timing/denoise_cpu_s", "RN", at::kDouble, kNan, "s",
     "processor time of all threads in the denoising loop (network and sampler), raw"},
    {"/timing/order", "RN", at::kInt, -1, "", "place of the run within the round"},
    {"/timing/unet_calls", "RN", at::kInt, -1, "", "network calls counted in the round"},
    {"/timing/peak_memory", "RN", at::kLong, -1, "bytes",
     "peak memory of one picture above the loaded model"},
    {"/timing/held_memory", "RN", at::kLong, -1, "bytes",
     "most that was held between network calls"},
    {"/timing/process", "N", at::kInt, -1, "",
     "number of the process that measured the round, 0, 1, ... in order"},
    {"/timing/steal_share", "N", at::kDouble, kNan, "",
     "processor time that a hypervisor gave to others, share of all cores"},
    {"/timing/others_share", "N", at::kDouble, kNan, "",
     "processor time that other processes took, share of all cores"},
    {"/timing/processor_mhz", "N", at::kDouble, kNan, "MHz",
     "clock at the end of the round, highest core"},
    {"/timing/layer_s", "LN", at::kDouble, kNan, "s",
     "time of each layer in one whole network call, median of the round's calls (one thread: "
     "processor time)"},
};

}  // namespace

std::span<const DatasetInfo> datasets() { return kDatasets; }

const DatasetInfo& dataset_info(const std::string& name) {
  for (const DatasetInfo& info : datasets()) {
    if (name == info.name) return info;
  }
  throw runtime_error("there is no dataset " + name + " in the schema");
}

std::string scale_of_axis(char axis) {
  static const std::map<char, std::string> scales = {
      {'R', "/scale/run"},    {'P', "/scale/picture"}, {'K', "/scale/kept_picture"},
      {'S', "/scale/step"},   {'B', "/scale/block"},   {'L', "/scale/layer"},
      {'N', "/scale/round"},  {'G', "/scale/stage"},   {'C', "/scale/pca_block"},
      {'V', "/scale/scorer"},
  };
  const auto found = scales.find(axis);
  return found == scales.end() ? "" : found->second;
}

std::string numpy_dtype(at::ScalarType dtype) {
  static const std::map<at::ScalarType, std::string> names = {{at::kByte, "u1"},
                                                              {at::kInt, "i4"},
                                                              {at::kLong, "i8"},
                                                              {at::kFloat, "f4"},
                                                              {at::kDouble, "f8"}};
  return names.at(dtype);
}

}  // namespace fdbench
