#include "models/unet_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string message_of(const json& config) {
  try {
    read_unet_config(config, "unet/config.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(UNetConfig, DefaultsAreThoseOfStableDiffusion1) {
  const UNetConfig config = read_unet_config(json::object(), "c");
  ASSERT_EQ(config.down_blocks.size(), 4u);
  EXPECT_TRUE(config.down_blocks[0].attention);
  EXPECT_FALSE(config.down_blocks[3].attention);
  EXPECT_FALSE(config.up_blocks[0].attention);
  EXPECT_EQ(config.up_blocks[3].channels, 320);
  EXPECT_EQ(config.up_blocks[0].num_resnets, 3);
  EXPECT_EQ(config.time_embedding_dim, 1280);
  EXPECT_EQ(config.cross_attention_dim, 1280);
  EXPECT_EQ(config.mid_heads, 8);
  EXPECT_EQ(config.sample_height, 0);
}

TEST(UNetConfig, UpBlocksMirrorTheLists) {
  const UNetConfig config = read_unet_config({{"layers_per_block", {1, 2, 3, 4}},
                                              {"attention_head_dim", {5, 10, 20, 40}},
                                              {"transformer_layers_per_block", {1, 2, 4, 8}}},
                                             "c");
  EXPECT_EQ(config.up_blocks[0].num_resnets, 5);
  EXPECT_EQ(config.up_blocks[3].num_resnets, 2);
  EXPECT_EQ(config.up_blocks[1].heads, 20);
  EXPECT_THAT(config.down_blocks[2].transformer_layers, ElementsAre(4, 4, 4));
  EXPECT_THAT(config.up_blocks[1].transformer_layers, ElementsAre(4, 4, 4, 4));
  EXPECT_EQ(config.mid_transformer_layers, 8);
}

TEST(UNetConfig, NestedTransformerLayersNeedTheirReverse) {
  json config = {{"block_out_channels", {32, 64}},
                 {"down_block_types", {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D"}},
                 {"up_block_types", {"CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}},
                 {"transformer_layers_per_block", {{1, 2}, {3, 4}}}};
  EXPECT_THAT(message_of(config), HasSubstr("'reverse_transformer_layers_per_block': is needed"));
  config["reverse_transformer_layers_per_block"] = {{1, 1, 2}, {5, 6, 7}};
  const UNetConfig read = read_unet_config(config, "c");
  EXPECT_THAT(read.down_blocks[1].transformer_layers, ElementsAre(3, 4));
  EXPECT_THAT(read.up_blocks[1].transformer_layers, ElementsAre(5, 6, 7));
  EXPECT_EQ(read.mid_transformer_layers, 3);
}

TEST(UNetConfig, EveryOptionOfDiffusersIsKnown) {
  for (const char* key :
       {"encoder_hid_dim", "encoder_hid_dim_type", "num_attention_heads", "class_embed_type",
        "num_class_embeds", "time_embedding_act_fn", "timestep_post_act", "cross_attention_norm"}) {
    EXPECT_EQ(message_of({{key, nullptr}}), "no error");
    EXPECT_THAT(message_of({{key, 7}}), HasSubstr("7 is not supported; fdbench supports null"));
  }
  for (const char* key :
       {"dual_cross_attention", "resnet_skip_time_act", "class_embeddings_concat"}) {
    EXPECT_THAT(message_of({{key, true}}), HasSubstr("fdbench supports false")) << key;
  }
  EXPECT_THAT(message_of({{"attention_type", "gated"}}), HasSubstr("fdbench supports 'default'"));
  EXPECT_THAT(message_of({{"time_embedding_type", "fourier"}}), HasSubstr("'positional'"));
  EXPECT_EQ(message_of({{"dropout", 0.1}, {"addition_embed_type_num_heads", 64}}), "no error");
}

TEST(UNetConfig, OnlyCrossAttentionMustBeFalse) {
  EXPECT_EQ(message_of({{"only_cross_attention", {false, false, false, false}}}), "no error");
  EXPECT_THAT(message_of({{"only_cross_attention", {true, false, false, false}}}),
              HasSubstr("is not supported; fdbench supports false"));
  EXPECT_THAT(message_of({{"only_cross_attention", true}}), HasSubstr("not supported"));
  EXPECT_THAT(message_of({{"mid_block_only_cross_attention", true}}), HasSubstr("not supported"));
}

TEST(UNetConfig, ListsMustFitTheBlocks) {
  EXPECT_THAT(message_of({{"block_out_channels", {32, 64}}}),
              HasSubstr("'block_out_channels': has 2 entries for 4 down blocks"));
  EXPECT_THAT(message_of({{"up_block_types", {"UpBlock2D"}}}),
              HasSubstr("'up_block_types': has 1 entries for 4 down blocks"));
  EXPECT_THAT(message_of({{"layers_per_block", {2, 2}}}), HasSubstr("has 2 entries for 4 blocks"));
  EXPECT_THAT(message_of({{"transformer_layers_per_block", {1, 2}}}),
              HasSubstr("has 2 entries for 4 blocks"));
}

TEST(UNetConfig, BlockTypesOfOtherModelsAreNamed) {
  EXPECT_THAT(message_of({{"down_block_types", {"AttnDownBlock2D"}}}),
              HasSubstr("'AttnDownBlock2D' is not supported; fdbench supports DownBlock2D and"));
  EXPECT_THAT(message_of({{"mid_block_type", "UNetMidBlock2DSimpleCrossAttn"}}),
              HasSubstr("UNetMidBlock2DCrossAttn, UNetMidBlock2D and null"));
}

TEST(UNetConfig, TextTimeNeedsItsWidths) {
  EXPECT_THAT(message_of({{"addition_embed_type", "text_time"}}),
              HasSubstr("'addition_time_embed_dim': is needed with 'text_time'"));
  const UNetConfig config = read_unet_config({{"addition_embed_type", "text_time"},
                                              {"addition_time_embed_dim", 256},
                                              {"projection_class_embeddings_input_dim", 2816}},
                                             "c");
  EXPECT_EQ(config.addition_time_embed_dim, 256);
  EXPECT_EQ(config.projection_class_embeddings_input_dim, 2816);
}

TEST(UNetConfig, NumbersThatCannotWorkAreRefused) {
  EXPECT_THAT(message_of({{"conv_in_kernel", 4}}), HasSubstr("fdbench supports odd numbers"));
  EXPECT_THAT(message_of({{"downsample_padding", 2}}), HasSubstr("fdbench supports 0 and 1"));
  EXPECT_THAT(message_of({{"norm_num_groups", nullptr}}), HasSubstr("must be a whole number"));
  EXPECT_THAT(message_of({{"norm_num_groups", 7}}),
              HasSubstr("7 does not divide the 320 channels"));
  EXPECT_THAT(message_of({{"attention_head_dim", 321}}), HasSubstr("321 heads for 320 channels"));
  EXPECT_THAT(message_of({{"cross_attention_dim", {8, 8, 9, 8}}}), HasSubstr("one width"));
  EXPECT_THAT(message_of({{"sample_size", {8, 8, 8}}}), HasSubstr("[height, width]"));
}

}  // namespace
}  // namespace fdbench
