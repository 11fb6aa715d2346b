#include "judging/judgement.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/notes.h"
#include "judging/control_judge.h"
#include "judging/matched_pictures.h"
#include "judging/paired_scores.h"
#include "judging/prompt_scores.h"

namespace fdbench {
namespace {

/// Scores of some of the names, each put at its place in the order asked for.
class ScoreTable {
 public:
  explicit ScoreTable(const std::vector<std::string>& names) : names_(names) {}

  /// The names of one kind.
  template <typename IsKind>
  std::vector<std::string> names(const IsKind& is_kind) const {
    std::vector<std::string> found;
    std::copy_if(names_.begin(), names_.end(), std::back_inserter(found), is_kind);
    return found;
  }
  void add(const std::vector<Score>& scores) {
    for (const Score& score : scores) scores_[score.name] = score;
  }
  std::vector<Score> in_order() const {
    std::vector<Score> scores;
    for (const std::string& name : names_) scores.push_back(scores_.at(name));
    return scores;
  }

 private:
  const std::vector<std::string>& names_;
  std::map<std::string, Score> scores_;
};

bool is_set_score(const std::string& name) {
  return !is_prompt_score(name) && !is_paired_score(name) && !is_control_score(name);
}

/// Throws a usage error for a metric that is not known or lacks what it compares with.
void check_metrics(const std::vector<std::string>& names, const JudgeOptions& options) {
  for (const std::string& name : names) {
    if (is_prompt_score(name)) continue;
    if (is_paired_score(name)) {
      if (!options.pairs.empty()) continue;
      throw usage_error("metric '" + name +
                        "' compares each picture with another method's of the same prompt and "
                        "seed: add --pairs PICTURES");
    }
    if (is_control_score(name)) {
      if (!options.controls.empty()) continue;
      throw usage_error("metric '" + name +
                        "' compares each picture with its control picture: add --controls "
                        "PICTURES");
    }
    check_score_name(name);
    if (needs_reference(name) && options.reference.empty()) {
      throw usage_error("metric '" + name +
                        "' compares with a reference: add --reference FILE|FOLDER");
    }
  }
}

/// One call of `judge`: everything is opened and checked, then features are extracted, then
/// scored.
class Judgement {
 public:
  Judgement(const JudgeOptions& options, const ProgressWriter& write_progress)
      : options_(options), judges_(options.network, write_progress), names_(options.metrics) {}

  JudgeReport run() {
    check_options();
    open_sets();
    const ScoreTable table(names_);
    const std::vector<std::string> of_sets = table.names(is_set_score);
    const std::vector<std::string> of_prompts = table.names(is_prompt_score);
    of_pairs_ = table.names(is_paired_score);
    of_controls_ = table.names(is_control_score);
    check_before_extracting(of_sets, of_prompts);
    extract(of_sets);
    score_all(of_sets, of_prompts);
    return std::move(report_);
  }

 private:
  void check_options() {
    if (names_.empty() && options_.pairs.empty() && options_.reference.empty() &&
        !options_.prompts.empty() && !options_.network.clip.empty()) {
      names_ = {"clip_score"};
    }
    if (names_.empty() && options_.pairs.empty() && options_.reference.empty() &&
        options_.prompts.empty() && !options_.controls.empty()) {
      names_ = control_score_names();
    }
    is_default_ = names_.empty();
    if (is_default_) names_ = options_.pairs.empty() ? default_scores() : paired_score_names();
    if (is_default_ && options_.network.clip.empty()) std::erase(names_, "perceptual");
    check_metrics(names_, options_);
    if (!options_.controls.empty() &&
        std::none_of(names_.begin(), names_.end(), is_control_score)) {
      throw usage_error(
          "--controls is for control_f1, control_precision and control_recall: name "
          "them in --metrics");
    }
    if (std::find(names_.begin(), names_.end(), "perceptual") != names_.end()) {
      // Says what is missing.
      if (options_.network.clip.empty()) judges_.clip();
    }
  }

