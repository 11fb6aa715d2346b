#include "metrics/judged_set.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "io/npz.h"

namespace fdbench {
namespace {

constexpr const char* kCount = "count";
/// As numpy.save and savez call it.
constexpr const char* kUnnamed = "arr_0";
constexpr double kMostSamples = 1e15;
/// Of the largest value: covariances in float16 are symmetric, too.
constexpr double kAsymmetry = 1e-4;

std::string shape_text(const at::Tensor& values) { return c10::str(values.sizes()); }

/// Reads named arrays with checks, remembers them for the hash; faults name file and array.
class SetReader {
 public:
  explicit SetReader(const NpzFile& file) : place_{file.path().string()}, file_(file) {}

  /// [n, d] under the name; undefined when there is none.
  at::Tensor rows(const std::string& name) {
    const at::Tensor values = finite(name);
    if (values.defined() && values.dim() != 2) {
      throw usage_error(place_, "array '" + name + "' has shape " + shape_text(values) +
                                    "; it must be [samples, dimension]");
    }
    return values;
  }

  std::optional<Moments> moments(const std::string& mean, const std::string& covariance) {
    Moments moments{finite(mean), finite(covariance), 0};
    if (!moments.mean.defined() && !moments.covariance.defined()) return std::nullopt;
    if (!moments.mean.defined() || !moments.covariance.defined()) {
      throw usage_error(place_, "has only one of '" + mean + "' and '" + covariance + "'");
    }
    const std::int64_t d = moments.mean.numel();
    if (moments.mean.dim() != 1 || moments.covariance.sizes() != at::IntArrayRef({d, d})) {
      throw usage_error(place_, "'" + mean + "' " + shape_text(moments.mean) + " and '" +
                                    covariance + "' " + shape_text(moments.covariance) +
                                    " do not belong together; [d] and [d, d] would");
    }
    moments.mean = moments.mean.to(at::kDouble);
    moments.covariance = moments.covariance.to(at::kDouble);
    check_covariance(moments.covariance, covariance);
    moments.count = count();
    return moments;
  }

  const NamedArrays& arrays() const { return arrays_; }

  /// Undefined when there is none.
  at::Tensor array(const std::string& name) {
    if (!file_.contains(name)) return {};
    return arrays_[name] = file_.read(name);
  }

 private:
  at::Tensor finite(const std::string& name) {
    const at::Tensor values = array(name);
    if (!values.defined()) return {};
    const std::string which = "array '" + name + "' of shape " + shape_text(values);
    if (values.numel() == 0) throw usage_error(place_, which + " is empty");
    const at::Tensor bad = at::isfinite(values).logical_not();
    if (!bad.any().item<bool>()) return values;
    const std::string row =
        values.dim() == 0 ? "" : ", the first in row " + std::to_string(first_true(bad));
    throw usage_error(place_, which + " has " + std::to_string(bad.sum().item<std::int64_t>()) +
                                  " values that are not finite (NaN or infinite)" + row);
  }

  void check_covariance(const at::Tensor& covariance, const std::string& name) const {
    const std::string which = "array '" + name + "' of shape " + shape_text(covariance);
    const at::Tensor variances = covariance.diagonal();
    if (variances.lt(0).any().item<bool>()) {
      throw usage_error(place_, which + " has a negative variance in row " +
                                    std::to_string(first_true(variances.lt(0))) +
                                    ": it is not a covariance");
    }
    const at::Tensor apart = (covariance - covariance.t()).abs();
    if (apart.max().item<double>() <= kAsymmetry * covariance.abs().max().item<double>()) return;
    throw usage_error(place_,
                      which + " is not symmetric (row " +
                          std::to_string(apart.argmax().item<std::int64_t>() / covariance.size(1)) +
                          " differs from its column): it is not a covariance");
  }

  /// Of the samples that mean and covariance are of; 0: not known.
  std::int64_t count() {
    const at::Tensor count = array(kCount);
    if (!count.defined()) return 0;
    const std::string which = "array 'count' of shape " + shape_text(count);
    if (count.numel() != 1) throw usage_error(place_, which + " must be one number of samples");
    const double value = count.to(at::kDouble).item<double>();
    if (value >= 2 && value == std::floor(value) && value < kMostSamples) {
      return static_cast<std::int64_t>(value);
    }
    throw usage_error(place_, which + " says " + c10::str(value) +
                                  "; a covariance is of 2 samples or more, in whole numbers");
  }

