#include "sweep/measure_rounds.h"

#include <algorithm>

#include "core/error.h"
#include "sweep/timing_process.h"
#include "sweep/timing_table.h"

namespace fdbench {
namespace {

class RoundMeasurer {
 public:
  RoundMeasurer(const std::vector<const WorkUnit*>& rounds, const UnitFolder& folder,
                const RoundSource& source,
                const std::function<void(double, const std::string&)>& show)
      : rounds_(rounds), folder_(folder), source_(source), show_(show) {}

  /// Makes the rounds `first` to `end` - 1 complete.
  void complete(std::size_t first, std::size_t end, bool apart) {
    if (apart && !all_there(first, end)) measure_apart(first, end);
    for (std::size_t round = first; round < end; ++round) {
      const std::filesystem::path file = folder_.file(*rounds_[round]);
      if (unit_complete(file)) continue;
      show_(cost_, "timing round " + std::to_string(round + 1) + all());
      write_unit(file, source_.here(*rounds_[round]));
      cost_ += rounds_[round]->cost;
    }
  }

 private:
  std::string all() const { return "/" + std::to_string(rounds_.size()); }

  bool all_there(std::size_t first, std::size_t end) const {
    return std::all_of(rounds_.begin() + first, rounds_.begin() + end,
                       [&](const WorkUnit* unit) { return unit_complete(folder_.file(*unit)); });
  }

  void measure_apart(std::size_t first, std::size_t end) {
    const std::string last = std::to_string(end - 1);
    show_(cost_, "timing rounds " + std::to_string(first + 1) + "-" + std::to_string(end) + all());
    source_.make_room();
    std::vector<std::string> command = source_.command;
    command.insert(command.end(), {"--timing-rounds", std::to_string(first) + "-" + last});
    run_to_end(command);
    if (!all_there(first, end)) {
      throw runtime_error(Place{folder_.path().string()},
                          "the process that timed rounds left another sweep's here: was the config "
                          "changed meanwhile?");
    }
    for (std::size_t round = first; round < end; ++round) cost_ += rounds_[round]->cost;
  }

  const std::vector<const WorkUnit*>& rounds_;
  const UnitFolder& folder_;
  const RoundSource& source_;
  const std::function<void(double, const std::string&)>& show_;
  double cost_ = 0;
};

}  // namespace

std::size_t measure_rounds(const PreparedSweep& sweep, const std::vector<const WorkUnit*>& rounds,
                           const UnitFolder& folder, const RoundSource& source,
                           const std::function<void(double, const std::string&)>& show) {
  const TimingSettings& timing = sweep.experiment.timing;
  const auto a_process = static_cast<std::size_t>(timing.rounds_per_process);
  const bool apart = a_process > 0 && !source.command.empty();
  RoundMeasurer measurer(rounds, folder, source, show);
  // What decides whether there are enough.
  std::vector<Arrays> measured;
  std::size_t count = 0;
  while (count < rounds.size()) {
    const std::size_t first = count;
    const std::size_t end = std::min(first + std::max<std::size_t>(1, a_process), rounds.size());
    measurer.complete(first, end, apart);
    count = end;
    if (!timing.is_open()) continue;
    for (std::size_t round = first; round < end; ++round) {
      measured.push_back(read_unit(folder.file(*rounds[round])));
    }
    if (are_enough(sweep, join_rounds(measured))) break;
  }
  return count;
}

}  // namespace fdbench
