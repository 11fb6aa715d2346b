// A DiT that is small enough for unit tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"

namespace fdbench {

inline constexpr std::int64_t kClasses = 5, kBlocks = 4, kWidth = 16;

/// `options` come on top.
inline nlohmann::json tiny_dit_config(const nlohmann::json& options = nlohmann::json::object()) {
  nlohmann::json config = {{"_class_name", "DiTTransformer2DModel"},
                           {"num_attention_heads", 2},
                           {"attention_head_dim", kWidth / 2},
                           {"in_channels", 4},
                           {"out_channels", 8},
                           {"num_layers", kBlocks},
                           {"sample_size", 8},
                           {"num_embeds_ada_norm", kClasses}};
  config.update(options);
  return config;
}

/// Of the usage error that a call throws.
template <typename Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "no error";
}

}  // namespace fdbench
