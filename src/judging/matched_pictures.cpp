#include "judging/matched_pictures.h"

#include <algorithm>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/notes.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using Index = std::map<std::string, std::size_t>;

/// Names that a message tells.
constexpr std::size_t kNamed = 3;

std::string without_ending(const std::string& name) {
  return fs::path(name).replace_extension().generic_string();
}

std::string file_name(const std::string& name) { return fs::path(name).filename().string(); }

/// Places of the names, each changed; nothing where two become the same.
std::optional<Index> index_of(const std::vector<std::string>& names,
                              std::string (*changed)(const std::string&)) {
  Index index;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!index.emplace(changed(names[i]), i).second) return std::nullopt;
  }
  return index;
}

std::string whole(const std::string& name) { return name; }

/// "0002.png, 0003.png and 5 more"; "" for none.
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, names.size()); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
  return text;
}

std::string counted(const PictureSource& source) {
  return std::to_string(source.count()) + " pictures";
}

/// The names of a that b does not have.
std::vector<std::string> missing(const std::vector<std::string>& names, const Index& there) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (!there.contains(without_ending(name))) found.push_back(name);
  }
  return found;
}

[[noreturn]] void refuse(const PictureSource& pictures, const PictureSource& others,
                         const Index& own, const Index& their) {
  const std::vector<std::string> only_here = missing(pictures.names(), their);
  const std::vector<std::string> only_there = missing(others.names(), own);
  if (only_here.size() == pictures.names().size()) {
    throw usage_error({others.path().string()},
                      "shares no name with " + pictures.path().string() + " (" + others.name(0) +
                          " there, " + pictures.name(0) +
                          " here): pictures of the same prompt and seed need the same name to "
                          "be paired, so rename those of one folder");
  }
  std::string text = "does not hold the same names as " + pictures.path().string() + ": ";
  if (!only_here.empty()) text += some_of(only_here) + " only there";
  if (!only_here.empty() && !only_there.empty()) text += ", ";
  if (!only_there.empty()) text += some_of(only_there) + " only here";
  throw usage_error({others.path().string()}, text);
}

void match_folders(PictureSource& pictures, PictureSource& others) {
  const Index exact = *index_of(others.names(), whole);
  const bool same = pictures.count() == others.count() &&
                    std::all_of(pictures.names().begin(), pictures.names().end(),
                                [&](const std::string& name) { return exact.contains(name); });
  // Both in natural order.
  if (same) return;
  const std::optional<Index> own = index_of(pictures.names(), without_ending);
  const std::optional<Index> their = index_of(others.names(), without_ending);
  for (const PictureSource* source : {&pictures, &others}) {
    if (source == &pictures ? own.has_value() : their.has_value()) continue;
    throw usage_error({source->path().string()},
                      "holds pictures whose names differ only in the ending, so that it is not "
                      "clear which belongs to which of the other folder");
  }
  if (!missing(pictures.names(), *their).empty() || !missing(others.names(), *own).empty()) {
    refuse(pictures, others, *own, *their);
  }
  std::vector<std::size_t> order;
  for (const std::string& name : pictures.names()) order.push_back(their->at(without_ending(name)));
  others.reorder(order);
}

void check_sizes(const PictureSource& pictures, const PictureSource& others) {
  for (std::int64_t i = 0; i < pictures.count(); ++i) {
    const PixelSize own = pictures.size(i), other = others.size(i);
    if (own == other) continue;
    const auto text = [](const PixelSize& size) {
      return std::to_string(size.height) + " x " + std::to_string(size.width);
    };
    throw usage_error({others.path().string()},
                      others.name(i) + " is " + text(other) + ", " + pictures.name(i) + " in " +
                          pictures.path().string() + " is " + text(own) + " (height, width)");
  }
}

/// Captions by the first way to write a name under which all pictures are found.
std::optional<std::vector<std::string>> by_name(const PictureSource& pictures,
                                                const PromptList& prompts,
                                                std::vector<std::string>& unknown) {
  for (const auto& changed : {whole, file_name, without_ending}) {
    Index index;
    for (std::size_t i = 0; i < prompts.file_names.size(); ++i) {
      index.emplace(changed(prompts.file_names[i]), i);
    }
    std::vector<std::string> captions;
    unknown.clear();
    for (const std::string& name : pictures.names()) {
      const auto found = index.find(changed(name));
      if (found == index.end()) {
        unknown.push_back(name);
      } else {
        captions.push_back(prompts.captions[found->second]);
      }
    }
    if (unknown.empty()) return captions;
  }
  return std::nullopt;
}

}  // namespace

std::string match_pairs(PictureSource& pictures, PictureSource& others) {
  const bool by_names = !pictures.names().empty() && !others.names().empty();
  if (by_names) match_folders(pictures, others);
  const Place place{others.path().string()};
  if (pictures.count() != others.count()) {
    throw usage_error(place, "holds " + counted(others) + ", " + pictures.path().string() + " " +
                                 std::to_string(pictures.count()) +
                                 ": pairs are those of the same place in both");
  }
  const std::vector<std::string>&own = pictures.captions(), &other = others.captions();
  for (std::size_t i = 0; i < std::min(own.size(), other.size()); ++i) {
    if (own[i] == other[i]) continue;
    throw usage_error(place, "picture " + std::to_string(i) + " is of the prompt '" + other[i] +
                                 "', that of " + pictures.path().string() + " of '" + own[i] +
                                 "': they are not a pair");
  }
  check_sizes(pictures, others);
  return by_names ? "name" : "place";
}

MatchedPrompts match_prompts(const PictureSource& pictures, const PromptList& prompts,
                             const fs::path& file) {
  const Place place{file.string()};
  if (!prompts.file_names.empty() && !pictures.names().empty()) {
    std::vector<std::string> unknown;
    const auto captions = by_name(pictures, prompts, unknown);
    if (captions) {
      const std::size_t more =
          prompts.captions.size() - std::min(prompts.captions.size(), captions->size());
      if (more > 0) {
        say_note(place, std::to_string(more) + " of " + std::to_string(prompts.captions.size()) +
                            " prompts are of pictures that are not there, or second ones of a "
                            "picture: left out");
      }
      return {*captions, "name"};
    }
    throw usage_error(
        place, "names no prompt for " + some_of(unknown) + " of " + pictures.path().string());
  }
  if (static_cast<std::int64_t>(prompts.captions.size()) == pictures.count()) {
    return {prompts.captions, "order"};
  }
  throw usage_error(place, "holds " + std::to_string(prompts.captions.size()) + " prompts for " +
                               std::to_string(pictures.count()) +
                               " pictures (in the order of their names)");
}

}  // namespace fdbench
