// Runs a model folder's autoencoder or text encoder on tensors of a safetensors file, for the
// parity tests in Python.
//   parity_runner vae-decode|vae-encode|text-encode MODEL_DIR INPUTS OUTPUT [DTYPE]
// vae-decode: latents -> images; vae-encode: images -> latents; text-encode: input_ids ->
// last_hidden_state, penultimate_hidden_state and, with a projection, text_embeds.
#include <c10/core/InferenceMode.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "core/device.h"
#include "core/error.h"
#include "folders/model_folder.h"
#include "models/autoencoder_kl.h"
#include "models/clip_text.h"

namespace fdbench {
namespace {

AutoencoderKL load_vae(const ModelFolder& folder, at::ScalarType dtype) {
  const auto weights = folder.weights("vae", dtype, at::kCPU);
  return AutoencoderKL(folder.config("vae"), *weights, folder.config_path("vae"));
}

CLIPTextModel load_text_encoder(const ModelFolder& folder, at::ScalarType dtype) {
  const auto weights = folder.weights("text_encoder", dtype, at::kCPU);
  return CLIPTextModel(folder.config("text_encoder"), *weights, folder.config_path("text_encoder"));
}

std::map<std::string, at::Tensor> run(const std::string& task, const ModelFolder& folder,
                                      const SafetensorsFile& inputs, at::ScalarType dtype) {
  if (task == "vae-decode") {
    const at::Tensor images = load_vae(folder, dtype).decode(inputs.tensor("latents"));
    return {{"images", images}, {"pictures", to_pictures(images)}};
  }
  if (task == "vae-encode") {
    return {{"latents", load_vae(folder, dtype).encode(inputs.tensor("images"))}};
  }
  if (task == "text-encode") {
    const CLIPTextModel model = load_text_encoder(folder, dtype);
    const at::Tensor ids = inputs.tensor("input_ids");
    const ClipTextStates states = model.encode(ids);
    std::map<std::string, at::Tensor> outputs = {
        {"last_hidden_state", model.last_hidden_state(ids)},
        {"penultimate_hidden_state", states.penultimate_hidden_state}};
    if (states.text_embeds.defined()) outputs["text_embeds"] = states.text_embeds;
    return outputs;
  }
  throw usage_error("unknown task '" + task + "'");
}

int run_command(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4) throw usage_error("parity_runner TASK MODEL_DIR INPUTS OUTPUT [DTYPE]");
  const c10::InferenceMode inference;
  const at::ScalarType dtype = parse_dtype(arguments.size() > 4 ? arguments[4] : "float32");
  const SafetensorsFile inputs(arguments[2]);
  save_safetensors(arguments[3], run(arguments[0], ModelFolder(arguments[1]), inputs, dtype));
  return 0;
}

}  // namespace
}  // namespace fdbench

int main(int argc, char** argv) {
  try {
    return fdbench::run_command({argv + 1, argv + argc});
  } catch (const fdbench::Error& error) {
    std::fprintf(stderr, "parity_runner: %s\n", error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "parity_runner: %s\n", error.what());
    return 3;
  }
}