  PicturePath where(const std::filesystem::path& path, const std::string& run) const {
    return {path, run, options_.network.recursive};
  }

  void open_sets() {
    judged_.emplace(where(options_.judged, options_.run));
    if (!options_.reference.empty()) {
      reference_.emplace(where(options_.reference, options_.reference_run));
    }
    if (!options_.pairs.empty()) pairs_.emplace(where(options_.pairs, options_.pairs_run));
    if (!options_.controls.empty()) controls_.emplace(where(options_.controls, ""));
    if (is_default_ && pairs_) return leave_out_ssim();
    if (is_default_ && reference_) leave_out_rows();
  }

  /// Statistics alone give no scores that compare single pictures.
  void leave_out_rows() {
    for (const auto& [input, role] :
         {std::pair{&*judged_, SetRole::kJudged}, std::pair{&*reference_, SetRole::kReference}}) {
      const bool has_rows = input->arrays() == nullptr || input->has_features() ||
                            (input->has_pictures() && judges_.has_network());
      if (has_rows) continue;
      std::string left_out;
      for (const std::string& name : names_) {
        if (needs_rows(name, role)) left_out += (left_out.empty() ? "" : ", ") + name;
      }
      // clang 14 captures no structured bindings by themselves.
      std::erase_if(names_,
                    [role = role](const std::string& name) { return needs_rows(name, role); });
      say_note({input->path().string()},
               "holds statistics alone" +
                   std::string(input->has_pictures() ? ", and pictures for --features" : "") +
                   ": " + left_out + " are left out, they need features of each picture");
      const auto has_spatial = [](const JudgeInput& of) {
        return of.arrays() != nullptr &&
               (of.arrays()->contains("mu_s") || of.arrays()->contains("spatial"));
      };
      if (has_spatial(*judged_) && has_spatial(*reference_))
        names_.insert(names_.begin() + 1, "sfid");
      return;
    }
  }

  void leave_out_ssim() {
    try {
      check_window(judged_->pictures());
    } catch (const Error& error) {
      std::erase(names_, "ssim");
      say_warning(error.what());
    }
  }

  void check_before_extracting(const std::vector<std::string>& of_sets,
                               const std::vector<std::string>& of_prompts) {
    own_ = wanted_arrays(of_sets, SetRole::kJudged, options_.score);
    their_ = wanted_arrays(of_sets, SetRole::kReference, options_.score);
    if (!of_prompts.empty()) check_prompts(of_prompts.front());
    if (!of_pairs_.empty()) {
      report_.pairs = {options_.pairs.string(),
                       match_pairs(judged_->pictures(), pairs_->pictures())};
      if (std::find(of_pairs_.begin(), of_pairs_.end(), "ssim") != of_pairs_.end()) {
        check_window(judged_->pictures());
      }
    }
    if (!of_controls_.empty()) {
      check_canny(options_.edges.canny);
      check_opaque(controls_->pictures());
      report_.controls = {options_.controls.string(),
                          match_pairs(judged_->pictures(), controls_->pictures())};
    }
    if (of_sets.empty()) return;
    check_input(*judged_, own_, of_sets, SetRole::kJudged);
    if (reference_) check_input(*reference_, their_, of_sets, SetRole::kReference);
  }

  void check_input(JudgeInput& input, const WantedArrays& wanted,
                   const std::vector<std::string>& names, SetRole role) {
    if (!input.needs_network(wanted)) return;
    judges_.check_network(input.path());
    std::vector<std::string> counted;
    for (const std::string& name : names) {
      if (role == SetRole::kJudged || needs_rows(name, role) || name == "fid" || name == "sfid") {
        counted.push_back(name);
      }
    }
    if (input.arrays() == nullptr)
      check_count(input.path().string(), input.pictures().count(), counted);
  }

