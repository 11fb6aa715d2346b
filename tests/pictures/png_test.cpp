#include "pictures/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

/// Writes a picture of one row in another of libpng's formats.
std::filesystem::path write_row(const TemporaryFolder& folder, png_uint_32 format,
                                png_uint_32 width, const void* pixels,
                                const void* colormap = nullptr, png_uint_32 num_colors = 0) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.format = format;
  image.width = width;
  image.height = 1;
  image.colormap_entries = num_colors;
  const std::filesystem::path path = folder / "row.png";
  EXPECT_NE(png_image_write_to_file(&image, path.c_str(), 0, pixels, 0, colormap), 0)
      << image.message;
  return path;
}

std::vector<int> values(const at::Tensor& image) {
  const at::Tensor flat = image.flatten().to(at::kInt).contiguous();
  return {flat.data_ptr<int>(), flat.data_ptr<int>() + flat.numel()};
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Png, GivesBackWhatWasSaved) {
  const TemporaryFolder folder;
  const at::Tensor image = at::randint(0, 256, {5, 7, 3}, at::kByte);
  save_png(folder / "a.png", image);
  EXPECT_TRUE(at::equal(load_png(folder / "a.png"), image));
  save_png(folder / "a.png", image.transpose(0, 1));
  EXPECT_TRUE(at::equal(load_png(folder / "a.png"), image.transpose(0, 1)));
}

TEST(Png, ExpandsGreyPaletteAndAlpha) {
  const TemporaryFolder folder;
  const std::uint8_t grey[] = {7, 200};
  EXPECT_EQ(values(load_png(write_row(folder, PNG_FORMAT_GRAY, 2, grey))),
            (std::vector<int>{7, 7, 7, 200, 200, 200}));
  const std::uint8_t rgba[] = {1, 2, 3, 0, 4, 5, 6, 255};
  EXPECT_EQ(values(load_png(write_row(folder, PNG_FORMAT_RGBA, 2, rgba))),
            (std::vector<int>{1, 2, 3, 4, 5, 6}));
  const std::uint8_t indices[] = {1, 0}, colors[] = {9, 8, 7, 1, 2, 3};
  EXPECT_EQ(values(load_png(write_row(folder, PNG_FORMAT_RGB_COLORMAP, 2, indices, colors, 2))),
            (std::vector<int>{1, 2, 3, 9, 8, 7}));
  const std::uint16_t wide[] = {65535, 0};
  EXPECT_EQ(values(load_png(write_row(folder, PNG_FORMAT_LINEAR_Y, 2, wide))),
            (std::vector<int>{255, 255, 255, 0, 0, 0}));
}

TEST(Png, NamesDamage) {
  const TemporaryFolder folder;
  save_png(folder / "a.png", at::randint(0, 256, {40, 40, 3}, at::kByte));
  const std::string whole = bytes_of(folder / "a.png");
  EXPECT_THAT(message_of([&] { load_png(folder.write("b.png", "no picture")); }),
              HasSubstr("b.png: is no PNG file"));
  for (std::size_t size = 8; size < whole.size(); size += 97) {
    EXPECT_THAT(message_of([&] { load_png(folder.write("b.png", whole.substr(0, size))); }),
                HasSubstr("b.png: damaged PNG: "))
        << size;
  }
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 1;
  EXPECT_THAT(message_of([&] { load_png(folder.write("b.png", flipped)); }),
              HasSubstr("damaged PNG"));
}

TEST(Png, RefusesOtherTensors) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] {
                save_png(folder / "a.png", at::zeros({3, 4, 4}));
              }),
              HasSubstr("[height, width, 3]"));
  EXPECT_THAT(message_of([&] {
                save_png("/dev/full", at::zeros({4, 4, 3}, at::kByte));
              }),
              HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace fdbench
