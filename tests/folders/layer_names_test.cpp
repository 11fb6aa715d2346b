#include "folders/layer_names.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(OriginalNames, OfBlocks) {
  const auto name = [](const std::string& layer) { return original_name(layer, 2, true); };
  EXPECT_EQ(name("down_blocks.1.attentions.0.proj_in"), "input_blocks.4.1.proj_in");
  EXPECT_EQ(name("down_blocks.0.resnets.1.conv1"), "input_blocks.2.0.in_layers.2");
  EXPECT_EQ(name("down_blocks.0.downsamplers.0.conv"), "input_blocks.3.0.op");
  EXPECT_EQ(name("mid_block.resnets.1.time_emb_proj"), "middle_block.2.emb_layers.1");
  EXPECT_EQ(name("mid_block.attentions.0.transformer_blocks.3.attn1.to_q"),
            "middle_block.1.transformer_blocks.3.attn1.to_q");
  EXPECT_EQ(name("up_blocks.1.resnets.2.conv_shortcut"), "output_blocks.5.0.skip_connection");
  EXPECT_EQ(name("up_blocks.1.attentions.2.proj_out"), "output_blocks.5.1.proj_out");
  EXPECT_EQ(name("up_blocks.0.upsamplers.0.conv"), "output_blocks.2.2.conv");
  EXPECT_EQ(original_name("up_blocks.0.upsamplers.0.conv", 2, false), "output_blocks.2.1.conv");
}

TEST(OriginalNames, OutsideOfBlocks) {
  EXPECT_EQ(original_name("conv_in", 2, false), "input_blocks.0.0");
  EXPECT_EQ(original_name("conv_out", 2, false), "out.2");
  EXPECT_EQ(original_name("time_embedding.linear_2", 2, false), "time_embed.2");
  EXPECT_EQ(original_name("add_embedding.linear_1", 2, false), "label_emb.0.0");
  EXPECT_EQ(original_name("conv_norm_out", 2, false), "");
}

TEST(LayerNames, OfAUNet) {
  const LayerNames names(
      "unet",
      {"down_blocks.0.resnets.0.conv1.bias", "down_blocks.0.resnets.0.conv1.weight",
       "down_blocks.0.resnets.1.conv1.weight", "down_blocks.1.attentions.0.proj_in.weight"});
  EXPECT_EQ(names.find("down_blocks.0.resnets.0.conv1", false), "down_blocks.0.resnets.0.conv1");
  EXPECT_EQ(names.find("down_blocks_0_resnets_0_conv1", true), "down_blocks.0.resnets.0.conv1");
  EXPECT_EQ(names.find("input_blocks_4_1_proj_in", true), "down_blocks.1.attentions.0.proj_in");
  EXPECT_EQ(names.find("input_blocks_4_1_proj_in", false), "");
  EXPECT_EQ(names.find("down_blocks_0_resnets_0_conv1", false), "");
  EXPECT_EQ(names.nearest_to("down_blocks.0.resnets.3.conv1", false),
            "down_blocks.0.resnets.0.conv1");
}

TEST(LayerNames, OfTextEncodersWithAndWithoutTextModel) {
  for (const std::string start : {"text_model.", ""}) {
    const LayerNames names("text_encoder",
                           {start + "encoder.layers.0.mlp.fc1.weight", "text_projection.weight"});
    const std::string stored = start + "encoder.layers.0.mlp.fc1";
    EXPECT_EQ(names.find("encoder.layers.0.mlp.fc1", false), stored);
    EXPECT_EQ(names.find("text_model.encoder.layers.0.mlp.fc1", false), stored);
    EXPECT_EQ(names.find("text_model_encoder_layers_0_mlp_fc1", true), stored);
    EXPECT_EQ(names.find("text_projection", true), "text_projection");
  }
}

}  // namespace
}  // namespace fdbench
