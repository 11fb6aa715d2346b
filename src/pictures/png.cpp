#include "pictures/png.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "io/atomic_file.h"
#include "io/file_mapping.h"
#include "pictures/picture_size.h"

namespace fdbench {
namespace {

constexpr std::size_t kSignatureBytes = 8;

/// What libpng reads from, and where it leaves its message.
struct Source {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0, position = 0;
  char message[128] = "";
};

void on_error(png_structp png, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  std::strncpy(source->message, message, sizeof(source->message) - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep target, std::size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (count > source->size - source->position) png_error(png, "the file ends too early");
  std::memcpy(target, source->data + source->position, count);
  source->position += count;
}

bool is_wide_grey(png_structp png, png_infop info) {
  return png_get_bit_depth(png, info) == 16 && png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY;
}

/// Every kind of PNG becomes 8-bit RGB, but 16-bit grey, of which Pillow keeps all bits for a
/// while: its rows come as they are.
void ask_for_rgb(png_structp png, png_infop info) {
  png_set_interlace_handling(png);
  if (!is_wide_grey(png, info)) {
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
  }
  png_read_update_info(png, info);
}

/// 8-bit RGB and alpha, 255 where there is none.
void ask_for_alpha(png_structp png, png_infop info) {
  png_set_interlace_handling(png);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
  png_read_update_info(png, info);
}

/// What the rows of a picture are to be.
using Asking = void (*)(png_structp png, png_infop info);

/// False when libpng gives up, with its message in the source. longjmp skips destructors, so the
/// two functions around setjmp own nothing.
bool read_header(png_structp png, png_infop info, Source& source, Asking ask) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &source, read_bytes);
  png_read_info(png, info);
  ask(png, info);
  return true;
}

bool read_rows(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

/// libpng's two structures.
struct Reader {
  explicit Reader(Source& source)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning)),
        info(png == nullptr ? nullptr : png_create_info_struct(png)) {
    if (info == nullptr) throw std::bad_alloc();
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  png_structp png;
  png_infop info;
};

/// Bytes of 16-bit grey [h, w, 2], the higher first -> [h, w, 3]. Pillow's convert("RGB") does not
/// scale such values, it cuts them off.
at::Tensor cut_off(const at::Tensor& rows) {
  const at::Tensor high = rows.select(2, 0), low = rows.select(2, 1);
  const at::Tensor grey = at::where(high.gt(0), at::full_like(low, 255), low);
  return grey.unsqueeze(2).expand({-1, -1, 3}).contiguous();
}

/// An animation says so in a chunk ahead of the first picture.
bool is_animated(const FileMapping& file) {
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  const std::size_t control = bytes.find("acTL");
  return control != std::string_view::npos && control < bytes.find("IDAT");
}

/// The rows as `ask` wants them; with `size` the picture's size alone, and no rows.
at::Tensor read_png(const std::filesystem::path& path, Asking ask, PixelSize* size) {
  const FileMapping file(path);
  const Place place{path.string()};
  if (file.size() < kSignatureBytes || png_sig_cmp(file.data(), 0, kSignatureBytes) != 0) {
    throw runtime_error(place, "is no PNG file");
  }
  if (is_animated(file)) throw animation_error(place, "an animated PNG");
  Source source{file.data(), file.size()};
  const Reader reader(source);
  const auto damaged = [&] {
    return runtime_error(place, std::string("damaged PNG: ") + source.message);
  };
  if (!read_header(reader.png, reader.info, source, ask)) throw damaged();
  const std::int64_t height = png_get_image_height(reader.png, reader.info);
  const std::int64_t width = png_get_image_width(reader.png, reader.info);
  check_picture_size(place, height, width);
  if (size != nullptr) {
    *size = {height, width};
    return {};
  }
  const auto bytes = static_cast<std::int64_t>(png_get_rowbytes(reader.png, reader.info)) / width;
  at::Tensor image = at::empty({height, width, bytes}, at::kByte);
  std::vector<png_bytep> rows;
  for (std::int64_t y = 0; y < height; ++y) {
    rows.push_back(image.data_ptr<std::uint8_t>() + y * image.stride(0));
  }
  if (!read_rows(reader.png, rows.data())) throw damaged();
  return image;
}

}  // namespace

void save_png(const std::filesystem::path& path, const at::Tensor& image) {
  if (image.dim() != 3 || image.size(2) != 3 || image.scalar_type() != at::kByte ||
      image.numel() == 0) {
    throw runtime_error({path.string()}, "a picture to save must be [height, width, 3] of uint8");
  }
  const at::Tensor pixels = image.cpu().contiguous();
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.format = PNG_FORMAT_RGB;
  header.height = static_cast<png_uint_32>(pixels.size(0));
  header.width = static_cast<png_uint_32>(pixels.size(1));
  std::vector<std::uint8_t> bytes(PNG_IMAGE_PNG_SIZE_MAX(header));
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0, pixels.data_ptr(), 0, nullptr) ==
      0) {
    throw runtime_error({path.string()},
                        std::string("cannot encode the picture: ") + header.message);
  }
  AtomicFile file(path);
  file.write(bytes.data(), size);
  file.commit();
}

at::Tensor load_png(const std::filesystem::path& path) {
  const at::Tensor image = read_png(path, ask_for_rgb, nullptr);
  if (image.size(2) == 3) return image;
  warn_of_wide_grey({path.string()});
  return cut_off(image);
}

bool png_is_transparent(const std::filesystem::path& path) {
  return read_png(path, ask_for_alpha, nullptr).select(2, 3).lt(255).any().item<bool>();
}

PixelSize png_size(const std::filesystem::path& path) {
  PixelSize size;
  read_png(path, ask_for_rgb, &size);
  return size;
}

}  // namespace fdbench
