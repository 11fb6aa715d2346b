#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/plain_options.h"
#include "cli/weight_options.h"
#include "core/error.h"
#include "folders/model_folder.h"
#include "io/json_file.h"
#include "text/clip_tokenizer.h"

namespace fdbench {
namespace {

struct TokenizeOptions {
  std::filesystem::path model;
  std::vector<std::string> texts;
  std::filesystem::path texts_file;
  std::string format = "text";
  WeightOptions weights;
};

/// The texts of the command line, or those of the file.
std::vector<std::string> all_texts(const TokenizeOptions& options) {
  if (options.texts_file.empty()) return options.texts;
  const nlohmann::json list = read_json(options.texts_file);
  if (!list.is_array())
    throw usage_error({options.texts_file.string()}, "must be a JSON list of texts");
  std::vector<std::string> texts;
  for (const nlohmann::json& text : list) {
    if (!text.is_string())
      throw usage_error({options.texts_file.string()},
                        "must be a JSON list of texts, not " + text.dump());
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

void print_text(const std::vector<std::vector<std::int64_t>>& input_ids) {
  for (const auto& ids : input_ids) {
    const char* separator = "";
    for (const std::int64_t id : ids) {
      std::printf("%s%lld", separator, static_cast<long long>(id));
      separator = " ";
    }
    std::printf("\n");
  }
}

void print_json(const std::vector<std::vector<std::int64_t>>& input_ids, bool as_list,
                std::int64_t length) {
  nlohmann::ordered_json json;
  if (as_list) {
    json["input_ids"] = input_ids;
  } else {
    json["input_ids"] = input_ids.front();
  }
  json["model_max_length"] = length;
  std::printf("%s\n", json.dump().c_str());
}

void run_tokenize(const TokenizeOptions& options) {
  if (options.texts.empty() && options.texts_file.empty())
    throw usage_error("--text or --texts-file is required");
  const ModelFolder folder(options.model, "", weight_additions(options.weights));
  const std::unique_ptr<Tokenizer> tokenizer =
      open_tokenizer(folder.part_path("tokenizer"), folder.learned_tokens("text_encoder"));
  // Not for a tokenizer's own folder.
  const auto* of_pipeline =
      folder.has("text_encoder") ? dynamic_cast<const CLIPTokenizer*>(tokenizer.get()) : nullptr;
  std::vector<std::vector<std::int64_t>> input_ids;
  for (const std::string& text : all_texts(options)) {
    const std::string whole = of_pipeline != nullptr ? of_pipeline->with_all_vectors(text) : text;
    input_ids.push_back(tokenizer->encode(whole, tokenizer->model_max_length()));
  }
  if (options.format == "text") {
    print_text(input_ids);
  } else {
    const bool as_list = input_ids.size() != 1 || !options.texts_file.empty();
    print_json(input_ids, as_list, tokenizer->model_max_length());
  }
}

}  // namespace

void add_tokenize_command(CLI::App& app) {
  const auto options = std::make_shared<TokenizeOptions>();
  CLI::App* command = app.add_subcommand(
      "tokenize", "Token ids of texts: with start and end token, cut and filled up");
  command
      ->add_option("MODEL_DIR", options->model,
                   "Model folder (diffusers layout) or its tokenizer folder")
      ->required();
  CLI::Option* text =
      command->add_option("--text", options->texts, "Text; may be given several times")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->allow_extra_args(false)  // else CLI11 takes "[a, b]" for a list
          ->check(is_text());
  command->add_option("--texts-file", options->texts_file, "JSON file with a list of texts")
      ->excludes(text);
  add_embedding_option(*command, options->weights);
  command->add_option("--format", options->format, "text (a line of ids for each text) or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->footer("Example: fdbench tokenize models/mini --text \"a red circle\" --format json");
  command->callback([options] { run_tokenize(*options); });
}

}  // namespace fdbench
