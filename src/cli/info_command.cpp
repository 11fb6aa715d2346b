#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/control_options.h"
#include "cli/variant_option.h"
#include "cli/weight_options.h"
#include "core/error.h"
#include "denoisers/load_denoiser.h"
#include "folders/architectures.h"
#include "transformers/dit.h"

namespace fdbench {
namespace {

constexpr std::int64_t kDefaultSide = 64, kDefaultTokens = 77;

struct InfoOptions {
  std::filesystem::path model;
  std::string variant;
  std::vector<std::filesystem::path> controlnets;
  WeightOptions weights;
  std::string architecture, format = "table", detail = "block";
};

/// One line of the table: a layer, a block or a part.
struct InfoRow {
  std::string name, role;
  std::int64_t layers = 0, parameters = 0, multiply_adds = 0;

  void add(const InfoRow& other) {
    layers += other.layers;
    parameters += other.parameters;
    multiply_adds += other.multiply_adds;
  }
};

struct ModelTable {
  std::string class_name;
  SampleShape shape;
  /// 0: guidance is no input of the network.
  std::int64_t time_cond_proj_dim = 0;
  /// What begins a step: parameters only.
  InfoRow step;
  std::vector<InfoRow> layers, blocks, parts;
  InfoRow total;
};

bool reads(const Denoiser& unet, const std::string& name) {
  const std::vector<ConditioningInput>& inputs = unet.info().conditioning;
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](const ConditioningInput& input) { return input.name == name; });
}

/// Guidance doubles the batch of one picture, unless it is an input of the network.
SampleShape call_shape(const ModelFolder& folder, const Denoiser& unet) {
  SampleShape shape;
  shape.batch = unet.info().time_cond_proj_dim > 0 ? 1 : 2;
  shape.axes = unet.info().sample_axes;
  for (std::int64_t& side : shape.axes) side = side > 0 ? side : kDefaultSide;
  shape.text_tokens = reads(unet, kClassLabels) ? 0 : kDefaultTokens;
  if (folder.has("text_encoder")) {
    const nlohmann::json config = folder.config("text_encoder");
    const auto found = config.find("max_position_embeddings");
    if (found != config.end() && found->is_number_integer()) shape.text_tokens = *found;
  }
  return shape;
}

/// Adds `row` to the group of the name, a new one where there is none.
void add_to_group(std::vector<InfoRow>& groups, const std::string& name, const InfoRow& row) {
  const auto same = [&](const InfoRow& group) { return group.name == name; };
  auto group = std::find_if(groups.begin(), groups.end(), same);
  if (group == groups.end()) group = groups.insert(groups.end(), {name, row.role});
  group->add(row);
}

ModelTable collect(const ModelFolder& folder, const Denoiser& unet) {
  ModelTable info;
  info.class_name = unet.info().class_name;
  info.shape = call_shape(folder, unet);
  info.time_cond_proj_dim = unet.info().time_cond_proj_dim;
  const bool has_classes = reads(unet, kClassLabels);
  info.step = {has_classes ? "time and class embedding" : "time embedding", "each step", 0,
               unet.info().step_parameters, 0};
  const std::vector<std::int64_t> counts = multiply_adds(unet, info.shape);
  const auto layers = unet.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const InfoRow row{layers[i].name, layers[i].part, 1, unet.info().layer_parameters[i],
                      counts[i]};
    info.layers.push_back(row);
    add_to_group(info.blocks, layers[i].block, row);
    add_to_group(info.parts, row.role, row);
    info.total.add(row);
  }
  info.total.parameters += info.step.parameters;
  return info;
}

void print_row(const InfoRow& row, std::int64_t all_multiply_adds) {
  std::printf("%-32s %-11s %6lld %12.3f %12.3f %6.1f%%\n", row.name.c_str(), row.role.c_str(),
              static_cast<long long>(row.layers), row.parameters / 1e6, row.multiply_adds / 1e9,
              100.0 * row.multiply_adds / all_multiply_adds);
}

