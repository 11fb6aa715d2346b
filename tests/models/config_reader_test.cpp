#include "models/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/notes.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::string message_of(const json& config, const std::function<void(ConfigReader&)>& read) {
  try {
    ConfigReader reader(config, "unet/config.json", "Net");
    read(reader);
    reader.finish();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(ConfigReader, MissingKeysTakeTheDefault) {
  const json config = json::object();
  ConfigReader reader(config, "c", "Net");
  EXPECT_EQ(reader.positive("a", 4), 4);
  EXPECT_EQ(reader.number("b", 0.5), 0.5);
  EXPECT_TRUE(reader.boolean("c", true));
  EXPECT_EQ(reader.text("d", "x"), "x");
  EXPECT_FALSE(reader.optional_positive("e").has_value());
  EXPECT_THAT(reader.positives_for_each("f", 3, 2), testing::ElementsAre(3, 3));
  reader.finish();
}

TEST(ConfigReader, WrongTypesAreNamedWithTheirValue) {
  const auto positive = [](ConfigReader& reader) { reader.positive("key", 1); };
  for (const json& value : {json("4"), json(0), json(-1), json(1.5), json(nullptr), json(true),
                            json::array({1}), json(std::int64_t{1} << 40), json(1e300)}) {
    EXPECT_THAT(message_of({{"key", value}}, positive),
                HasSubstr("unet/config.json: 'key': must be a whole number from 1, not"));
  }
  EXPECT_EQ(message_of({{"key", 1}}, [](ConfigReader& reader) { reader.boolean("key", false); }),
            "unet/config.json: 'key': must be true or false, not 1");
  EXPECT_EQ(message_of({{"key", "no"}}, [](ConfigReader& reader) { reader.number("key", 0); }),
            "unet/config.json: 'key': must be a number, not 'no'");
  EXPECT_EQ(message_of({{"key", 1}}, [](ConfigReader& reader) { reader.text("key", ""); }),
            "unet/config.json: 'key': must be a text, not 1");
  EXPECT_THAT(
      message_of({{"key", {1, "a"}}}, [](ConfigReader& reader) { reader.texts("key", {}); }),
      HasSubstr("must be a list of texts"));
  EXPECT_THAT(message_of({{"key", json::array()}},
                         [](ConfigReader& reader) { reader.positives("key", {}); }),
              HasSubstr("must be a list of whole numbers, not []"));
}

TEST(ConfigReader, ListsMustFitTheBlocks) {
  const auto read = [](ConfigReader& reader) { reader.positives_for_each("key", 1, 2); };
  EXPECT_EQ(message_of({{"key", {1, 2, 3}}}, read),
            "unet/config.json: 'key': has 3 entries for 2 blocks");
  EXPECT_EQ(message_of({{"key", {1, 2}}}, read), "no error");
  EXPECT_EQ(message_of({{"key", 5}}, read), "no error");
}

TEST(ConfigReader, OtherValuesOfAnOptionAreNotSupported) {
  const auto read = [](ConfigReader& reader) { reader.only("key", nullptr); };
  EXPECT_EQ(message_of({{"key", "timestep"}}, read),
            "unet/config.json: 'key': 'timestep' is not supported; fdbench supports null");
  EXPECT_EQ(message_of({{"key", nullptr}}, read), "no error");
  EXPECT_EQ(message_of({{"key", 1}}, [](ConfigReader& reader) { reader.only("key", 1.0); }),
            "no error");
}

/// What is said on the way; a fault fails the test.
std::string said_of(const json& config) {
  std::string said;
  const NoteSink before =
      set_note_sink([&](Urgency, const std::string& line) { said += line + "\n"; });
  EXPECT_EQ(message_of(config, [](ConfigReader& reader) { reader.any("norm_eps"); }), "no error");
  set_note_sink(before);
  return said;
}

TEST(ConfigReader, KeysThatTheClassLacksArePassedOverWithOneWarning) {
  EXPECT_EQ(said_of({{"decay", 0.9}, {"note", "x"}}),
            "warning: unet/config.json: Net has no option 'decay', 'note': passed over, as in "
            "diffusers\n");
  EXPECT_EQ(said_of({{"_name_or_path", 1}, {"norm_eps", 1}}), "");
}

TEST(ConfigReader, ASlipOfThePenIsPointedOut) {
  for (const char* slip : {"norm_epz", "norm_ep", "nrm_eps", "norm__eps", "nomr_eps"}) {
    EXPECT_THAT(said_of({{slip, 1}}), HasSubstr("did you mean 'norm_eps' by")) << slip;
    EXPECT_THAT(said_of({{slip, 1}, {"norm_eps", 1}}), Not(HasSubstr("did you mean"))) << slip;
  }
  for (const char* other : {"eps", "norm", "form_epsilon", "groups"}) {
    EXPECT_THAT(said_of({{other, 1}}), Not(HasSubstr("did you mean"))) << other;
  }
}

TEST(ConfigReader, ActivationsAreKnownByName) {
  const auto read = [](ConfigReader& reader) { reader.activation("act_fn", "silu"); };
  EXPECT_EQ(message_of({{"act_fn", "swish"}}, read), "no error");
  EXPECT_EQ(message_of({{"act_fn", "sillu"}}, read),
            "unet/config.json: 'act_fn': 'sillu' is not known, did you mean 'silu'?");
}

TEST(ConfigReader, RefusesAnotherClassAndWhatIsNoObject) {
  const auto nothing = [](ConfigReader&) {};
  EXPECT_THAT(message_of({{"_class_name", "Other"}}, nothing),
              HasSubstr("'Other' is not supported"));
  EXPECT_THAT(message_of(json::array(), nothing), HasSubstr("must be a JSON object"));
}

}  // namespace
}  // namespace fdbench
