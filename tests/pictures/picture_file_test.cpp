#include "pictures/picture_file.h"

#include <gtest/gtest.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>

#include <fstream>
#include <vector>

#include "io/temporary_folder.h"
#include "pictures/png.h"

namespace fdbench {
namespace {

/// Two pixels, the second one with this alpha.
std::vector<std::uint8_t> pixels(std::uint8_t alpha) { return {1, 2, 3, 255, 4, 5, 6, alpha}; }

std::filesystem::path png_with(const TemporaryFolder& folder, std::uint8_t alpha) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.format = PNG_FORMAT_RGBA;
  image.width = 2;
  image.height = 1;
  const std::filesystem::path path = folder / "a.png";
  EXPECT_NE(png_image_write_to_file(&image, path.c_str(), 0, pixels(alpha).data(), 0, nullptr), 0);
  return path;
}

std::filesystem::path webp_with(const TemporaryFolder& folder, std::uint8_t alpha) {
  std::uint8_t* bytes = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(pixels(alpha).data(), 2, 1, 8, &bytes);
  std::ofstream(folder / "a.webp", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  WebPFree(bytes);
  return folder / "a.webp";
}

std::filesystem::path tiff_with(const TemporaryFolder& folder, std::uint8_t alpha) {
  const std::filesystem::path path = folder / "a.tiff";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  const std::uint16_t kind = EXTRASAMPLE_UNASSALPHA;
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 2);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 4);
  TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  std::vector<std::uint8_t> row = pixels(alpha);
  EXPECT_EQ(TIFFWriteScanline(tiff, row.data(), 0, 0), 1);
  TIFFClose(tiff);
  return path;
}

TEST(IsTransparent, LooksAtEveryPixelsAlpha) {
  const TemporaryFolder folder;
  for (const auto& write : {png_with, webp_with, tiff_with}) {
    EXPECT_FALSE(is_transparent(write(folder, 255))) << write(folder, 255);
    EXPECT_TRUE(is_transparent(write(folder, 254))) << write(folder, 254);
    EXPECT_TRUE(is_transparent(write(folder, 0)));
  }
}

TEST(IsTransparent, IsNeverAPictureWithoutAlpha) {
  const TemporaryFolder folder;
  save_png(folder / "a.png", at::zeros({2, 2, 3}, at::kByte));
  EXPECT_FALSE(is_transparent(folder / "a.png"));
}

}  // namespace
}  // namespace fdbench
