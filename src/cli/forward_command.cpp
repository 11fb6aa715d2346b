#include <ATen/Parallel.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/control_options.h"
#include "cli/plain_options.h"
#include "cli/tome_options.h"
#include "cli/variant_option.h"
#include "cli/weight_options.h"
#include "core/device.h"
#include "core/error.h"
#include "core/stopwatch.h"
#include "denoisers/controlled_denoiser.h"
#include "denoisers/load_denoiser.h"
#include "folders/model_folder.h"
#include "io/safetensors.h"
#include "transformers/dit.h"

namespace fdbench {
namespace {

constexpr std::size_t kMostControls = 8;

struct ForwardOptions {
  std::filesystem::path model, inputs, output;
  std::string variant;
  WeightOptions weights;
  std::string dtype = "float32", device = "cpu";
  int threads = 0;
  TokenMerging tome;
  std::vector<std::filesystem::path> controlnets;
  bool guess_mode = false;
};

/// What a call gives: the prediction, and with control networks their residuals by name.
using Outputs = std::map<std::string, at::Tensor>;

std::string shape_text(const at::Tensor& tensor) {
  std::string text;
  for (const std::int64_t size : tensor.sizes()) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(size));
  }
  return "[" + text + "]";
}

Error input_error(const SafetensorsFile& file, const std::string& message) {
  return usage_error(Place{file.path().string()}, message);
}

/// A tensor of finite numbers from the inputs file. Throws a usage error when it is missing.
at::Tensor input_tensor(const SafetensorsFile& file, const std::string& name,
                        const std::string& shape_in_words) {
  if (!file.contains(name)) {
    throw input_error(file, "has no tensor '" + name + "' " + shape_in_words);
  }
  const at::Tensor tensor = file.tensor(name);
  if (at::isfinite(tensor).all().item<bool>()) return tensor;
  throw input_error(file, "'" + name + "' holds values that are not finite (NaN or infinite)");
}

at::Tensor floating_tensor(const SafetensorsFile& file, const std::string& name,
                           const std::string& shape_in_words) {
  const at::Tensor tensor = input_tensor(file, name, shape_in_words);
  if (tensor.is_floating_point()) return tensor;
  throw input_error(file, "'" + name + "' must hold floating-point numbers, not " +
                              dtype_name(tensor.scalar_type()));
}

/// A tensor of whole numbers from the inputs file.
at::Tensor whole_tensor(const SafetensorsFile& file, const std::string& name,
                        const std::string& shape_in_words) {
  const at::Tensor tensor = input_tensor(file, name, shape_in_words);
  if (at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false)) return tensor;
  throw input_error(
      file, "'" + name + "' must hold whole numbers, not " + dtype_name(tensor.scalar_type()));
}

at::Tensor sample_tensor(const SafetensorsFile& file, const Denoiser& unet) {
  const std::string shape =
      "[batch, " + std::to_string(unet.info().in_channels) + ", height, width]";
  const at::Tensor sample = floating_tensor(file, "sample", shape);
  if (sample.dim() == 4 && sample.size(1) == unet.info().in_channels && sample.numel() > 0) {
    return sample;
  }
  const bool is_unet = unet.info().class_name.find("Transformer") == std::string::npos;
  throw input_error(file, "'sample' has shape " + shape_text(sample) + "; this " +
                              (is_unet ? "UNet" : "transformer") + " needs " + shape);
}

/// A scalar, [1] or [batch], whole or floating -> [batch].
at::Tensor timestep_tensor(const SafetensorsFile& file, std::int64_t batch) {
  const at::Tensor timestep = input_tensor(file, "timestep", "(a scalar, [1] or [batch])");
  const std::int64_t count = timestep.numel();
  if (timestep.dim() > 1 || (count != 1 && count != batch)) {
    throw input_error(file, "'timestep' has shape " + shape_text(timestep) +
                                "; needed is a scalar, [1] or [" + std::to_string(batch) + "]");
  }
  if (timestep.scalar_type() == at::kBool) {
    throw input_error(file, "'timestep' must hold numbers, not bool");
  }
  return timestep.reshape({count}).expand({batch});
}

/// "[batch, any, 16]".
std::string shape_words_of(const ConditioningInput& input) {
  std::string words = "[batch";
  for (const std::int64_t size : input.axes) {
    words += ", " + (size < 0 ? "any" : std::to_string(size));
  }
  return words + "]";
}

/// What the model reads. What only other models read is given to it, too, to refuse or to pass
/// over.
Conditioning conditioning_tensors(const SafetensorsFile& file, const ModelInfo& model) {
  Conditioning conditioning;
  for (const ConditioningInput& input : model.conditioning) {
    const std::string &name = input.name, words = shape_words_of(input);
    const bool is_needed = name == "encoder_hidden_states" || name == kClassLabels;
    if (!file.contains(name) && !is_needed) continue;
    if (name == kClassLabels) {
      conditioning.set(name, whole_tensor(file, name, words));
    } else if (name == "time_ids") {  // whole numbers, too
      conditioning.set(name, input_tensor(file, name, words));
    } else {
      conditioning.set(name, floating_tensor(file, name, words));
    }
  }
  for (std::size_t i = 0; i < kMostControls; ++i) {
    const std::string name = control_scale_name(i);
    if (file.contains(name)) conditioning.set(name, floating_tensor(file, name, "[batch]"));
  }
  const bool reads_classes = conditioning.has(kClassLabels);
  std::vector<std::string> others = {"text_embeds", "time_ids", "timestep_cond", kClassLabels};
  // A UNet without attention to a text passes one over, as in diffusers.
  if (reads_classes) others.push_back("encoder_hidden_states");
  for (const std::string& name : others) {
    if (file.contains(name) && !conditioning.has(name)) conditioning.set(name, file.tensor(name));
  }
  return conditioning;
}

