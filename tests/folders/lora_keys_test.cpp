#include "folders/lora_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

const std::string kAttention = "mid_block.attentions.0.transformer_blocks.0.attn1";

LoraKey parse(const std::string& key) { return parse_lora_key(key, {"f.safetensors"}); }

TEST(LoraKeys, OfPeftAndDiffusers) {
  const LoraKey down{"unet", kAttention + ".to_q", false, LoraRole::kDown};
  const LoraKey up{"unet", kAttention + ".to_q", false, LoraRole::kUp};
  EXPECT_EQ(parse("unet." + kAttention + ".to_q.lora_A.weight"), down);
  EXPECT_EQ(parse("unet." + kAttention + ".to_q.lora_B.weight"), up);
  EXPECT_EQ(parse("unet." + kAttention + ".to_q.lora.down.weight"), down);
  EXPECT_EQ(parse("unet." + kAttention + ".processor.to_q_lora.down.weight"), down);
  EXPECT_EQ(parse("unet." + kAttention + ".processor.to_q_lora.up.weight"), up);
  EXPECT_EQ(parse(kAttention + ".processor.to_q_lora.up.weight"), up);
}

TEST(LoraKeys, OfOldProcessorsAreRenamed) {
  EXPECT_EQ(parse("unet." + kAttention + ".processor.to_out_lora.down.weight").layer,
            kAttention + ".to_out.0");
  const std::string text = "text_model.encoder.layers.1.self_attn.";
  const LoraKey out{"text_encoder", text + "out_proj", false, LoraRole::kUp};
  EXPECT_EQ(parse("text_encoder." + text + "to_out_lora.up.weight"), out);
  EXPECT_EQ(parse("text_encoder." + text + "out_proj.lora_linear_layer.up.weight"), out);
  EXPECT_EQ(parse("text_encoder_2." + text + "to_k_lora.up.weight").layer, text + "k_proj");
}

TEST(LoraKeys, OfKohyasScripts) {
  EXPECT_EQ(parse("lora_unet_conv_in.lora_down.weight"),
            (LoraKey{"unet", "conv_in", true, LoraRole::kDown}));
  EXPECT_EQ(parse("lora_unet_conv_in.lora_mid.weight").role, LoraRole::kMid);
  EXPECT_EQ(parse("lora_te_text_model_x.alpha"),
            (LoraKey{"text_encoder", "text_model_x", true, LoraRole::kAlpha}));
  EXPECT_EQ(parse("lora_te1_x.alpha").part, "text_encoder");
  EXPECT_EQ(parse("lora_te2_x.alpha").part, "text_encoder_2");
}

TEST(LoraKeys, OfOtherKindsAreNamed) {
  const auto fault = [](const std::string& key) { return message_of([&] { parse(key); }); };
  EXPECT_THAT(fault("lora_unet_x.dora_scale"), HasSubstr("f.safetensors: key 'lora_unet_x.dora"));
  EXPECT_THAT(fault("lora_unet_x.dora_scale"), HasSubstr("is a DoRA"));
  EXPECT_THAT(fault("lora_unet_x.hada_w1_a"), HasSubstr("is a LoHa"));
  EXPECT_THAT(fault("lora_unet_x.lokr_w1"), HasSubstr("is a LoKr"));
  EXPECT_THAT(fault("lora_unet_x.diff_b"), HasSubstr("is a full difference"));
  EXPECT_THAT(fault("unet.x.weight"), HasSubstr("is none of a LoRA"));
}

}  // namespace
}  // namespace fdbench
