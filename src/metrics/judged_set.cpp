#include "metrics/judged_set.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "io/npz.h"

namespace fdbench {
namespace {

/// Reads named arrays with checks; faults name file and array.
class SetReader {
 public:
  SetReader(const std::filesystem::path& path, const NamedArrays& arrays)
      : place_{path.string()}, arrays_(arrays) {}

  /// [n, d] under the name; undefined when there is none.
  at::Tensor rows(const std::string& name) const {
    const at::Tensor values = finite(name);
    if (values.defined() && values.dim() != 2) {
      throw usage_error(place_, "array '" + name + "' has shape " + c10::str(values.sizes()) +
                                    "; it must be [samples, dimension]");
    }
    if (values.defined() && values.numel() == 0) {
      throw usage_error(place_, "array '" + name + "' is empty");
    }
    return values;
  }

  std::optional<Moments> moments(const std::string& mean, const std::string& covariance) const {
    Moments moments{finite(mean), finite(covariance), 0};
    if (!moments.mean.defined() && !moments.covariance.defined()) return std::nullopt;
    if (!moments.mean.defined() || !moments.covariance.defined()) {
      throw usage_error(place_, "has only one of '" + mean + "' and '" + covariance + "'");
    }
    const std::int64_t d = moments.mean.numel();
    if (moments.mean.dim() != 1 || moments.covariance.sizes() != at::IntArrayRef({d, d})) {
      throw usage_error(place_, "'" + mean + "' " + c10::str(moments.mean.sizes()) + " and '" +
                                    covariance + "' " + c10::str(moments.covariance.sizes()) +
                                    " do not belong together; [d] and [d, d] would");
    }
    moments.mean = moments.mean.to(at::kDouble);
    moments.covariance = moments.covariance.to(at::kDouble);
    const auto count = arrays_.find("count");
    if (count != arrays_.end()) moments.count = count->second.item<std::int64_t>();
    return moments;
  }

 private:
  at::Tensor finite(const std::string& name) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) return {};
    const at::Tensor bad = at::isfinite(found->second).logical_not();
    if (!bad.any().item<bool>()) return found->second;
    throw usage_error(place_, "array '" + name + "' has " +
                                  std::to_string(bad.sum().item<std::int64_t>()) +
                                  " values that are not finite (NaN or infinite)");
  }

  Place place_;
  const NamedArrays& arrays_;
};

std::string hash_of(const NamedArrays& arrays) {
  std::string hashes;
  for (const auto& [name, array] : arrays) {
    const at::Tensor values = array.contiguous();
    hashes +=
        name + c10::str(values.sizes()) + content_hash(values.const_data_ptr(), values.nbytes());
  }
  return content_hash(hashes);
}

at::Tensor text_tensor(const std::string& text) {
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), bytes.mutable_data_ptr<std::uint8_t>());
  return bytes;
}

std::string text_of(const at::Tensor& bytes) {
  const at::Tensor values = bytes.to(at::kByte).contiguous();
  const auto* begin = values.const_data_ptr<std::uint8_t>();
  return {begin, begin + values.numel()};
}

void fit_moments(JudgedSet& set) {
  const auto fits = [](const at::Tensor& rows) { return rows.defined() && rows.size(0) > 1; };
  if (fits(set.features.pooled)) set.moments = moments_of(set.features.pooled);
  if (fits(set.features.spatial)) set.spatial_moments = moments_of(set.features.spatial);
}

}  // namespace

JudgedSet load_judged_set(const std::filesystem::path& path) {
  return judged_set_of(path, load_npz(path));
}

JudgedSet judged_set_of(const std::filesystem::path& path, const NamedArrays& arrays) {
  const SetReader reader(path, arrays);
  JudgedSet set;
  set.name = path.string();
  set.hash = hash_of(arrays);
  if (arrays.contains("network")) set.network = text_of(arrays.at("network"));
  set.features = {reader.rows("features"), reader.rows("spatial"), reader.rows("logits")};
  set.moments = reader.moments("mu", "sigma");
  set.spatial_moments = reader.moments("mu_s", "sigma_s");
  if (set.features.pooled.defined() && !set.moments) fit_moments(set);
  if (!set.features.pooled.defined() && !set.moments) {
    std::string names;
    for (const auto& [name, array] : arrays) names += (names.empty() ? "" : ", ") + name;
    throw usage_error({path.string()},
                      "holds neither 'features' [n, d] nor 'mu' and 'sigma'; it has " +
                          (names.empty() ? "nothing" : names));
  }
  return set;
}

JudgedSet judged_set(std::string name, Features features, std::string network) {
  JudgedSet set;
  set.name = std::move(name);
  set.network = std::move(network);
  if (!at::isfinite(features.pooled).all().item<bool>()) {
    throw runtime_error({set.name}, "the network's features are not finite (NaN or infinite)");
  }
  set.hash = hash_of({{"features", features.pooled}});
  set.features = std::move(features);
  fit_moments(set);
  return set;
}

void save_judged_set(const std::filesystem::path& path, const JudgedSet& set, bool keep_features) {
  NamedArrays arrays;
  if (set.moments) {
    arrays["mu"] = set.moments->mean;
    arrays["sigma"] = set.moments->covariance;
    arrays["count"] = at::tensor({set.moments->count}, at::kLong);
  }
  if (set.spatial_moments) {
    arrays["mu_s"] = set.spatial_moments->mean;
    arrays["sigma_s"] = set.spatial_moments->covariance;
  }
  if (!set.network.empty()) arrays["network"] = text_tensor(set.network);
  if (keep_features) {
    arrays["features"] = set.features.pooled;
    if (set.features.spatial.defined()) arrays["spatial"] = set.features.spatial;
    if (set.features.logits.defined()) arrays["logits"] = set.features.logits;
  }
  save_npz(path, arrays);
}

}  // namespace fdbench
