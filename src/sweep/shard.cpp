#include "sweep/shard.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "results/hdf5.h"
#include "results/provenance.h"
#include "results/result_reader.h"
#include "results/result_writer.h"

namespace fdbench {
namespace {

constexpr int kMostShards = 100'000;

/// A whole number; 0 where the text is none.
int number_in(std::string_view text) {
  int number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} && end == text.data() + text.size() ? number : 0;
}

std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string dataset_of(const std::string& hash) { return "/units/" + hash; }

/// Of all that the merge goes by, besides the units, which have their own.
std::string checksum(const ShardInfo& info) {
  return content_hash(info.shard.text() + "\n" + settings_json(info.settings) + "\n" +
                      info.config_path + "\n" + info.config_text);
}

/// The temporary file goes unless it was renamed.
class TemporaryName {
 public:
  explicit TemporaryName(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryName() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void fill(Hdf5File& file, const ShardInfo& info, const UnitFolder& folder,
          const std::vector<WorkUnit>& units) {
  const std::vector<std::pair<std::string, Attribute>> attributes = {
      {"format", std::string(kFormatName)},
      {"schema_version", std::int64_t{kSchemaVersion}},
      {"shard", info.shard.text()},
      {"settings", settings_json(info.settings)},
      {"config", info.config_text},
      {"config_path", info.config_path},
      {"num_threads", std::int64_t{info.num_threads}},
      {"checksum", checksum(info)},
      {"created", utc_now()}};
  for (const auto& [name, value] : attributes) file.set_attribute("/", name, value);
  for (const auto& [name, value] : info.provenance) file.set_attribute("/", name, value);
  std::set<std::string> written;
  for (const WorkUnit& unit : units) {
    if (!written.insert(unit.hash).second) continue;
    std::string bytes = file_bytes(folder.file(unit));
    if (!unit_complete_bytes(bytes)) {
      throw runtime_error(Place{folder.file(unit).string()}, "is missing or damaged; run again");
    }
    ArrayLayout layout;
    layout.dtype = at::kByte;
    layout.shape = {static_cast<std::int64_t>(bytes.size())};
    file.create_array(dataset_of(unit.hash), layout);
    file.write(dataset_of(unit.hash), {}, at::from_blob(bytes.data(), layout.shape, at::kByte));
  }
}

}  // namespace

std::string Shard::text() const { return std::to_string(number) + "/" + std::to_string(count); }

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  Shard shard{0, 0};
  if (slash != std::string::npos) {
    shard = {number_in(std::string_view(text).substr(0, slash)),
             number_in(std::string_view(text).substr(slash + 1))};
  }
  if (shard.number < 1 || shard.count < shard.number || shard.count > kMostShards) {
    throw usage_error("--shard '" + text + "': wants K/N with K from 1 to N, such as 2/3");
  }
  return shard;
}

std::vector<WorkUnit> units_of_shard(const std::vector<WorkUnit>& units, const Shard& shard) {
  std::vector<double> load(static_cast<std::size_t>(shard.count), 0.0);
  for (const WorkUnit& unit : units) {
    if (unit.kind == WorkUnit::Kind::kTiming) load[0] += unit.cost;
  }
  std::vector<WorkUnit> mine;
  // By hash: equal units stay together.
  std::map<std::string, std::size_t> owners;
  for (const WorkUnit& unit : units) {
    std::size_t owner = 0;
    if (unit.kind == WorkUnit::Kind::kPictures) {
      const auto least =
          static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
      owner = owners.emplace(unit.hash, least).first->second;
      load[owner] += unit.cost;
    }
    if (static_cast<int>(owner) == shard.number - 1) mine.push_back(unit);
  }
  return mine;
}

std::filesystem::path shard_path(const std::filesystem::path& output, const Shard& shard) {
  return output.parent_path() /
         (output.stem().string() + ".shard-" + std::to_string(shard.number) + "-of-" +
          std::to_string(shard.count) + output.extension().string());
}

void write_shard(const ShardInfo& info, const UnitFolder& folder,
                 const std::vector<WorkUnit>& units) {
  const TemporaryName temporary(temporary_result_path(info.path));
  Hdf5File file = Hdf5File::create(temporary.path());
  fill(file, info, folder, units);
  file.close();
  sync_file(temporary.path());
  std::error_code fault;
  std::filesystem::rename(temporary.path(), info.path, fault);
  if (fault)
    throw runtime_error(Place{info.path.string()}, "cannot be replaced: " + fault.message());
  sync_folder(info.path.parent_path());
}

ShardInfo read_shard_info(const std::filesystem::path& path) {
  const Hdf5File file = Hdf5File::open(path);
  const Place place{path.string()};
  if (!file.has_attribute("/", "shard")) {
    throw usage_error(place, "is not a part of a sweep (a file of `fdbench run --shard K/N`)");
  }
  const auto text = [&](const char* name) {
    if (!file.has_attribute("/", name)) {
      throw runtime_error(place, std::string("damaged: it has no '") + name + "'");
    }
    return file.attribute_text("/", name);
  };
  if (text("schema_version") != std::to_string(kSchemaVersion)) {
    throw runtime_error(place, "is of schema version " + text("schema_version") +
                                   ", this program reads version " +
                                   std::to_string(kSchemaVersion));
  }
  ShardInfo info;
  info.path = path;
  info.shard = parse_shard(text("shard"));
  info.settings = settings_from_json(text("settings"));
  info.config_text = text("config");
  info.config_path = text("config_path");
  info.num_threads = number_in(text("num_threads"));
  if (checksum(info) != text("checksum")) {
    throw runtime_error(place, "damaged: its settings do not fit their checksum");
  }
  for (const auto& [name, of_this_program] : provenance()) {
    if (file.has_attribute("/", name)) {
      info.provenance.emplace_back(name, file.attribute_text("/", name));
    }
  }
  const std::string group = dataset_of("");
  for (const std::string& name : file.datasets()) {
    if (name.starts_with(group)) info.units.push_back(name.substr(group.size()));
  }
  return info;
}

Settings settings_of_file(const std::filesystem::path& path, const Shard& shard) {
  if (shard.whole()) {
    const auto attributes = read_summary(path).attributes;
    const auto found = attributes.find("settings");
    return found == attributes.end() ? Settings{} : settings_from_json(found->second);
  }
  const ShardInfo info = read_shard_info(path);
  if (info.shard.text() == shard.text()) return info.settings;
  throw usage_error(Place{path.string()},
                    "is shard " + info.shard.text() + ", not " + shard.text());
}

std::string read_shard_unit(const std::filesystem::path& path, const std::string& hash) {
  const at::Tensor values = Hdf5File::open(path).read(dataset_of(hash)).contiguous();
  std::string bytes(static_cast<const char*>(values.const_data_ptr()),
                    static_cast<std::size_t>(values.numel()));
  if (values.scalar_type() != at::kByte || !unit_complete_bytes(bytes)) {
    throw runtime_error(
        Place{path.string()},
        "damaged: the unit " + hash + " does not fit its checksum; run its shard again");
  }
  return bytes;
}

}  // namespace fdbench
