#include "cli/judge_network_options.h"

#include "cli/plain_options.h"

namespace fdbench {

void add_options(CLI::App& command, JudgeNetworkOptions& options) {
  command.add_option("--features", options.network,
                     "Network that looks at pictures: a TorchScript file (it runs code: use only "
                     "files that you trust)");
  command.add_option("--clip", options.clip,
                     "CLIPModel folder in transformers' layout: its embeddings are the features "
                     "where --features names none");
  command
      .add_option("--resize", options.protocol.resize,
                  "legacy: pictures as they are, the network resizes; clean: Pillow's bicubic "
                  "filter to --size, as clean-fid")
      ->check(CLI::IsMember({"legacy", "clean"}))
      ->capture_default_str();
  add_whole_number(command, "--size", options.protocol.size,
                   "Side of a picture after --resize clean", 1, 4096)
      ->capture_default_str();
  command
      .add_option("--input", options.protocol.input,
                  "What the network takes: uint8 (0 to 255) or float (0 to 1)")
      ->check(CLI::IsMember({"uint8", "float"}))
      ->capture_default_str();
  command.add_flag("--recursive", options.recursive,
                   "Take the pictures in subfolders of a folder, too");
  add_whole_number(command, "--batch", options.batch, "Pictures at a time", 1, 4096)
      ->capture_default_str();
}

}  // namespace fdbench
