#include "cli/judged_pictures.h"

#include <cstdio>
#include <string>
#include <vector>

#include "cli/plain_options.h"
#include "core/error.h"
#include "core/progress.h"
#include "io/npz.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

Features joined(const std::vector<Features>& parts) {
  std::vector<at::Tensor> pooled, spatial, logits;
  for (const Features& part : parts) {
    pooled.push_back(part.pooled);
    if (part.spatial.defined()) spatial.push_back(part.spatial);
    if (part.logits.defined()) logits.push_back(part.logits);
  }
  const auto cat = [](const std::vector<at::Tensor>& rows) {
    return rows.empty() ? at::Tensor() : at::cat(rows, 0);
  };
  return {cat(pooled), cat(spatial), cat(logits)};
}

}  // namespace

void add_options(CLI::App& command, JudgeNetworkOptions& options) {
  command.add_option("--features", options.network,
                     "Network that looks at pictures: a TorchScript file (it runs code: use only "
                     "files that you trust)");
  command.add_option("--clip", options.clip,
                     "CLIPModel folder in transformers' layout: its embeddings are the features "
                     "where --features names none");
  command
      .add_option("--resize", options.protocol.resize,
                  "legacy: pictures as they are, the network resizes; clean: Pillow's bicubic "
                  "filter to --size, as clean-fid")
      ->check(CLI::IsMember({"legacy", "clean"}))
      ->capture_default_str();
  add_whole_number(command, "--size", options.protocol.size,
                   "Side of a picture after --resize clean", 1, 4096)
      ->capture_default_str();
  command
      .add_option("--input", options.protocol.input,
                  "What the network takes: uint8 (0 to 255) or float (0 to 1)")
      ->check(CLI::IsMember({"uint8", "float"}))
      ->capture_default_str();
  add_whole_number(command, "--batch", options.batch, "Pictures at a time", 1, 4096)
      ->capture_default_str();
}

/// Shows pictures to the networks, batch by batch, and collects what they see.
class JudgedPictures::Looker {
 public:
  explicit Looker(const JudgedPictures& judges) : judges_(judges) {}

  /// pictures: [n, h, w, 3] uint8.
  void look(const at::Tensor& pictures) {
    if (judges_.clip_) embeds_.push_back(judges_.clip_->image_embeds(pictures));
    parts_.push_back(judges_.network_ ? (*judges_.network_)(pictures)
                                      : Features{embeds_.back(), {}, {}});
  }

  LookedAt finish(const fs::path& path) const {
    const std::string& hash = judges_.network_ ? judges_.network_->hash() : judges_.clip_->hash();
    return {judged_set(path.string(), joined(parts_), hash),
            embeds_.empty() ? at::Tensor() : at::cat(embeds_, 0)};
  }

 private:
  const JudgedPictures& judges_;
  std::vector<Features> parts_;
  std::vector<at::Tensor> embeds_;
};

void JudgedPictures::load_networks(const fs::path& path) {
  if (options_.network.empty() && options_.clip.empty()) {
    throw usage_error({path.string()},
                      "holds pictures: name the network that looks at them with --features, or "
                      "--clip");
  }
  if (!network_ && !options_.network.empty()) {
    network_.emplace(options_.network, options_.protocol);
  }
  if (!options_.clip.empty()) clip();
}

const ClipJudge& JudgedPictures::clip() {
  if (options_.clip.empty()) throw usage_error("this metric needs a CLIPModel folder: --clip DIR");
  if (!clip_) clip_.emplace(options_.clip);
  return *clip_;
}

LookedAt JudgedPictures::look(PictureSource source) {
  load_networks(source.path());
  Looker looker(*this);
  const auto all = static_cast<double>(source.count());
  Progress progress(stderr, true, all, 0);
  std::int64_t done = 0;
  for (at::Tensor batch; (batch = source.next(options_.batch)).defined();) {
    looker.look(batch);
    done += batch.size(0);
    progress.show(static_cast<double>(done), "pictures looked at");
  }
  LookedAt seen = looker.finish(source.path());
  seen.captions = source.captions();
  return seen;
}

LookedAt JudgedPictures::open(const fs::path& path, const std::string& run) {
  if (path.extension() == ".h5" || fs::is_directory(path)) {
    return look(PictureSource::open(path, run));
  }
  const NamedArrays arrays = load_npz(path);
  if (PictureSource::are_in(arrays)) return look(PictureSource::of_arrays(path, arrays));
  return {judged_set_of(path, arrays), {}};
}

}  // namespace fdbench
