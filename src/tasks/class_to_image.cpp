#include "tasks/class_to_image.h"

#include <charconv>
#include <vector>

#include "core/error.h"
#include "tasks/folder_task.h"
#include "transformers/dit.h"

namespace fdbench {
namespace {

constexpr std::int64_t kImageNetClasses = 1000;

/// "a, b" -> "a", "b".
std::vector<std::string> names_of(const std::string& text) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::size_t first = text.find_first_not_of(' ', begin);
    if (first < end) {
      names.push_back(text.substr(first, text.find_last_not_of(' ', end - 1) + 1 - first));
    }
    begin = end + 1;
  }
  return names;
}

/// Whether the text is a whole number and nothing else.
bool reads_whole(const std::string& text, std::int64_t& number) {
  const char* end = text.data() + text.size();
  const auto [last, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc() && last == end && !text.empty();
}

}  // namespace

ClassLabels::ClassLabels(const ModelFolder& folder)
    : count_(folder.config(kTransformerPart).value("num_embeds_ada_norm", kImageNetClasses)) {
  const nlohmann::json& index = folder.index();
  if (!index.is_object() || !index.contains("id2label")) return;
  const Place place{(folder.path() / "model_index.json").string()};
  const nlohmann::json& table = index["id2label"];
  if (!table.is_object()) throw usage_error(place, "'id2label' must map numbers to names");
  for (const auto& [key, names] : table.items()) {
    std::int64_t number = 0;
    if (!reads_whole(key, number) || number < 0 || number >= count_ || !names.is_string()) {
      throw usage_error(place, "'id2label': '" + key + "' must be a number from 0 to " +
                                   std::to_string(count_ - 1) + " with names as a text");
    }
    for (const std::string& name : names_of(names)) numbers_.emplace(name, number);
  }
}

std::int64_t ClassLabels::label_of(const std::string& text) const {
  std::int64_t number = 0;
  if (reads_whole(text, number)) {
    if (number >= 0 && number < count_) return number;
    throw usage_error("class " + text + " is not there: the model has " + std::to_string(count_) +
                      ", from 0 to " + std::to_string(count_ - 1));
  }
  if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  if (numbers_.empty()) {
    throw usage_error("class '" + text +
                      "': the model names no classes (no id2label in model_index.json); give a "
                      "number from 0 to " +
                      std::to_string(count_ - 1));
  }
  std::vector<std::string> names;
  for (const auto& [name, label] : numbers_) names.push_back(name);
  throw usage_error("class '" + text + "' is not known" + advice(text, names));
}

ClassToImagePipeline::ClassToImagePipeline(const ModelFolder& folder, const TaskOptions& options)
    : PicturePipeline(folder, options), labels_(folder) {
  if (!options.controls.empty()) {
    throw usage_error({folder.path().string()},
                      "draws classes: control networks are for models that draw from text");
  }
  open_vae(options);
  const bool is_outline = options.wanted == Wanted::kOutline;
  set_denoiser(
      is_outline ? load_outline(folder) : load_denoiser(folder, dtype(), device(), options.reading),
      options.change);
}

void ClassToImagePipeline::check_drawable(std::span<const std::string> classes) const {
  for (const std::string& text : classes) labels_.label_of(text);
}

FolderScheduler ClassToImagePipeline::scheduler(std::size_t) const {
  return scheduler_file(folder());
}

PromptPair ClassToImagePipeline::encode(std::size_t, const PromptBatch& batch,
                                        const at::Tensor&) const {
  if (!batch.negative_prompts.empty() || batch.clip_skip > 0 || !batch.control_images.empty()) {
    throw usage_error({folder().path().string()},
                      "draws classes: negative prompts, clip_skip and control pictures are for "
                      "models that draw from text");
  }
  std::vector<std::int64_t> labels;
  for (const std::string& text : batch.prompts) labels.push_back(labels_.label_of(text));
  PromptPair pair;
  pair.conditional.set(kClassLabels, at::tensor(labels, at::kLong).to(device()));
  if (batch.guided) {
    const auto count = static_cast<std::int64_t>(labels.size());
    pair.unconditional.set(
        kClassLabels, at::full({count}, labels_.count(), at::device(device()).dtype(at::kLong)));
  }
  return pair;
}

}  // namespace fdbench
