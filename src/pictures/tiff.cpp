#include "pictures/tiff.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "io/file_mapping.h"
#include "pictures/inks.h"

namespace fdbench {
namespace {

/// That libtiff may ask for at once.
constexpr tmsize_t kMostBytes = tmsize_t{1} << 30;
/// Of a tile, which may reach beyond the picture; no more than that or the picture itself.
constexpr tmsize_t kMostTileBytes = tmsize_t{1} << 26;
/// Colours of 8 bits.
constexpr int kPalette = 256;

/// What libtiff reads from, and where it leaves its first message.
struct Source {
  const FileMapping& file;
  std::uint64_t position = 0;
  char message[128] = "";
};

tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t count) {
  auto& source = *static_cast<Source*>(handle);
  const std::uint64_t left =
      source.file.size() - std::min<std::uint64_t>(source.position, source.file.size());
  const std::uint64_t taken = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(count));
  if (taken > 0) std::memcpy(target, source.file.data() + source.position, taken);
  source.position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int from) {
  auto& source = *static_cast<Source*>(handle);
  if (from == SEEK_CUR) offset += source.position;
  if (from == SEEK_END) offset += source.file.size();
  source.position = offset;
  return offset;
}

int close_nothing(thandle_t) { return 0; }

toff_t size_of(thandle_t handle) { return static_cast<Source*>(handle)->file.size(); }

int on_error(TIFF*, void* user, const char*, const char* format, va_list values) {
  auto& source = *static_cast<Source*>(user);
  if (source.message[0] == '\0') {
    std::vsnprintf(source.message, sizeof(source.message), format, values);
  }
  return 1;
}

int on_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using OpenTiff = std::unique_ptr<TIFF, Closer>;

OpenTiff open(Source& source, const Place& place) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
      TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostBytes);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &source);
  OpenTiff tiff(TIFFClientOpenExt(place.file.c_str(), "rm", &source, read_bytes, write_nothing,
                                  seek, close_nothing, size_of, nullptr, nullptr, options.get()));
  if (!tiff) throw runtime_error(place, std::string("damaged TIFF: ") + source.message);
  return tiff;
}

/// What the pixels of a file are.
struct Form {
  std::uint32_t height = 0, width = 0;
  std::uint16_t bits = 1, samples = 1, photometric = PHOTOMETRIC_MINISBLACK;
  /// Colours are stored times alpha.
  bool associated = false;
  /// The sample after the colours is alpha, of either kind.
  bool alpha = false;

  bool is_grey() const {
    return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  }
  /// Samples of a pixel that are not alpha.
  int colours() const {
    if (photometric == PHOTOMETRIC_SEPARATED) return 4;
    return photometric == PHOTOMETRIC_RGB || photometric == PHOTOMETRIC_YCBCR ? 3 : 1;
  }
  bool can_be_read() const {
    const bool known = is_grey() || photometric == PHOTOMETRIC_RGB ||
                       photometric == PHOTOMETRIC_PALETTE || photometric == PHOTOMETRIC_SEPARATED;
    if (!known || samples < colours() || samples > 8) return false;
    if (bits == 16) return photometric != PHOTOMETRIC_PALETTE && !associated;
    return bits == 8 || (bits == 1 && is_grey() && samples == 1);
  }
};

Form form_of(TIFF* tiff, const Place& place) {
  Form form;
  std::uint16_t planes = PLANARCONFIG_CONTIG, numbers = SAMPLEFORMAT_UINT, packing = 1, extra = 0,
                turned = ORIENTATION_TOPLEFT, *kinds = nullptr;
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &form.height);
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &form.width);
  check_picture_size(place, form.height, form.width);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &form.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &form.samples);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &form.photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planes);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &numbers);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &packing);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &turned);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
  form.associated = extra > 0 && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  form.alpha = form.associated || (extra > 0 && kinds[0] == EXTRASAMPLE_UNASSALPHA);
  if (packing == COMPRESSION_JPEG && form.photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    form.photometric = PHOTOMETRIC_RGB;
  }
  if (TIFFLastDirectory(tiff) == 0) throw animation_error(place, "a TIFF of several pages");
  const bool fits = form.can_be_read() && numbers == SAMPLEFORMAT_UINT &&
                    (planes == PLANARCONFIG_CONTIG || form.samples == 1) &&
                    turned == ORIENTATION_TOPLEFT;
  if (fits) return form;
  throw usage_error(place, "is a TIFF of " + std::to_string(form.samples) + " x " +
                               std::to_string(form.bits) + " bits, photometric " +
                               std::to_string(form.photometric) + ", planes " +
                               std::to_string(planes) + ", orientation " + std::to_string(turned) +
                               ", which is not read: save it as PNG with "
                               "PIL.Image.open(...).convert(\"RGB\").save(...)");
}

