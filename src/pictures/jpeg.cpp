#include "pictures/jpeg.h"

#include <csetjmp>
#include <cstdio>
#include <string>
// libjpeg's header needs <cstdio> before it.
#include <jpeglib.h>
// And this one needs libjpeg's.
#include <jerror.h>

#include "core/error.h"
#include "io/file_mapping.h"
#include "pictures/inks.h"
#include "pictures/picture_size.h"

namespace fdbench {
namespace {

/// Channels of CMYK and YCCK.
constexpr int kInks = 4;
/// Progressive files have about ten; each costs a whole pass.
constexpr int kMostScans = 64;

/// libjpeg's state, where it jumps to when it gives up, and its message.
struct Reader {
  jpeg_decompress_struct state{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX] = "";

  Reader() {
    state.err = jpeg_std_error(&errors);
    state.client_data = this;
    errors.error_exit = [](j_common_ptr common) {
      auto* reader = static_cast<Reader*>(common->client_data);
      common->err->format_message(common, reader->message);
      std::longjmp(reader->back, 1);
    };
    errors.emit_message = [](j_common_ptr common, int level) {
      const bool is_harmless = level >= 0 || common->err->msg_code == JWRN_EXTRANEOUS_DATA;
      if (is_harmless) return;
      auto* reader = static_cast<Reader*>(common->client_data);
      if (common->err->num_warnings++ == 0) common->err->format_message(common, reader->message);
    };
    progress.progress_monitor = [](j_common_ptr common) {
      const auto* state = reinterpret_cast<j_decompress_ptr>(common);
      if (state->input_scan_number <= kMostScans) return;
      auto* reader = static_cast<Reader*>(common->client_data);
      std::snprintf(reader->message, sizeof(reader->message), "more than %d scans", kMostScans);
      std::longjmp(reader->back, 1);
    };
    jpeg_create_decompress(&state);
    state.progress = &progress;
  }
  ~Reader() { jpeg_destroy_decompress(&state); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

/// False when libjpeg gives up. longjmp skips destructors, so the two functions around setjmp own
/// nothing.
bool read_header(Reader& reader, const FileMapping& file) {
  if (setjmp(reader.back) != 0) return false;
  jpeg_mem_src(&reader.state, file.data(), file.size());
  jpeg_read_header(&reader.state, TRUE);
  return true;
}

/// pixels: [h, w, c] of the header's size, where c is 3, or 4 inks of a file in four.
bool read_rows(Reader& reader, std::uint8_t* pixels) {
  if (setjmp(reader.back) != 0) return false;
  const bool inks = reader.state.num_components == kInks;
  reader.state.out_color_space = inks ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&reader.state);
  const std::size_t stride = std::size_t{inks ? 4U : 3U} * reader.state.output_width;
  while (reader.state.output_scanline < reader.state.output_height) {
    JSAMPROW row = pixels + reader.state.output_scanline * stride;
    jpeg_read_scanlines(&reader.state, &row, 1);
  }
  jpeg_finish_decompress(&reader.state);
  return true;
}

/// The picture; with `size` its size alone, and no picture.
at::Tensor read_jpeg(const std::filesystem::path& path, PixelSize* size) {
  const FileMapping file(path);
  const Place place{path.string()};
  if (file.size() < 3 || file.data()[0] != 0xFF || file.data()[1] != 0xD8) {
    throw runtime_error(place, "is no JPEG file");
  }
  Reader reader;
  const auto damaged = [&] {
    return runtime_error(place, std::string("damaged JPEG: ") + reader.message);
  };
  if (!read_header(reader, file)) throw damaged();
  const jpeg_decompress_struct& state = reader.state;
  check_picture_size(place, state.image_height, state.image_width);
  const int channels = state.num_components;
  if (channels != 1 && channels != 3 && channels != kInks) {
    throw runtime_error(place, "is a JPEG of " + std::to_string(channels) +
                                   " channels; grey, colour and CMYK can be read");
  }
  const std::int64_t height = state.image_height, width = state.image_width;
  if (size != nullptr) {
    *size = {height, width};
    return {};
  }
  at::Tensor image = at::empty({height, width, channels == kInks ? kInks : 3}, at::kByte);
  if (!read_rows(reader, image.mutable_data_ptr<std::uint8_t>())) throw damaged();
  // Parts of it were painted grey.
  if (reader.errors.num_warnings > 0) throw damaged();
  // Adobe's programs store inks inverted, and Pillow takes it that all do.
  return channels == kInks ? rgb_of_inks(255 - image) : image;
}

}  // namespace

at::Tensor load_jpeg(const std::filesystem::path& path) { return read_jpeg(path, nullptr); }

PixelSize jpeg_size(const std::filesystem::path& path) {
  PixelSize size;
  read_jpeg(path, &size);
  return size;
}

}  // namespace fdbench
