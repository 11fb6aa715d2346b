#include "gate/gate_baseline_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "gate/made_up_measures.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::StartsWith;

/// A baseline as it is written, of runs 'full' and 'encoder'.
Json written() {
  const TemporaryFolder folder;
  GateBaseline made = baseline();
  made.processes = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
  write_baseline(folder / "b.json", made);
  std::ifstream file(folder / "b.json");
  return Json::parse(file);
}

std::string fault_of_text(const std::string& text) {
  try {
    baseline_of_text(text, "b.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

/// The fault after the value at a JSON pointer was replaced; null takes it out.
std::string fault(const std::string& pointer, const Json& value) {
  Json json = written();
  const Json::json_pointer place(pointer);
  if (value.is_null()) {
    json[place.parent_pointer()].erase(place.back());
  } else {
    json[place] = value;
  }
  return fault_of_text(json.dump());
}

TEST(BaselineFile, AsWrittenIsInOrder) { EXPECT_EQ(fault_of_text(written().dump()), ""); }

TEST(BaselineFile, NamesTheSamplesThatAreNone) {
  const std::string key = "'runs.encoder.round_ratios", pointer = "/runs/encoder/round_ratios";
  EXPECT_THAT(fault(pointer, nullptr), StartsWith("b.json: " + key + "' is missing"));
  EXPECT_THAT(fault(pointer, Json::array()), HasSubstr(key + "' is an empty list"));
  EXPECT_THAT(fault(pointer, {1, 1, 1}), HasSubstr(key + "' has 3 samples"));
  EXPECT_THAT(fault(pointer, 1.5), HasSubstr(key + "' must be a list, not 1.5"));
  const std::vector<Json> wrong = {0, -1, "1.5", nullptr, true, Json::array(), "inf"};
  for (const Json& sample : wrong) {
    EXPECT_THAT(fault(pointer + "/3", sample.is_null() ? Json::object() : sample),
                HasSubstr(key + ".3' must be "))
        << sample;
  }
  EXPECT_THAT(fault("/decoder_ratios", nullptr), HasSubstr("'decoder_ratios' is missing"));
  EXPECT_THAT(fault("/decoder_ratios/0", -2), HasSubstr("'decoder_ratios.0' must be above 0"));
  EXPECT_THAT(fault("/processes", {0, 1}), HasSubstr("'processes' has 2 entries for 12 rounds"));
  EXPECT_THAT(fault("/processes/2", 0.5), HasSubstr("'processes.2' must be the number"));
}

TEST(BaselineFile, NamesNumbersThatJsonDoesNotHave) {
  std::string text = written().dump();
  const std::string key = "\"psnr_to_full\":30.0";
  ASSERT_NE(text.find(key), std::string::npos) << text;
  text.replace(text.find(key), key.size(), "\"psnr_to_full\":NaN");
  EXPECT_THAT(fault_of_text(text),
              HasSubstr("'runs.encoder.psnr_to_full' must be a finite number, not NaN"));
}

TEST(BaselineFile, NamesKeysThatNobodyKnows) {
  EXPECT_THAT(fault("/decoder_ratio", 1), HasSubstr("did you mean 'decoder_ratios'?"));
  EXPECT_THAT(fault("/runs/encoder/round_ratio", 1),
              HasSubstr("'runs.encoder.round_ratio', did you mean 'round_ratios'?"));
  EXPECT_THAT(fault("/gates/sped", Json::object()), HasSubstr("did you mean 'speed'?"));
  EXPECT_THAT(fault("/gates/speed/tolerence", 0), HasSubstr("did you mean 'tolerance'?"));
  EXPECT_THAT(fault("/gates/psnr/confidence", 0.9), HasSubstr("'gates.psnr.confidence'"));
  EXPECT_THAT(fault("/provenance/cpuu", "x"), HasSubstr("did you mean 'cpu'?"));
  EXPECT_THAT(fault("/runs/encoder/features/mean2~1up", 1), HasSubstr("did you mean 'mean'?"));
  std::string text = written().dump();
  text.insert(text.rfind('}'), ",\"version\":1");
  EXPECT_THAT(fault_of_text(text), HasSubstr("the key 'version' is given twice"));
}

TEST(BaselineFile, HoldsRunsWithFigures) {
  EXPECT_THAT(fault("/runs", Json::object()), HasSubstr("'runs' is empty"));
  EXPECT_THAT(fault("/runs", Json::array()), HasSubstr("'runs' must be an object"));
  EXPECT_THAT(fault("/runs/encoder", Json::object()), HasSubstr("'runs.encoder.identity' is mis"));
  EXPECT_THAT(fault("/runs/encoder/unet_speedup", nullptr),
              HasSubstr("'runs.encoder.unet_speedup' is missing"));
  EXPECT_THAT(fault("/runs/encoder/unet_speedup", 9),
              HasSubstr("'runs.encoder.unet_speedup' is not the median"));
  EXPECT_THAT(fault("/runs/encoder/baseline", "yes"), HasSubstr("must be true or false"));
  EXPECT_THAT(fault("/runs/encoder/baseline", true), HasSubstr("unknown key 'runs.encoder."));
  EXPECT_THAT(fault("/runs/encoder/multiply_adds_speedup", 0), HasSubstr("must be above 0"));
  EXPECT_THAT(fault("/runs/encoder/objects_right", 1.5), HasSubstr("share from 0 to 1"));
  EXPECT_THAT(fault("/runs/encoder/latent_mse_to_full", -1), HasSubstr("must not be negative"));
  EXPECT_THAT(fault("/runs/encoder/fid", "inf"), HasSubstr("must be a finite number"));
  EXPECT_EQ(fault("/runs/encoder/psnr_to_full", "inf"), "");
  EXPECT_THAT(fault("/runs/full/features", Json::object()),
              HasSubstr("'runs.full.features' is em"));
}

TEST(BaselineFile, HoldsGatesThatCanFail) {
  for (const char* gate :
       {"speed", "decoder", "multiply_adds", "clip_score", "objects_right", "control_f1"}) {
    for (const Json& wrong : {Json(-0.1), Json(1), Json(5), Json("5%")}) {
      const std::string key = std::string(gate) + "/tolerance";
      EXPECT_THAT(fault("/gates/" + key, wrong),
                  HasSubstr("'gates." + std::string(gate) + ".tolerance' must be"))
          << wrong;
    }
  }
  EXPECT_THAT(fault("/gates/fid/tolerance", 1.1), HasSubstr("a share from 0 to 1"));
  EXPECT_THAT(fault("/gates/psnr/tolerance", -1), HasSubstr("must not be negative [dB]"));
  EXPECT_EQ(fault("/gates/psnr/tolerance", 3), "");
  for (const Json& wrong : {Json(0), Json(1), Json(-1), Json(99), Json(0.5)}) {
    EXPECT_THAT(fault("/gates/speed/confidence", wrong), HasSubstr("between 0.5 and 1")) << wrong;
  }
  EXPECT_THAT(fault("/gates/speed/confidence", nullptr), HasSubstr("confidence' is missing"));
}

TEST(BaselineFile, IsOfThisFormatAndVersion) {
  EXPECT_THAT(fault("/format", "another"), HasSubstr("is not a baseline of fdbench"));
  EXPECT_THAT(fault("/version", 2), HasSubstr("'version' is of another version than 1"));
  EXPECT_THAT(fault("/version", "1"), HasSubstr("'version' is of another version than 1"));
  EXPECT_THAT(fault_of_text("[1"), StartsWith("b.json:1:3: is not JSON"));
  EXPECT_THAT(fault_of_text(""), HasSubstr("is not JSON"));
}

}  // namespace
}  // namespace fdbench
