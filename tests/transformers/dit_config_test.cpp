#include "transformers/dit_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transformers/tiny_dit.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string message_of_config(const json& options) {
  return message_of([&] { read_dit_config(tiny_dit_config(options), "c"); });
}

TEST(DiTConfig, IsKnownUnderBothNames) {
  json old = tiny_dit_config({{"_class_name", "Transformer2DModel"}});
  EXPECT_FALSE(is_dit(old));
  old["norm_type"] = "ada_norm_zero";
  EXPECT_TRUE(is_dit(old));
  for (const char* key : {"cross_attention_dim", "num_vector_embeds", "caption_channels"}) {
    old[key] = nullptr;
  }
  EXPECT_EQ(read_dit_config(old, "c").num_layers, kBlocks);
  EXPECT_TRUE(is_dit(tiny_dit_config()));
  EXPECT_FALSE(is_dit(json::array()));
  EXPECT_THAT(message_of_config({{"_class_name", "SD3Transformer2DModel"}}),
              HasSubstr("'DiTTransformer2DModel' here"));
}

TEST(DiTConfig, DefaultsAreThoseOfDiffusers) {
  const DiTConfig config = read_dit_config({{"_class_name", "DiTTransformer2DModel"}}, "c");
  EXPECT_EQ(config.inner_dim(), 1152);
  EXPECT_EQ(config.num_layers, 28);
  EXPECT_EQ(config.out_channels, 4);
  EXPECT_EQ(config.num_embeds_ada_norm, 1000);
  EXPECT_EQ(config.norm_eps, 1e-5);
  EXPECT_TRUE(config.attention_bias);
  EXPECT_TRUE(config.approximates_gelu);
}

TEST(DiTConfig, UnsupportedOptionsAreNamed) {
  for (const char* key : {"cross_attention_dim", "num_vector_embeds", "caption_channels",
                          "interpolation_scale", "use_additional_conditions"}) {
    EXPECT_THAT(message_of_config({{key, 7}}), HasSubstr(std::string("'") + key + "': 7 is not"));
  }
  for (const char* key : {"use_linear_projection", "only_cross_attention", "double_self_attention",
                          "norm_elementwise_affine"}) {
    EXPECT_THAT(message_of_config({{key, true}}), HasSubstr("fdbench supports false")) << key;
  }
  EXPECT_THAT(message_of_config({{"norm_type", "ada_norm_single"}}), HasSubstr("'ada_norm_zero'"));
  EXPECT_THAT(message_of_config({{"attention_type", "gated"}}), HasSubstr("'default'"));
  EXPECT_THAT(message_of_config({{"activation_fn", "geglu"}}), HasSubstr("'gelu-approximate'"));
  EXPECT_THAT(message_of_config({{"attention_head_dim", 7}}), HasSubstr("makes a width of 14"));
  EXPECT_THAT(message_of_config({{"patch_size", 9}}), HasSubstr("is more than a side"));
  EXPECT_THAT(message_of_config({{"num_layers", 0}}), HasSubstr("must be a whole number from 1"));
  EXPECT_THAT(message_of_config({{"num_embeds_ada_norm", nullptr}}), HasSubstr("a whole number"));
  EXPECT_EQ(message_of_config({{"dropout", 0.1}, {"norm_num_groups", 32}}), "no error");
}

}  // namespace
}  // namespace fdbench
