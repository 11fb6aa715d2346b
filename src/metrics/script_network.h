// A TorchScript file that a user brings, and how pictures reach it.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace fdbench {

/// How pictures reach a network. What networks say under different protocols must not be compared.
struct PictureProtocol {
  /// legacy: as they are (the usual Inception file resizes bilinearly itself); clean: to `size`
  /// with Pillow's bicubic filter, not rounded (clean-fid).
  std::string resize = "legacy";
  /// [pixels] of `clean`.
  std::int64_t size = 299;
  /// uint8: 0 to 255 (float32 after `clean`); float: 0 to 1.
  std::string input = "uint8";

  /// True where pictures are brought to one size.
  bool resizes() const { return resize == "clean"; }
  /// "resize=clean size=299 input=uint8".
  std::string text() const;
};

/// Pictures [h, w, 3] uint8 each (of one size unless the protocol resizes) as a network wants them:
/// [n, 3, h, w].
at::Tensor network_input(at::TensorList pictures, const PictureProtocol& protocol);

/// Of a message of LibTorch, which has many.
std::string first_line(const std::string& text);

/// Runs code of the file: only ever loaded where the user names it.
class ScriptNetwork {
 public:
  /// On the CPU. Throws a usage error where the file is missing or no TorchScript.
  explicit ScriptNetwork(const std::filesystem::path& path);
  ~ScriptNetwork();
  ScriptNetwork(const ScriptNetwork&) = delete;
  ScriptNetwork& operator=(const ScriptNetwork&) = delete;

  const std::string& path() const { return path_; }
  /// `forward` has an argument of this name.
  bool has_argument(const std::string& name) const;
  /// Throws a usage error that tells the shapes where it cannot be run on them.
  c10::IValue forward(const std::vector<at::Tensor>& inputs,
                      const std::unordered_map<std::string, c10::IValue>& named = {}) const;

 private:
  struct Module;
  std::unique_ptr<Module> module_;
  std::string path_;
};

}  // namespace fdbench
