// What the program declares of itself, as tables: strategies, samplers, rules and judges with their
// options, and settings.
#pragma once

#include <string>

namespace fdbench {

/// Every strategy, and below every option: type, initial value, spelling on the command line.
/// format: table, md or json.
std::string strategies_text(const std::string& format);

/// Every option of a sampler, with the samplers that have it. format: as above.
std::string samplers_table(const std::string& format);

/// The keys of features, noise_injection, tome and savings. format: as above.
std::string rules_table(const std::string& format);

/// The keys of judges. format: as above.
std::string judges_table(const std::string& format);

/// Every setting of a result file, and what depends on it. format: as above.
std::string settings_table(const std::string& format);

}  // namespace fdbench