  void check_prompts(const std::string& name) {
    // Says what is missing.
    if (options_.network.clip.empty()) judges_.clip();
    if (judged_->arrays() != nullptr) {
      throw usage_error({judged_->path().string()}, "metric '" + name +
                                                        "' looks at pictures; this file holds "
                                                        "features or statistics");
    }
    const PictureSource& pictures = judged_->pictures();
    if (options_.prompts.empty() && pictures.captions().empty()) {
      throw usage_error("metric '" + name + "' needs the prompts of the pictures: --prompts FILE");
    }
    MatchedPrompts matched{pictures.captions(), "order"};
    if (!options_.prompts.empty()) {
      matched = match_prompts(pictures, prompts_of_file(options_.prompts), options_.prompts);
    }
    captions_ = matched.captions;
    const auto pair = [&](std::int64_t i) {
      return pictures.name(i) + " <- '" + captions_[static_cast<std::size_t>(i)] + "'";
    };
    const std::string file = options_.prompts.empty() ? options_.judged : options_.prompts;
    report_.prompts = {file, matched.by, pair(0), pair(pictures.count() - 1)};
  }

  /// Files first: what is wrong with them is known before a network runs.
  void extract(const std::vector<std::string>& of_sets) {
    const bool only_pairs = of_pairs_.size() + of_controls_.size() == names_.size();
    const auto extract_reference = [&] {
      theirs_ = judges_.extract(*reference_, their_, ours_ ? &ours_->set : nullptr);
      check_parts(theirs_->set, of_sets, SetRole::kReference);
      if (!ours_) check_same_network(of_sets);
    };
    const auto extract_judged = [&] {
      ours_ = judges_.extract(*judged_, own_, theirs_ ? &theirs_->set : nullptr);
      check_parts(ours_->set, of_sets, SetRole::kJudged);
    };
    const bool wants_reference = reference_ && !of_sets.empty();
    if (!only_pairs && !judged_->needs_network(own_)) extract_judged();
    if (wants_reference) extract_reference();
    if (!only_pairs && !ours_) extract_judged();
  }

  /// What was read of a reference must be of the network that is about to run.
  void check_same_network(const std::vector<std::string>& of_sets) {
    if (of_sets.empty() || !judged_->needs_network(own_)) return;
    check_networks(judged_->path().string(), judges_.network_hash(), theirs_->set);
  }

  void score_all(const std::vector<std::string>& of_sets,
                 const std::vector<std::string>& of_prompts) {
    ScoreTable table(names_);
    const JudgedSet* reference = theirs_ ? &theirs_->set : nullptr;
    if (ours_) table.add(score(ours_->set, reference, of_sets, options_.score));
    for (const std::string& name : of_prompts) {
      table.add({prompt_score(name, {judged_->pictures(), ours_->image_embeds, captions_},
                              judges_.clip(), options_.network.clip, options_.score)});
    }
    if (!of_pairs_.empty()) {
      table.add(paired_scores(judged_->pictures(), pairs_->pictures(), of_pairs_, judges_,
                              options_.score));
    }
    if (!of_controls_.empty()) {
      table.add(control_scores(judged_->pictures(), controls_->pictures(), of_controls_,
                               options_.edges, options_.score));
    }
    report_.pictures = options_.judged.string();
    report_.scores = table.in_order();
    if (ours_) report_.warnings = score_warnings(ours_->set, reference, names_);
    if (ours_) report_.judged = ours_->set;
    if (theirs_) report_.reference = theirs_->set;
    if (!options_.network.network.empty()) report_.protocol = options_.network.protocol.text();
    report_.options = options_.score;
  }

  const JudgeOptions& options_;
  JudgedPictures judges_;
  std::vector<std::string> names_, of_pairs_, of_controls_, captions_;
  bool is_default_ = false;
  std::optional<JudgeInput> judged_, reference_, pairs_, controls_;
  WantedArrays own_, their_;
  std::optional<ExtractedFeatures> ours_, theirs_;
  JudgeReport report_;
};

}  // namespace

JudgeReport judge(const JudgeOptions& options, const ProgressWriter& write_progress) {
  return Judgement(options, write_progress).run();
}

}  // namespace fdbench