/// Throws unless the tensor has an entry for each sample.
void check_batch(const std::string& name, const at::Tensor& tensor, std::int64_t batch) {
  if (tensor.dim() > 0 && tensor.size(0) == batch) return;
  throw usage_error(name + " has shape " + shape_text(tensor) + "; sample has a batch of " +
                    std::to_string(batch));
}

/// One call. What does not fit is reported with the inputs file's name. All samples share the
/// random choices of token merging, as in tomesd.
Outputs predict(const Denoiser& unet, const SafetensorsFile& file, const TokenMerging& tome) {
  const at::Tensor sample = sample_tensor(file, unet).to(unet.info().device, unet.info().dtype);
  const at::Tensor timesteps = timestep_tensor(file, sample.size(0)).to(unet.info().device);
  const Conditioning conditioning = conditioning_tensors(file, unet.info());
  try {
    for (const auto& [name, tensor] : conditioning.tensors()) {
      check_batch(name, tensor, sample.size(0));
    }
    Outputs outputs;
    const auto keep_residuals = [&](int layer, const Value& output) {
      const LayerInfo& info = unet.layers()[static_cast<std::size_t>(layer)];
      const bool is_residual = info.name.find("controlnet_down_blocks.") != std::string::npos ||
                               info.name.ends_with("controlnet_mid_block");
      if (is_residual) outputs[info.name] = output.front().clone();
    };
    outputs["sample"] = forward(unet, sample, timesteps, conditioning, keep_residuals, {tome, {0}});
    return outputs;
  } catch (const Error& error) {
    throw input_error(file, error.what());
  }
}

void run_forward(const ForwardOptions& options) {
  if (options.threads > 0) at::set_num_threads(options.threads);
  check_token_merging(options.tome);
  const at::ScalarType dtype = parse_dtype(options.dtype);
  const at::Device device = parse_device(options.device);
  const SafetensorsFile inputs(options.inputs);
  const ModelFolder folder(options.model, options.variant, weight_additions(options.weights));
  warn_of_idle_text(folder.additions());
  const auto unet = with_controls(load_denoiser(folder, dtype, device),
                                  control_folders(options.controlnets, options.guess_mode), false);

  Stopwatch stopwatch(device);
  stopwatch.start();
  const Outputs outputs = predict(*unet, inputs, options.tome);
  stopwatch.stop();
  const at::Tensor& prediction = outputs.at("sample");

  if (!at::isfinite(prediction).all().item<bool>()) {
    throw runtime_error("the prediction is not finite in " + dtype_name(dtype));
  }
  save_safetensors(options.output, outputs);
  std::printf("sample %s %s in %.3f s  ->  %s\n", shape_text(prediction).c_str(),
              dtype_name(dtype).c_str(), stopwatch.seconds(), options.output.string().c_str());
}

}  // namespace

void add_forward_command(CLI::App& app) {
  const auto options = std::make_shared<ForwardOptions>();
  CLI::App* command =
      app.add_subcommand("forward", "One call of a folder's UNet or DiT on given tensors");
  command
      ->add_option("MODEL_DIR", options->model,
                   "Model folder (diffusers layout), or its unet or transformer folder")
      ->required();
  command
      ->add_option("--inputs", options->inputs,
                   "Safetensors file with sample [b, c, h, w], timestep (scalar, [1] or [b]) and "
                   "encoder_hidden_states [b, l, d]; for SDXL also text_embeds [b, p] and "
                   "time_ids [b, 6]; for latent consistency models timestep_cond [b, "
                   "time_cond_proj_dim], the embedded guidance scale (diffusers' name); for a DiT "
                   "sample, timestep and class_labels [b] (whole numbers)")
      ->required();
  command
      ->add_option("--output", options->output,
                   "File to write: sample [b, c, h, w], 2 c channels where variances are predicted")
      ->required();
  command->add_option(
      "--controlnet", options->controlnets,
      "Folder of a control network, repeatable; the inputs have its controlnet_cond "
      "[b, 3, H, W] (0 to 1; of the second one controlnet_cond_1) and may have its "
      "conditioning_scale [b]; its residuals are written, too");
  command->add_flag("--guess-mode", options->guess_mode,
                    "Scales the residuals of deeper layers up, as diffusers' guess_mode");
  add_variant_option(*command, options->variant);
  add_weight_options(*command, options->weights);
  command->add_option("--dtype", options->dtype, "float32, float16 or bfloat16")
      ->capture_default_str();
  command->add_option("--device", options->device, "cpu, cuda or cuda:N")->capture_default_str();
  add_threads(*command, options->threads);
  add_tome_options(*command, options->tome);
  command->footer(
      "Example: fdbench forward models/mini --inputs in.safetensors --output out.safetensors");
  command->callback([options] { run_forward(*options); });
}

}  // namespace fdbench