  Place place_;
  const NpzFile& file_;
  NamedArrays arrays_;
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

/// Of rows without moments, where there are two or more.
void fit(std::optional<Moments>& moments, const at::Tensor& rows, const std::string& name) {
  if (moments || !rows.defined() || rows.size(0) < 2) return;
  moments = moments_of(rows);
  if (at::isfinite(moments->covariance).all().item<bool>()) return;
  throw usage_error({name}, "the covariance of the features is not finite: they are too large");
}

void check_rows(const JudgedSet& set) {
  const at::Tensor& rows = set.features.pooled;
  if (rows.defined() && set.moments && set.moments->mean.numel() != rows.size(1)) {
    throw usage_error({set.name}, "'mu' " + shape_text(set.moments->mean) + " and the features " +
                                      shape_text(rows) + " do not belong together");
  }
  for (const at::Tensor* other : {&set.features.spatial, &set.features.logits}) {
    if (!rows.defined() || !other->defined() || rows.size(0) == other->size(0)) continue;
    throw usage_error({set.name},
                      std::string(other == &set.features.logits ? "'logits' " : "'spatial' ") +
                          shape_text(*other) + " and the features " + shape_text(rows) +
                          " are of different numbers of pictures");
  }
}

/// Throws a runtime error where a network gave what is not finite, with the picture.
void check_seen(const at::Tensor& rows, const JudgedSet& set, const char* what) {
  if (!rows.defined()) return;
  const at::Tensor bad = at::isfinite(rows).logical_not();
  if (!bad.any().item<bool>()) return;
  throw runtime_error({set.name}, std::string("the network's ") + what + " of " +
                                      row_text(set, first_true(bad)) +
                                      " are not finite (NaN or infinite)");
}

}  // namespace

std::int64_t first_true(const at::Tensor& truths) {
  const at::Tensor rows = truths.reshape({truths.size(0), -1}).any(1);
  return rows.nonzero()[0].item<std::int64_t>();
}

std::string row_text(const JudgedSet& set, std::int64_t row) {
  const auto place = static_cast<std::size_t>(row);
  return "row " + std::to_string(row) +
         (place < set.pictures.size() ? " (" + set.pictures[place] + ")" : "");
}

std::string features_array(const NpzFile& file) {
  for (const char* name : {"features", "feats"}) {
    if (file.contains(name)) return name;
  }
  return file.contains(kUnnamed) && file.shape(kUnnamed).size() == 2 ? kUnnamed : "";
}

JudgedSet load_judged_set(const std::filesystem::path& path, const WantedArrays& wanted) {
  return judged_set_of(NpzFile(path), wanted);
}

JudgedSet judged_set_of(const NpzFile& file, const WantedArrays& wanted) {
  SetReader reader(file);
  JudgedSet set;
  set.name = file.path().string();
  const at::Tensor network = reader.array("network");
  if (network.defined()) set.network = text_of(network);
  if (wanted.moments) set.moments = reader.moments("mu", "sigma");
  const std::string features = features_array(file);
  const bool needs_rows = wanted.features || (wanted.moments && !set.moments);
  if (needs_rows && !features.empty()) set.features.pooled = reader.rows(features);
  if (wanted.spatial) {
    set.spatial_moments = reader.moments("mu_s", "sigma_s");
    set.features.spatial = reader.rows("spatial");
  }
  if (wanted.logits) set.features.logits = reader.rows("logits");
  check_rows(set);
  if (wanted.moments) fit(set.moments, set.features.pooled, set.name);
  fit(set.spatial_moments, set.features.spatial, set.name);
  if (set.moments && set.moments->count == 0 && !features.empty()) {
    set.moments->count = file.shape(features).at(0);
  }
  set.hash = hash_of(reader.arrays());
  for (const char* name : {"mu", "mu_s", "spatial", "logits"}) {
    if (file.contains(name)) return set;
  }
  if (!features.empty()) return set;
  std::string names;
  for (const std::string& name : file.names()) names += (names.empty() ? "" : ", ") + name;
  throw usage_error({set.name}, "holds neither 'features' [n, d] nor 'mu' and 'sigma'; it has " +
                                    (names.empty() ? "nothing" : names));
}

JudgedSet judged_set(std::string name, Features features, std::string network,
                     std::vector<std::string> pictures) {
  JudgedSet set;
  set.name = std::move(name);
  set.network = std::move(network);
  set.pictures = std::move(pictures);
  check_seen(features.pooled, set, "features");
  check_seen(features.spatial, set, "spatial features");
  check_seen(features.logits, set, "logits");
  set.hash = hash_of({{"features", features.pooled}});
  set.features = std::move(features);
  fit(set.moments, set.features.pooled, set.name);
  fit(set.spatial_moments, set.features.spatial, set.name);
  return set;
}

void save_judged_set(const std::filesystem::path& path, const JudgedSet& set, bool keep_features) {
  NamedArrays arrays;
  if (set.moments) {
    arrays["mu"] = set.moments->mean;
    arrays["sigma"] = set.moments->covariance;
    if (set.moments->count > 0) arrays[kCount] = at::tensor({set.moments->count}, at::kLong);
  }
  if (set.spatial_moments) {
    arrays["mu_s"] = set.spatial_moments->mean;
    arrays["sigma_s"] = set.spatial_moments->covariance;
  }
  if (!set.network.empty()) arrays["network"] = text_tensor(set.network);
  if (keep_features && set.features.pooled.defined()) {
    arrays["features"] = set.features.pooled;
    if (set.features.spatial.defined()) arrays["spatial"] = set.features.spatial;
    if (set.features.logits.defined()) arrays["logits"] = set.features.logits;
  }
  save_npz(path, arrays);
}

}  // namespace fdbench