/// Whole rows as they are stored: [h, bytes of a row]; undefined where they cannot be read.
at::Tensor rows_of(TIFF* tiff, const Form& form, const Place& place) {
  const tmsize_t stride = TIFFScanlineSize(tiff);
  const std::int64_t height = form.height;
  if (stride <= 0) return {};
  at::Tensor rows = at::empty({height, stride}, at::kByte);
  auto* target = rows.mutable_data_ptr<std::uint8_t>();
  if (TIFFIsTiled(tiff) == 0) {
    for (std::uint32_t y = 0; y < form.height; ++y) {
      if (TIFFReadScanline(tiff, target + y * stride, y, 0) < 0) return {};
    }
    return rows;
  }
  std::uint32_t tile_width = 0, tile_height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  const tmsize_t tile_stride = TIFFTileRowSize(tiff), tile_bytes = TIFFTileSize(tiff);
  const tmsize_t most = std::max(kMostTileBytes, static_cast<tmsize_t>(rows.numel()));
  if (tile_bytes > most) {
    throw runtime_error(place, "damaged TIFF: its tiles are far larger than the picture");
  }
  if (tile_stride <= 0 || tile_bytes <= 0 || tile_width % 8 != 0) return {};
  std::vector<std::uint8_t> tile(static_cast<std::size_t>(tile_bytes));
  for (std::uint32_t y = 0; y < form.height; y += tile_height) {
    for (std::uint32_t x = 0; x < form.width; x += tile_width) {
      if (TIFFReadTile(tiff, tile.data(), x, y, 0, 0) < 0) return {};
      const tmsize_t left = static_cast<tmsize_t>(x / tile_width) * tile_stride;
      const auto taken = static_cast<std::size_t>(std::min(tile_stride, stride - left));
      for (std::uint32_t row = 0; row < std::min(tile_height, form.height - y); ++row) {
        std::memcpy(target + (y + row) * stride + left, tile.data() + row * tile_stride, taken);
      }
    }
  }
  return rows;
}

at::Tensor without_alpha(const at::Tensor& pixels, const Form& form) {
  const at::Tensor colours = pixels.narrow(2, 0, form.colours());
  if (!form.associated) return colours;
  const at::Tensor alpha = pixels.narrow(2, form.colours(), 1).to(at::kInt);
  const at::Tensor whole =
      at::floor_divide(colours.to(at::kInt) * 255, alpha.clamp_min(1)).clamp_max(255);
  return at::where(alpha.eq(0), colours.to(at::kInt), whole).to(at::kByte);
}

/// rows: [h, bytes] -> [h, w, colours] uint8.
at::Tensor samples_of(const at::Tensor& rows, const Form& form, const Place& place) {
  const std::int64_t height = form.height, width = form.width, samples = form.samples;
  if (form.bits == 1) {
    const at::Tensor shifts = at::arange(7, -1, -1, at::kByte);
    const at::Tensor bits = rows.unsqueeze(2).bitwise_right_shift(shifts).bitwise_and(1);
    return bits.reshape({height, -1, 1}).narrow(1, 0, width) * 255;
  }
  if (form.bits == 8) {
    return without_alpha(rows.narrow(1, 0, width * samples).reshape({height, width, samples}),
                         form);
  }
  const at::Tensor wide =
      rows.narrow(1, 0, 2 * width * samples).reshape({height, width, samples, 2});
  // Libtiff swapped if needed.
  const at::Tensor low = wide.select(3, 0), high = wide.select(3, 1);
  if (!form.is_grey()) return without_alpha(high, form);
  warn_of_wide_grey(place);
  return at::where(high.gt(0), at::full_like(low, 255), low).narrow(2, 0, 1);
}

at::Tensor coloured(TIFF* tiff, const at::Tensor& indices, const Place& place) {
  std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue) == 0) {
    throw runtime_error(place, "damaged TIFF: has no palette");
  }
  at::Tensor colours = at::empty({kPalette, 3}, at::kByte);
  auto* target = colours.mutable_data_ptr<std::uint8_t>();
  for (int i = 0; i < kPalette; ++i) {
    for (const std::uint16_t* colour : {red, green, blue}) {
      *target++ = static_cast<std::uint8_t>(colour[i] >> 8);
    }
  }
  return colours.index({indices.select(2, 0).to(at::kLong)});
}

/// Rows that are long enough.
at::Tensor checked_rows(TIFF* tiff, const Form& form, const Source& source, const Place& place) {
  const at::Tensor rows = rows_of(tiff, form, place);
  const std::int64_t wanted = (std::int64_t{form.width} * form.samples * form.bits + 7) / 8;
  if (rows.defined() && rows.size(1) >= wanted) return rows;
  throw runtime_error(place, std::string("damaged TIFF: ") + source.message);
}

}  // namespace

bool tiff_is_transparent(const std::filesystem::path& path) {
  const FileMapping file(path);
  const Place place{path.string()};
  Source source{file};
  const OpenTiff tiff = open(source, place);
  const Form form = form_of(tiff.get(), place);
  if (!form.alpha || form.samples <= form.colours()) return false;
  const at::Tensor rows = checked_rows(tiff.get(), form, source, place);
  const std::int64_t bytes = form.bits / 8, pixel = form.samples * bytes;
  const at::Tensor pixels =
      rows.narrow(1, 0, form.width * pixel).reshape({form.height, form.width, pixel});
  // Of 16 bits the higher 8: libtiff swapped if needed.
  return pixels.select(2, (form.colours() + 1) * bytes - 1).lt(255).any().item<bool>();
}

at::Tensor load_tiff(const std::filesystem::path& path) {
  const FileMapping file(path);
  const Place place{path.string()};
  Source source{file};
  const OpenTiff tiff = open(source, place);
  const Form form = form_of(tiff.get(), place);
  const at::Tensor rows = checked_rows(tiff.get(), form, source, place);
  at::Tensor values = samples_of(rows, form, place);
  if (form.photometric == PHOTOMETRIC_PALETTE) return coloured(tiff.get(), values, place);
  if (form.photometric == PHOTOMETRIC_SEPARATED) return rgb_of_inks(values);
  if (form.photometric == PHOTOMETRIC_MINISWHITE && form.bits != 16) values = 255 - values;
  return values.expand({-1, -1, 3}).contiguous();
}

PixelSize tiff_size(const std::filesystem::path& path) {
  const FileMapping file(path);
  const Place place{path.string()};
  Source source{file};
  const OpenTiff tiff = open(source, place);
  const Form form = form_of(tiff.get(), place);
  return {form.height, form.width};
}

}  // namespace fdbench
