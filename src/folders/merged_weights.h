// Weights of a part with a user's additions merged into them.
#pragma once

#include <memory>
#include <set>

#include "folders/weight_changes.h"
#include "io/weights.h"

namespace fdbench {

/// What changes is read in float32, changed, and converted last; all else is as in
/// SafetensorsWeights.
class MergedWeights : public Weights {
 public:
  /// changes: by names of the files' tensors.
  MergedWeights(std::vector<SafetensorsFile> files, std::shared_ptr<const PartChanges> changes,
                at::ScalarType dtype, at::Device device);

  at::Tensor take(const std::string& name, at::IntArrayRef shape) override;
  bool contains(const std::string& name) const override { return plain_.contains(name); }
  /// Throws also when a change is left that nobody took.
  void finish() override;

 private:
  SafetensorsWeights plain_, exact_;
  std::shared_ptr<const PartChanges> changes_;
  std::set<std::string> taken_;
  at::ScalarType dtype_;
  at::Device device_;
};

}  // namespace fdbench