void print_table(const ModelTable& info, bool by_layer) {
  std::printf("%s: %.1f M parameters, %lld layers in %zu blocks\n", info.class_name.c_str(),
              info.total.parameters / 1e6, static_cast<long long>(info.total.layers),
              info.blocks.size());
  const std::int64_t tokens = info.shape.text_tokens;
  const std::string told =
      tokens > 0 ? std::to_string(tokens) + " text tokens" : "a class for each";
  std::printf(
      "one call: batch %lld (%s), latent %lldx%lld, %s; a multiply-add counts "
      "once (convolutions, linear layers, attention products)\n\n",
      static_cast<long long>(info.shape.batch),
      info.time_cond_proj_dim > 0 ? "guidance is an input of the network" : "guidance",
      static_cast<long long>(info.shape.axes[0]), static_cast<long long>(info.shape.axes[1]),
      told.c_str());
  std::printf("%-32s %-11s %6s %12s %12s %7s\n", by_layer ? "layer" : "block", "part", "layers",
              "parameters M", "mult-adds G", "share");
  const std::int64_t all = info.total.multiply_adds;
  print_row(info.step, all);
  for (const InfoRow& row : by_layer ? info.layers : info.blocks) print_row(row, all);
  std::printf("\n");
  for (const InfoRow& row : info.parts)
    print_row({row.name, "", row.layers, row.parameters, row.multiply_adds}, all);
  print_row({"total", "", info.total.layers, info.total.parameters, all}, all);
}

nlohmann::ordered_json row_json(const InfoRow& row) {
  return {{"name", row.name},
          {"role", row.role},
          {"num_layers", row.layers},
          {"parameters", row.parameters},
          {"multiply_adds", row.multiply_adds}};
}

void print_json(const ModelTable& info, bool by_layer) {
  nlohmann::ordered_json json = {{"class", info.class_name},
                                 {"parameters", info.total.parameters},
                                 {"num_layers", info.total.layers},
                                 {"multiply_adds", info.total.multiply_adds},
                                 {"call",
                                  {{"batch", info.shape.batch},
                                   {"height", info.shape.axes[0]},
                                   {"width", info.shape.axes[1]},
                                   {"text_tokens", info.shape.text_tokens}}},
                                 {"time_embedding_parameters", info.step.parameters},
                                 {"time_cond_proj_dim", info.time_cond_proj_dim}};
  for (const InfoRow& row : info.blocks) json["blocks"].push_back(row_json(row));
  for (const InfoRow& row : info.parts) json["parts"].push_back(row_json(row));
  if (by_layer) {
    for (const InfoRow& row : info.layers) json["layers"].push_back(row_json(row));
  }
  std::printf("%s\n", json.dump(2).c_str());
}

void run_info(const InfoOptions& options) {
  const ModelFolder folder = open_any_model(
      {options.model, options.architecture, 0, options.variant, weight_additions(options.weights)});
  const auto unet = with_controls(load_outline(folder), control_folders(options.controlnets), true);
  const ModelTable info = collect(folder, *unet);
  const bool by_layer = options.detail == "layer";
  options.format == "json" ? print_json(info, by_layer) : print_table(info, by_layer);
}

}  // namespace

void add_info_command(CLI::App& app) {
  const auto options = std::make_shared<InfoOptions>();
  CLI::App* command = app.add_subcommand(
      "info", "Blocks of a folder's UNet or DiT with their parameters and multiply-adds");
  command->add_option("MODEL_DIR", options->model,
                      "Model folder (diffusers layout), or its unet or transformer folder");
  command->add_option("--architecture", options->architecture,
                      "Instead of a folder: sd15, sd21, sdxl, dit_xl_2_256 or dit_xl_2_512 as they "
                      "come with fdbench");
  add_variant_option(*command, options->variant);
  command->add_option("--controlnet", options->controlnets,
                      "Folder of a control network beside it, or sd15, sd21, sdxl (repeatable)");
  add_weight_options(*command, options->weights);
  command->add_option("--format", options->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->add_option("--detail", options->detail, "A line for each block or each layer")
      ->check(CLI::IsMember({"block", "layer"}))
      ->capture_default_str();
  command->footer("Example: fdbench info models/mini --detail layer");
  command->callback([options] { run_info(*options); });
}

}  // namespace fdbench
