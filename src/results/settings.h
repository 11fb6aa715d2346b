// All that determines a sweep's results. The program declares each setting once, with what depends
// on it, and makes settings of that list alone; files hold them as flat "key: value" text, for
// names of work units and for saying what changed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace fdbench {

/// As files hold them. A file of a newer program may have names that this one does not know.
using Settings = std::map<std::string, std::string>;

/// What depends on a setting.
enum class Scope : unsigned {
  /// What a unit of pictures holds.
  kPictures = 1,
  /// What a round of timing holds.
  kTiming = 2,
  /// What is computed from units: scores and what else the file keeps.
  kJudging = 4,
  /// How many rounds there are, which may be raised.
  kRoundCount = 8,
  /// The network's latents, together with the run: two files agree in it, or their runs are not the
  /// same.
  kLatents = 16,
  /// Whether figures of two files can be compared.
  kCompared = 32,
  /// Weights and other files of the model.
  kModel = 64,
  /// One run of several.
  kRun = 128,
};

/// Every setting that the program makes, in the order of all_settings().
enum class Setting : std::size_t {
  kFdbenchVersion,
  kDevice,
  kDtype,
  kThreads,
  kCpus,
  kSeed,
  kGuidanceScale,
  kGuidanceRescale,
  kGuidanceChannels,
  kClipSkip,
  kLatent,
  kEqualTime,
  kModelUnet,
  kModelTransformer,
  kModelVae,
  kModelTextEncoder,
  kModelTextEncoder2,
  kModelTokenizer,
  kModelTokenizer2,
  kModelZerosForEmptyPrompt,
  kModelScheduler,
  kModelControlnet,
  kModelStages,
  kModelAdditions,
  kPromptsCount,
  kPromptsHash,
  kPromptsNegative,
  kPromptsControl,
  kFeaturesEnabled,
  kFeaturesDetail,
  kFeaturesPca,
  kFeaturesSimilarity,
  kPicturesChunk,
  kPicturesBatch,
  kPicturesKeep,
  kPicturesPredicted,
  kJudgesClip,
  kJudgesNetwork,
  kJudgesScenes,
  kJudgesScorers,
  kJudgesControlF1,
  kJudgesPerceptual,
  kJudgesReference,
  kJudgesMetrics,
  kJudgesKeepFeatures,
  kJudgesBootstrap,
  kTimingWarmup,
  kTimingRounds,
  kTimingUntil,
  kTimingRoundsPerProcess,
  kRun,
};
inline constexpr std::size_t kNumSettings = static_cast<std::size_t>(Setting::kRun) + 1;

struct SettingInfo {
  Setting setting;
  /// In files; of Setting::kRun what its names begin with.
  std::string_view name;
  /// Bits of Scope.
  unsigned scopes;
  std::string_view help;
};

std::span<const SettingInfo> all_settings();

/// Its name in files. member: the run, of Setting::kRun only.
std::string setting_name(Setting setting, const std::string& member = "");

/// "pictures, timing, comparison", for tables.
std::string scopes_text(unsigned scopes);

using SettingValue = std::variant<bool, std::int64_t, double, std::string>;

/// As files hold it: real numbers with 17 digits.
std::string setting_text(const SettingValue& value);

/// Adds a setting: the one way in which the program makes them. stage: of a model of several, where
/// the setting is of one of them ("model.upscale.unet").
void put(Settings& settings, Setting setting, const SettingValue& value,
         const std::string& stage = "");
/// The same of Setting::kRun.
void put_run(Settings& settings, const std::string& run, const std::string& text);

/// True where `scope` depends on the setting of this name. One that the program does not know (of a
/// newer program's file) has the scopes of its family ("model" of "model.unet"), else it belongs to
/// pictures, timing and comparison.
bool depends(Scope scope, const std::string& setting);

/// The settings that `scope` depends on, and those that it does not.
Settings of_scope(const Settings& settings, Scope scope);
Settings not_of_scope(const Settings& settings, Scope scope);

std::string settings_json(const Settings& settings);
/// Empty for text that is no such JSON.
Settings settings_from_json(const std::string& text);

/// "timing.rounds (8, now 12), runs.drop (new)": at most three differences; "" when there is none.
std::string describe_changes(const Settings& before, const Settings& now);

}  // namespace fdbench
