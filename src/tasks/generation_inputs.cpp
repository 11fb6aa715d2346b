#include "tasks/generation_inputs.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr const char* kLatents = "latents";
constexpr std::array kNames = {kLatents,      "prompt_embeds",        "negative_prompt_embeds",
                               "text_embeds", "negative_text_embeds", "time_ids"};

/// Tensors of the user's file, checked.
class InputTensors {
 public:
  /// known: names that the file may hold.
  InputTensors(const std::optional<SafetensorsFile>& file, const PicturePipeline& pipeline,
               const std::vector<std::string>& known)
      : file_(file), pipeline_(pipeline) {
    if (!file_) return;
    for (const std::string& name : file_->names()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        throw error("unknown tensor '" + name + "'" + advice(name, known));
      }
    }
  }

  bool contains(const std::string& name) const { return file_ && file_->contains(name); }

  /// Undefined where the file has none. dims: number of axes, in words `shape`.
  at::Tensor take(const std::string& name, std::int64_t dims, const std::string& shape) const {
    if (!contains(name)) return {};
    const at::Tensor tensor = file_->tensor(name);
    if (tensor.dim() != dims || tensor.numel() == 0) {
      throw error("'" + name + "' has shape " + c10::str(tensor.sizes()) + "; wanted is " + shape);
    }
    if (!tensor.is_floating_point() && name != "time_ids") {
      throw error("'" + name + "' must hold floating-point numbers");
    }
    if (!at::isfinite(tensor).all().item<bool>()) {
      throw error("'" + name + "' holds values that are not finite (NaN or infinite)");
    }
    return tensor.to(pipeline_.device());
  }

  Error error(const std::string& message) const {
    return usage_error(Place{file_ ? file_->path().string() : "--inputs"}, message);
  }

 private:
  const std::optional<SafetensorsFile>& file_;
  const PicturePipeline& pipeline_;
};

/// One row for all n pictures, or a row each.
at::Tensor for_pictures(const std::string& name, const at::Tensor& tensor, std::int64_t n) {
  if (!tensor.defined() || tensor.size(0) == n) return tensor;
  if (tensor.size(0) != 1) {
    throw usage_error("'" + name + "' is for " + std::to_string(tensor.size(0)) +
                      " pictures, the rest for " + std::to_string(n));
  }
  std::vector<std::int64_t> sizes = tensor.sizes().vec();
  sizes[0] = n;
  return tensor.expand(sizes);
}

/// The name in the user's file: "prompt_embeds" for encoder_hidden_states; `prefix` stands before
/// what belongs to one side.
std::string file_name_of(const std::string& name, const std::string& prefix) {
  if (name == "time_ids") return name;
  return prefix + (name == "encoder_hidden_states" ? "prompt_embeds" : name);
}

Conditioning for_pictures(const std::string& prefix, const Conditioning& conditioning,
                          std::int64_t n) {
  return conditioning.changed([&](const std::string& name, const at::Tensor& tensor) {
    return for_pictures(file_name_of(name, prefix), tensor, n);
  });
}

Conditioning embedded(const InputTensors& inputs, const std::string& prefix,
                      const at::Tensor& default_time_ids) {
  return {{"encoder_hidden_states",
           inputs.take(prefix + "prompt_embeds", 3, "[pictures, tokens, width]")},
          {"text_embeds", inputs.take(prefix + "text_embeds", 2, "[pictures, width]")},
          {"time_ids", inputs.contains("time_ids") ? inputs.take("time_ids", 2, "[pictures, 6]")
                                                   : default_time_ids}};
}

void check_sources(const InputTensors& inputs, const GenerationRequest& request) {
  const bool embedded = inputs.contains("prompt_embeds");
  if (embedded && !request.prompts.empty()) {
    throw usage_error("--prompt and prompt_embeds in --inputs are both given; use one of them");
  }
  if (!embedded && request.prompts.empty()) {
    throw usage_error("nothing to draw: give --prompt, or --inputs with prompt_embeds");
  }
  if (embedded && request.clip_skip > 0) {
    throw usage_error("--clip-skip does not go with prompt_embeds in --inputs: they are encoded");
  }
  for (const char* name : {"negative_prompt_embeds", "text_embeds", "time_ids"}) {
    if (!embedded && inputs.contains(name)) {
      throw inputs.error("'" + std::string(name) + "' comes without 'prompt_embeds'");
    }
  }
  if (embedded && request.guided && !inputs.contains("negative_prompt_embeds")) {
    throw inputs.error(
        "guidance above 1 needs 'negative_prompt_embeds' beside 'prompt_embeds'; "
        "add them or use --guidance 1");
  }
  const bool lacks_text =
      inputs.contains("text_embeds") && !inputs.contains("negative_text_embeds");
  if (embedded && request.guided && lacks_text) {
    throw inputs.error("guidance above 1 needs 'negative_text_embeds' beside 'text_embeds'");
  }
}

Conditioning negative_side(const TextToImagePipeline& pipeline, const GenerationRequest& request,
                           PictureSize size) {
  if (request.negative_prompt) return pipeline.encode_prompts({*request.negative_prompt}, size);
  return pipeline.encode_no_prompt(1, size);
}

/// What control networks read, in both halves.
void show_controls(GenerationInputs& made, const TextToImagePipeline& pipeline,
                   const GenerationRequest& request, PictureSize size) {
  std::vector<std::vector<std::filesystem::path>> images;
  for (const std::filesystem::path& path : request.control_images) images.push_back({path});
  PromptPair pair{std::move(made.conditional), std::move(made.unconditional)};
  made.control_pictures = pipeline.show_controls(pair, images, made.num_pictures, size);
  made.conditional = std::move(pair.conditional);
  made.unconditional = std::move(pair.unconditional);
}

}  // namespace

GenerationInputs make_generation_inputs(const TextToImagePipeline& pipeline,
                                        const GenerationRequest& request) {
  const InputTensors tensors(request.inputs, pipeline, {kNames.begin(), kNames.end()});
  check_sources(tensors, request);
  GenerationInputs made;
  made.latents = tensors.take("latents", 4, "[pictures, channels, height, width]");
  const PictureSize size = made.latents.defined() ? pipeline.size_of(made.latents) : request.size;
  if (request.prompts.empty()) {
    made.conditional = embedded(tensors, "", pipeline.time_ids(1, size));
    if (request.guided) {
      made.unconditional = embedded(tensors, "negative_", pipeline.time_ids(1, size));
    }
  } else {
    made.conditional = pipeline.encode_prompts(request.prompts, size, request.clip_skip);
    if (request.guided) made.unconditional = negative_side(pipeline, request, size);
  }
  const at::Tensor states = made.conditional.get("encoder_hidden_states");
  made.num_pictures = made.latents.defined() ? made.latents.size(0) : states.size(0);
  made.conditional = for_pictures("", made.conditional, made.num_pictures);
  made.unconditional = for_pictures("negative_", made.unconditional, made.num_pictures);
  if (!pipeline.controls().empty()) {
    show_controls(made, pipeline, request, pipeline.sized(size));
  }
  return made;
}

GenerationInputs make_class_inputs(const ClassToImagePipeline& pipeline,
                                   const GenerationRequest& request) {
  const InputTensors tensors(request.inputs, pipeline, {kLatents});
  if (request.prompts.empty()) throw usage_error("nothing to draw: give --class");
  GenerationInputs made;
  made.latents = tensors.take(kLatents, 4, "[pictures, channels, height, width]");
  PromptBatch batch;
  batch.prompts = request.prompts;
  batch.guided = request.guided;
  const PromptPair pair = pipeline.encode(0, batch, {});
  const auto count = static_cast<std::int64_t>(request.prompts.size());
  made.num_pictures = made.latents.defined() ? made.latents.size(0) : count;
  made.conditional = for_pictures("", pair.conditional, made.num_pictures);
  made.unconditional = for_pictures("", pair.unconditional, made.num_pictures);
  return made;
}

}  // namespace fdbench
